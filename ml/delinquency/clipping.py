"""Clipping at a high quantile of the training rows, where the tail says nothing of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A tail whose bad rate differs from that of the shoulder below it by more standard errors than this is
# information (a code such as 98, or the few in real trouble) and stays.
_TAIL_IS_SPECIAL = 2.5
_SHOULDER = 0.9


def clip_at(X: Floats, y: Floats, quantile: float, levels: Sequence[int] = ()) -> Floats:
    """Greatest value that each feature of ``X`` (n, k) counts with; infinite where it is left whole.

    Left whole: features with levels, features whose quantile is their median too (a rare event would be wiped
    out), and features whose tail above the quantile has another bad rate than the shoulder below it.
    """
    caps = np.full(X.shape[1], np.inf)
    for at in range(X.shape[1]):
        known = ~np.isnan(X[:, at])
        if (levels and levels[at]) or known.sum() < 100:
            continue
        values, outcomes = X[known, at], y[known]
        middle, shoulder, high = np.quantile(values, [0.5, _SHOULDER, quantile])
        tail = values > high
        if high > middle and tail.any() and not _differs(outcomes[tail], outcomes[(values >= shoulder) & ~tail]):
            caps[at] = high
    return caps


def _differs(tail: Floats, shoulder: Floats) -> bool:
    if len(shoulder) == 0:
        return True
    rate = (tail.sum() + shoulder.sum()) / (len(tail) + len(shoulder))
    error = np.sqrt(rate * (1 - rate) * (1 / len(tail) + 1 / len(shoulder)))
    return bool(abs(tail.mean() - shoulder.mean()) > _TAIL_IS_SPECIAL * error) if error > 0 else False
