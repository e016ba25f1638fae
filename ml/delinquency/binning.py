"""Bins of a number for a scorecard: few, wide enough, and different from their neighbours.

Fine bins by quantile are merged, the least different neighbours first, until telling any two apart is worth it.
Where the direction is known, neighbours that contradict it are merged too; else a turn stays only where the data
insist on it, so bins are monotone unless that would be wrong.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Turning round costs this many times what telling two bins apart on the way does.
_TURN_COSTS = 3.0
_FINE_BINS = 32


def bin_edges(values: Floats, y: Floats, *, max_bins: int, min_share: float, min_gain: float, sign: int = 0) -> Floats:
    """Inner edges of the bins of ``values`` (n,), none of them missing; bin b holds edge[b-1] <= value < edge[b].

    Parameters
    ----------
    values, y : ndarray of shape (n,)
        Numbers, and 0 or 1 for each.
    max_bins, min_share, min_gain
        See ``ScorecardSettings``.
    sign : int
        1: the bad rate rises with the value; -1: it falls; 0: not known.

    Returns
    -------
    ndarray of shape (bins - 1,)
        Empty where nothing tells the values apart.
    """
    if len(values) == 0:
        return np.empty(0)
    distinct = np.unique(np.quantile(values, np.linspace(0, 1, _FINE_BINS + 1), method="lower"))
    edges = distinct[1:]
    at = np.searchsorted(edges, values, side="right")
    rows = np.bincount(at, minlength=len(edges) + 1).astype(float)
    bad = np.bincount(at, y, minlength=len(edges) + 1)
    starts, rows, bad = list(edges), rows.tolist(), bad.tolist()
    least = max(1.0, min_share * len(values))
    while starts:
        gains = _gains(np.array(rows), np.array(bad), sign, least)
        weakest = int(np.argmin(gains))
        if gains[weakest] >= min_gain and len(rows) <= max_bins:
            break
        rows[weakest : weakest + 2] = [rows[weakest] + rows[weakest + 1]]
        bad[weakest : weakest + 2] = [bad[weakest] + bad[weakest + 1]]
        del starts[weakest]
    return np.array(starts, dtype=float)


def _gains(rows: Floats, bad: Floats, sign: int, least: float) -> Floats:
    """What telling each pair of neighbours apart is worth: twice the gain in log-likelihood, less what speaks
    against it."""
    apart = _likelihood(rows, bad)
    together = _likelihood(rows[:-1] + rows[1:], bad[:-1] + bad[1:])
    gains = 2 * (apart[:-1] + apart[1:] - together)
    steps = np.sign(bad[1:] / rows[1:] - bad[:-1] / rows[:-1])
    if sign:
        gains[steps * sign < 0] = -1.0
    else:
        turning = np.zeros(len(gains), dtype=bool)
        turning[1:] = steps[1:] * steps[:-1] < 0
        turning[:-1] |= steps[1:] * steps[:-1] < 0
        gains = np.where(turning, gains / _TURN_COSTS, gains)
    # A bin that is too small goes first, to the neighbour it resembles more.
    small = np.minimum(rows[:-1], rows[1:]) < least
    return np.where(small, gains - 1e9, gains)


def _likelihood(rows: Floats, bad: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = bad / rows
        parts = np.where(bad > 0, bad * np.log(rate), 0.0) + np.where(bad < rows, (rows - bad) * np.log1p(-rate), 0.0)
    return np.asarray(parts)
