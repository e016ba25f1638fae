"""What a queue of the riskiest gets: lift and capture by decile, recall and precision at a share flagged.

Rows of equal score share a place: each counts with the mean outcome of its score, so that no figure depends on which
row came first.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.evaluate.discrimination import check_outcome
from ml.evaluate.resampling import Floats


def decile_table(target: ArrayLike, score: ArrayLike, *, parts: int = 10) -> pd.DataFrame:
    """Lift and capture by decile, the riskiest first.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    score : array_like of shape (n,)
        Higher means riskier.
    parts : int
        Number of parts of equal size; 10 makes deciles.

    Returns
    -------
    pandas.DataFrame
        ``decile, n, n_bad, bad_rate, lift, capture, cumulative_lift``: ``lift`` is the decile's bad rate by the
        overall one, ``capture`` the share of all bads in this and the riskier deciles. ``n_bad`` is a fraction where
        equal scores reach over a border.
    """
    y, repeats = check_outcome(target, score)
    caught = _caught(y, repeats.mean(axis=0))
    borders = np.round(np.linspace(0, len(y), parts + 1)).astype(int)
    n, found = np.diff(borders), np.diff(caught[borders])
    keep = n > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        table = pd.DataFrame(
            {
                "decile": np.arange(1, parts + 1),
                "n": n,
                "n_bad": found,
                "bad_rate": found / n,
                "lift": found / n / y.mean(),
                "capture": caught[borders[1:]] / y.sum(),
                "cumulative_lift": caught[borders[1:]] / borders[1:] / y.mean(),
            }
        )
    return table[keep].reset_index(drop=True)


def flagged_table(target: ArrayLike, score: ArrayLike, shares: Sequence[float] = (0.05, 0.10)) -> pd.DataFrame:
    """Recall and precision where the riskiest ``shares`` of rows are flagged: ``share, flagged, recall, precision``.

    Raises
    ------
    ValueError
        If a share is not above 0 and at most 1.
    """
    y, repeats = check_outcome(target, score)
    if wrong := [share for share in shares if not 0 < share <= 1]:
        raise ValueError(f"shares {wrong} can't be flagged; expected above 0 and at most 1")
    caught = _caught(y, repeats.mean(axis=0))
    flagged = np.maximum(1, np.round(np.asarray(shares) * len(y)).astype(int))
    return pd.DataFrame(
        {
            "share": list(shares),
            "flagged": flagged,
            "recall": caught[flagged] / y.sum(),
            "precision": caught[flagged] / flagged,
        }
    )


def _caught(y: Floats, score: Floats) -> Floats:
    """Bads among the first 0, 1, ..., n rows in falling order of the score; shape (n + 1,)."""
    values, place = np.unique(-score, return_inverse=True)
    mean = np.bincount(place, weights=y, minlength=len(values)) / np.bincount(place, minlength=len(values))
    return np.concatenate([[0.0], np.cumsum(mean[np.sort(place)])])
