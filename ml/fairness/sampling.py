"""A random sample of declines for people to look at: without it no decline is ever found to be wrong."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def random_review_sample(
    ids: Sequence[object] | pd.Series, declined: ArrayLike, *, share: float = 0.05, least: int = 1, seed: int = 0
) -> NDArray[np.bool_]:
    """Which declines a person reviews without being told the score.

    Parameters
    ----------
    ids : sequence of length n
        Of the applications, none twice; they and the seed decide, so the order of the rows does not.
    declined : array_like of bool, shape (n,)
        Which applications were declined.
    share : float
        Of the declines, rounded up.
    least : int
        Declines at least, where there are so many.
    seed : int
        Another seed draws another sample. Keep it secret from those who might choose an id.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        If lengths differ, an id stands twice, or the share is not within 0 and 1.
    """
    out = np.asarray(declined, dtype=bool)
    keys = [str(value) for value in ids]
    if len(keys) != len(out):
        raise ValueError(f"{len(keys)} ids for {len(out)} decisions; expected one each")
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}; expected 0 to 1")
    if len(set(keys)) != len(keys):
        raise ValueError(f"{len(keys) - len(set(keys))} ids stand twice; expected each once")
    rows = np.flatnonzero(out)
    wanted = min(len(rows), max(least, math.ceil(share * len(rows))))
    drawn = [hashlib.sha256(f"{seed}:{keys[row]}".encode()).hexdigest() for row in rows]
    chosen = np.zeros(len(out), dtype=bool)
    chosen[rows[np.argsort(np.array(drawn), kind="stable")[:wanted]]] = True
    return chosen
