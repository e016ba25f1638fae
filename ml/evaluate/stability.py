"""Has the population moved: population stability index of scores and of features.

``PSI = sum over bins of (actual - expected) * ln(actual / expected)``, bins of equal counts of the expected sample,
missing values in a bin of their own. Usual reading: below 0.1 stable, below 0.25 watch, else shifted (Siddiqi 2006).
Two samples of one population give about ``(bins - 1) * (1/n + 1/m)`` by chance (Yurdakul 2018), stated beside it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.evaluate.resampling import Floats, Integers

STABLE_BELOW, WATCH_BELOW = 0.1, 0.25
# Of a value: sums in another order differ by less, and are no other value.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Psi:
    """A stability index, its reading, and what chance alone would give.

    Attributes
    ----------
    value : float
    by_chance : float
        Expected value for two samples of these sizes of one population.
    bins : int
        Bins used, that of missing values included.
    """

    value: float
    by_chance: float
    bins: int

    @property
    def reading(self) -> str:
        """``stable``, ``watch`` or ``shifted``."""
        if self.value < STABLE_BELOW:
            return "stable"
        return "watch" if self.value < WATCH_BELOW else "shifted"


def population_stability(expected: ArrayLike, actual: ArrayLike, *, bins: int = 10) -> Psi:
    """Stability index of one quantity.

    Parameters
    ----------
    expected, actual : array_like of shapes (n,) and (m,)
        Training and later values; NaN is missing.
    bins : int
        Bins of the values that are there, fewer where many are equal.

    Raises
    ------
    ValueError
        If a sample is empty.

    Notes
    -----
    Half a row is added to each bin of each sample, so that an empty bin gives a large number, not an infinite one.
    """
    before, after = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    if len(before) == 0 or len(after) == 0:
        raise ValueError(f"stability compares two samples; found {len(before)} and {len(after)} values")
    edges = bin_edges(before, bins)
    return stability_of_counts(
        bin_counts(before, edges), bin_counts(after, edges), n_expected=len(before), n_actual=len(after)
    )


def stability_of_counts(expected: ArrayLike, actual: ArrayLike, *, n_expected: float, n_actual: float) -> Psi:
    """Stability index of two samples that were counted into the same bins.

    Parameters
    ----------
    expected, actual : array_like of shape (bins,)
        Rows a bin; bins that are empty in both are left out.
    n_expected, n_actual : float
        Independent rows behind the counts: people, where rows of one person tell the same.

    Returns
    -------
    Psi
    """
    counts = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    used = (counts[0] + counts[1]) > 0
    first, second = ((one[used] + 0.5) / (one[used].sum() + 0.5 * used.sum()) for one in counts)
    value = float(((second - first) * np.log(second / first)).sum())
    n_used = int(used.sum())
    return Psi(value, (n_used - 1) * (1 / n_expected + 1 / n_actual), n_used)


def feature_stability(expected: pd.DataFrame, actual: pd.DataFrame, *, bins: int = 10) -> pd.DataFrame:
    """Stability of each column of ``expected``: ``feature, psi, by_chance, reading``, the most shifted first.

    Raises
    ------
    ValueError
        If ``actual`` lacks a column.
    """
    if missing := [name for name in expected.columns if name not in actual.columns]:
        raise ValueError(f"the later sample lacks the features {missing[:5]}; expected the columns of the earlier one")
    found = [
        (str(name), population_stability(expected[name].to_numpy(float), actual[name].to_numpy(float), bins=bins))
        for name in expected.columns
    ]
    table = pd.DataFrame(
        {
            "feature": [name for name, _ in found],
            "psi": [psi.value for _, psi in found],
            "by_chance": [psi.by_chance for _, psi in found],
            "reading": [psi.reading for _, psi in found],
        }
    )
    return table.sort_values(["psi", "feature"], ascending=[False, True], ignore_index=True)


def bin_edges(values: ArrayLike, bins: int = 10) -> Floats:
    """Upper bounds of all bins but the last; a value lies in the first bin whose bound is not below it.

    Quantiles that are data points. A value that fills a whole bin's share by itself, such as 0 or a flag that nearly
    everybody has, gets a bin of its own, bounded on both sides: whatever lies beside it later is seen, also where
    training had nothing there.
    """
    given = np.asarray(values, dtype=float)
    known = given[~np.isnan(given)]
    if len(known) == 0:
        return np.empty(0)
    edges = np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    found, counts = np.unique(known, return_counts=True)
    is_heavy = (counts * bins >= len(known)) & np.isfinite(found)
    heavy, halves = found[is_heavy], np.diff(found, prepend=-np.inf, append=np.inf) / 2
    near = np.minimum(ROUNDING * np.maximum(np.abs(heavy), 1), np.minimum(halves[:-1], halves[1:])[is_heavy])
    # Their bounds take the place of the quantile that they are: no bin for rounding errors between the two.
    edges = edges[(edges < known.max()) & ~np.isin(edges, heavy)]
    return np.unique(np.concatenate([edges, heavy - near, heavy + near]))


def bin_codes(values: ArrayLike, edges: Floats) -> Integers:
    """Bin of each value, from 0; a missing one lies in the last of ``len(edges) + 2`` bins."""
    given = np.asarray(values, dtype=float)
    at = np.searchsorted(edges, given, side="left")
    at[np.isnan(given)] = len(edges) + 1
    return at


def bin_counts(values: ArrayLike, edges: Floats) -> Floats:
    """Values a bin, that of the missing ones last; shape (len(edges) + 2,)."""
    return np.bincount(bin_codes(values, edges), minlength=len(edges) + 2).astype(float)
