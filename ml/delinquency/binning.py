"""Bins of a number for a scorecard: few, wide enough, and different from their neighbours.

Fine bins by quantile are merged, the least different neighbours first, until telling any two apart is worth it.
Where the direction is known, neighbours that contradict it are merged too; else a turn stays only where the data
insist on it, so bins are monotone unless that would be wrong.
"""

import math

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
    least = max(1.0, min_share * len(values))
    bins = _Bins(edges.tolist(), rows.tolist(), bad.tolist(), sign, least)
    while bins.starts:
        weakest = min(range(len(bins.gains)), key=bins.gains.__getitem__)
        if bins.gains[weakest] >= min_gain and len(bins.rows) <= max_bins:
            break
        bins.merge(weakest)
    return np.array(bins.starts, dtype=float)


class _Bins:
    """Bins in their order, with what telling each pair of neighbours apart is worth: twice the gain in log-likelihood,
    less what speaks against it.

    Lists of plain numbers, because a merge changes a handful of them: arrays as short as these cost ten times as much.
    """

    def __init__(self, starts: list[float], rows: list[float], bad: list[float], sign: int, least: float) -> None:
        self.starts, self.rows, self.bad = starts, rows, bad
        self.sign, self.least = sign, least
        self.apart = [_likelihood(r, b) for r, b in zip(rows, bad, strict=True)]
        self.steps = [self._step(at) for at in range(len(starts))]
        self.gains = [self._gain(at) for at in range(len(starts))]

    def merge(self, at: int) -> None:
        """Make one bin of ``at`` and its right neighbour."""
        self.rows[at : at + 2] = [self.rows[at] + self.rows[at + 1]]
        self.bad[at : at + 2] = [self.bad[at] + self.bad[at + 1]]
        self.apart[at : at + 2] = [_likelihood(self.rows[at], self.bad[at])]
        del self.starts[at], self.steps[at], self.gains[at]
        pairs = len(self.starts)
        for pair in range(max(0, at - 1), min(pairs, at + 1)):
            self.steps[pair] = self._step(pair)
        # A turn is seen from the pair before and the pair after it.
        for pair in range(max(0, at - 2), min(pairs, at + 2)):
            self.gains[pair] = self._gain(pair)

    def _step(self, pair: int) -> int:
        """1 where the bad rate rises from the pair's first bin to its second, -1 where it falls."""
        before, after = self.bad[pair] / self.rows[pair], self.bad[pair + 1] / self.rows[pair + 1]
        return (after > before) - (after < before)

    def _gain(self, pair: int) -> float:
        rows, more = self.rows[pair], self.rows[pair + 1]
        together = _likelihood(rows + more, self.bad[pair] + self.bad[pair + 1])
        gain = 2 * (self.apart[pair] + self.apart[pair + 1] - together)
        step = self.steps[pair]
        if self.sign:
            if step * self.sign < 0:
                gain = -1.0
        elif any(0 <= other < len(self.steps) and self.steps[other] * step < 0 for other in (pair - 1, pair + 1)):
            gain /= _TURN_COSTS
        # A bin that is too small goes first, to the neighbour it resembles more.
        return gain - 1e9 if min(rows, more) < self.least else gain


def _likelihood(rows: float, bad: float) -> float:
    """Log-likelihood of so many bad rows at their own rate."""
    good = rows - bad
    return (bad * math.log(bad / rows) if bad > 0 else 0.0) + (good * math.log1p(-bad / rows) if good > 0 else 0.0)
