"""A look at features before learning: what nothing can be learnt from, and what looks like the answer itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError
from ml.explain.catalogue import entries_of, entry_field, expected_signs

Floats = NDArray[np.float64]

# A single feature that ranks better than this knew the outcome, more likely than not. 0.98 (2026-11-28): the best
# single feature of the public credit tables stays below 0.80.
LEAK_AUC = 0.98
# A feature of few values that tells apart as many (share of bad rows caught less that of good ones) as one of AUC 0.98
# whose good and bad values are normal.
_LEAK_APART = 0.85
_FEW_VALUES = 10
# A fifth of all bad (or good) rows in values that no other row has, where chance would do so once in a million though
# the odds of the other outcome were ten times less than beside them (2026-11-28): a risk that grows steeply does not
# stop at once. Of 800 honest features of AUC 0.70 to 0.92 none is as sure, at 1 to 30 % bad.
_GIVEN_AWAY = 0.2
_HARDLY_CHANCE = -np.log(1e-6)
_STEEPEST = 10.0
_LEAST_BESIDE = 20
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
    """A sentence for each feature that ranks the outcome almost perfectly by itself, or gives much of it away."""
    auc = single_feature_auc(X, y, levels)
    found = [
        f"feature {names[at]} alone reaches AUC {auc[at]:.3f} (above {LEAK_AUC}): it may hold the outcome itself; "
        "check when it becomes known"
        for at in np.flatnonzero(auc > LEAK_AUC).tolist()
    ]
    for at in np.flatnonzero(auc <= LEAK_AUC).tolist():
        apart = _told_apart(X[:, at], y)
        if apart > _LEAK_APART:
            found.append(
                f"feature {names[at]} alone tells {apart:.0%} more of bad from good rows by which of few values they "
                f"have (above {_LEAK_APART:.0%}): it may hold the outcome itself; check when it becomes known"
            )
            continue
        for outcome, word in ((y, "bad"), (1 - y, "good")):
            rows = _rows_given_away(X[:, at], outcome, levels[at])
            if rows:
                found.append(
                    f"feature {names[at]}: all {rows} rows with some of its values are {word}: it may hold the outcome "
                    "itself; check when it becomes known"
                )
    return found


def _told_apart(values: Floats, y: Floats) -> float:
    """Share of bad rows less that of good ones in those of few values that are riskier than all rows; 0 where there
    are many values. A gap is a value of its own."""
    different, which = np.unique(values, return_inverse=True)
    if not 1 < len(different) <= _FEW_VALUES:
        return 0.0
    bad, good = np.bincount(which, y) / y.sum(), np.bincount(which, 1 - y) / (1 - y).sum()
    return float(np.maximum(bad - good, 0).sum())


def _rows_given_away(values: Floats, outcome: Floats, count: int) -> int:
    """Most rows of one end of a feature's values, of one level, or of its gaps, that all have the outcome.

    0 where they are too few to mean anything, or where the rows beside them (all others of a level or a gap, the
    nearest quarter of an end) have the other outcome so seldom that a steep risk may explain it.
    """
    gaps, total = np.isnan(values), float(outcome.sum())
    known, told = values[~gaps], outcome[~gaps]
    # Rows that all have the outcome, and how many beside them have it.
    pure = [(int(gaps.sum()), float(told.sum()), len(told))] if gaps.any() and outcome[gaps].all() else []
    if len(known):
        _, which, rows = np.unique(known, return_inverse=True, return_counts=True)
        with_it = np.bincount(which, told)
        if count:
            pure += [
                (int(rows[at]), total - float(rows[at]), len(outcome) - int(rows[at]))
                for at in np.flatnonzero(with_it == rows)
            ]
        else:
            for order in (slice(None), slice(None, None, -1)):
                ends = np.flatnonzero((with_it != rows)[order])
                until = int(ends[0]) if len(ends) else len(rows)
                size = int(rows[order][:until].sum())
                near = max(min(size, len(known) - size) // 4, _LEAST_BESIDE)
                beside = slice(until, until + 1 + int(np.searchsorted(np.cumsum(rows[order][until:]), near)))
                # The row that ends the run has the other outcome by choice.
                pure.append((size, float(with_it[order][beside].sum()), int(rows[order][beside].sum()) - 1))
    return max(
        (size for size, same, n in pure if size >= _GIVEN_AWAY * total and _is_too_sure(size, same, n)), default=0
    )


def _is_too_sure(size: int, same: float, beside: int) -> bool:
    """Whether so many rows of one outcome are no chance, given how many of those beside them have it."""
    others = max(beside - same - 2 * np.sqrt(max(beside - same, 0)), 0)  # as few as they may be but for chance
    odds = others / (beside - others + 1)
    return bool(size * np.log1p(odds / _STEEPEST) > _HARDLY_CHANCE)


def silent_identifiers(X: Floats, y: Floats, names: Sequence[str], suspects: Mapping[str, str]) -> dict[str, str]:
    """Why suspected identifiers are left out, by name: those that say nothing of the outcome.

    Neither their order nor their tenths (and gaps) tell bad from good: both tests at 1 %. ``suspects`` says of each
    how it resembles an identifier.
    """
    from scipy.stats import chi2, rankdata

    found = {}
    for name, how in suspects.items():
        values = X[:, names.index(name)]
        known = ~np.isnan(values)
        ranks, told, n = rankdata(values[known]), y[known], int(known.sum())
        bad, good = told.sum(), n - told.sum()
        above = 0.0
        if bad and good:
            above = (ranks[told == 1].mean() - (n + 1) / 2) / np.sqrt((n + 1) * good / (12 * bad))
        # Tenths of what is known; a gap is a cell of its own.
        cell = np.full(len(y), 10)
        cell[known] = np.minimum((10 * (ranks - 1) / n).astype(int), 9)
        rows, bads = np.bincount(cell), np.bincount(cell, y)
        expected = rows[rows > 0] * y.mean()
        apart = ((bads[rows > 0] - expected) ** 2 / (expected * (1 - y.mean()))).sum()
        if abs(above) < 2.58 and apart < chi2.ppf(0.99, len(expected) - 1):
            found[name] = f"an identifier: whole numbers, each once, {how}, that say nothing of the outcome"
    return found


def rarity_warnings(n: int, n_bad: int) -> list[str]:
    """A sentence where so few of an outcome are known that the figures say little."""
    rarer = min(n_bad, n - n_bad)
    if rarer >= FEW_OUTCOMES:
        return []
    return [
        f"only {rarer} of {n} rows have the rarer outcome: what can be learnt is little, the intervals are wide, and "
        "another sample could give another model"
    ]
