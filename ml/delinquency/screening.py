"""A look at features before learning: what nothing can be learnt from, and what looks like the answer itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError
from ml.explain.catalogue import entries_of, entry_field, expected_signs

Floats = NDArray[np.float64]

# A single feature that ranks better than this knew the outcome, more likely than not. 0.98 (2026-11-28): the best
# single feature of the public credit tables stays below 0.80.
LEAK_AUC = 0.98
# Fewer of the rarer outcome than this: the AUC's interval is wider than 0.15 (2026-11-28).
FEW_OUTCOMES = 30
# Statistics of which more is plainly more: the mean, the greatest and the last value of a signal keep its direction.
# A deviation, the least value or a trend need not.
RAW_DIRECTION = (None, "mean", "max", "last")


def check_that_something_varies(X: Floats, names: Sequence[str]) -> None:
    """Refuse a table of constants.

    Raises
    ------
    FeatureError
        If every feature is constant or wholly missing.
    """
    known = ~np.isnan(X)
    low = np.where(known, X, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, X, -np.inf).max(axis=0, initial=-np.inf)
    gaps = known.any(axis=0) & ~known.all(axis=0)
    if not ((low < high) | gaps).any():
        raise FeatureError(f"none of the {len(names)} features varies: each is constant or wholly missing")


def monotone_signs(catalogue: Any, names: Sequence[str]) -> dict[str, int]:
    """Direction of each feature that a catalogue gives and that its statistic keeps; else 0."""
    entries = entries_of(catalogue)
    signs = expected_signs(catalogue, names)
    return {
        name: sign if entry_field(entries.get(name), "statistic") in RAW_DIRECTION else 0
        for name, sign in signs.items()
    }


def single_feature_auc(X: Floats, y: Floats, levels: Sequence[int]) -> Floats:
    """AUC of each feature by itself in its better direction, or of its gaps, shape (k,); 0.5 where it says nothing."""
    from scipy.stats import rankdata

    found = np.full(X.shape[1], 0.5)
    for at in range(X.shape[1]):
        missing = np.isnan(X[:, at])
        for values, rows in ((missing.astype(float), slice(None)), (X[:, at][~missing], ~missing)):
            outcome = y[rows]
            bad, good = outcome.sum(), len(outcome) - outcome.sum()
            if bad < 10 or good < 10:
                continue
            if levels[at] and values.dtype == float and not isinstance(rows, slice):
                rate = np.bincount(values.astype(int), outcome) / np.maximum(np.bincount(values.astype(int)), 1)
                values = rate[values.astype(int)]
            ranked = (rankdata(values)[outcome == 1].sum() - bad * (bad + 1) / 2) / (bad * good)
            found[at] = max(found[at], ranked, 1 - ranked)
    return found


def leak_warnings(X: Floats, y: Floats, names: Sequence[str], levels: Sequence[int]) -> list[str]:
    """A sentence for each feature that ranks the outcome almost perfectly by itself."""
    auc = single_feature_auc(X, y, levels)
    return [
        f"feature {names[at]} alone reaches AUC {auc[at]:.3f} (above {LEAK_AUC}): it may hold the outcome itself; "
        "check when it becomes known"
        for at in np.flatnonzero(auc > LEAK_AUC).tolist()
    ]


def rarity_warnings(n: int, n_bad: int) -> list[str]:
    """A sentence where so few of an outcome are known that the figures say little."""
    rarer = min(n_bad, n - n_bad)
    if rarer >= FEW_OUTCOMES:
        return []
    return [
        f"only {rarer} of {n} rows have the rarer outcome: what can be learnt is little, the intervals are wide, and "
        "another sample could give another model"
    ]
