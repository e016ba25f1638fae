"""How good a model is likely to be before outcomes are there, from its calibrated probabilities; and how good it was.

Confidence-based performance estimation: a calibrated p says that a row is bad with probability p, so that a row flagged
from a threshold on is expected to be p of a hit and 1 - p of a false alarm. Then

- true positives ``sum of p where flagged``, false positives ``sum of (1 - p) where flagged``, and the other two alike,
- Brier score ``mean of p * (1 - p)``,
- AUC ``sum over i != j of p_i * (1 - p_j) * [p_i > p_j, half where equal]`` over ``sum over i != j of p_i * (1 -
p_j)``.

It holds as long as calibration does: a change of what leads to the outcome (concept drift) shows only in the outcomes.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def expected_performance(probability: ArrayLike, *, threshold: float | None = None) -> dict[str, float]:
    """Expected figures of calibrated probabilities.

    Parameters
    ----------
    probability : array_like of shape (n,)
        Calibrated, 0 to 1; no missing values.
    threshold : float, optional
        From which on a row is flagged; without it there is no confusion.

    Returns
    -------
    dict of str to float
        ``bad_rate``, ``brier``, ``auc`` (absent where every probability is 0, or every one 1, or there are fewer than
        two rows), and with a threshold ``true_positive_rate``, ``false_positive_rate``, ``precision``,
        ``flagged_share`` (those that are defined).

    Raises
    ------
    ValueError
        If there is no row, or a probability is missing or outside 0 to 1.
    """
    p = np.sort(np.asarray(probability, dtype=float))
    if len(p) == 0:
        raise ValueError("expected performance needs probabilities; found none")
    if np.isnan(p).any() or p[0] < 0 or p[-1] > 1:
        raise ValueError("probabilities must lie in 0 to 1 and none be missing")
    found = {"bad_rate": float(p.mean()), "brier": float((p * (1 - p)).mean())}
    pairs = p.sum() * (1 - p).sum() - (p * (1 - p)).sum()
    if len(p) > 1 and pairs > 0:
        # Sorted: of each value, the good weight strictly below it, and that of its equals, itself left out.
        _, start, size = np.unique(p, return_index=True, return_counts=True)
        below = np.concatenate([[0.0], np.cumsum(1 - p)])[start]
        bad, good = p[start], 1 - p[start]
        right = (bad * size * below).sum() + 0.5 * (bad * good * size * (size - 1)).sum()
        found["auc"] = float(right / pairs)
    if threshold is not None:
        flagged = p >= threshold
        hits, alarms = float(p[flagged].sum()), float((1 - p[flagged]).sum())
        found["flagged_share"] = float(flagged.mean())
        for name, part, whole in (
            ("true_positive_rate", hits, float(p.sum())),
            ("false_positive_rate", alarms, float((1 - p).sum())),
            ("precision", hits, hits + alarms),
        ):
            if whole > 0:
                found[name] = part / whole
    return found


def realised_performance(outcome: ArrayLike, probability: ArrayLike) -> pd.DataFrame:
    """Figures of matured outcomes beside what the probabilities said of them.

    Parameters
    ----------
    outcome : array_like of shape (n,)
        1 or True for bad.
    probability : array_like of shape (n,)
        What was said of them.

    Returns
    -------
    pandas.DataFrame
        ``measure`` (auc_realised, brier_realised, bad_rate_realised), ``value``, ``reference_value`` (as estimated),
        ``level``: ``warn`` where the AUC's 95 % interval lies below the estimate, or the bad rate lies more than three
        standard deviations above the expected one. No AUC where all outcomes are alike.
    """
    from ml.evaluate.discrimination import auc

    y, p = np.asarray(outcome, dtype=float), np.asarray(probability, dtype=float)
    said = expected_performance(p)
    deviation = float(np.sqrt((p * (1 - p)).sum())) / len(p)
    rows: list[dict[str, Any]] = [
        _said("brier_realised", float(((p - y) ** 2).mean()), said["brier"], False),
        _said("bad_rate_realised", float(y.mean()), said["bad_rate"], y.mean() > said["bad_rate"] + 3 * deviation),
    ]
    if 0 < y.sum() < len(y) and "auc" in said:
        truth = auc(y, p)
        rows.append(_said("auc_realised", truth.value, said["auc"], truth.high < said["auc"]))
    return pd.DataFrame(rows)


def _said(measure: str, value: float, estimate: float, is_worse: bool) -> dict[str, Any]:
    level = "warn" if is_worse else "ok"
    return {"measure": measure, "value": value, "reference_value": estimate, "level": level}
