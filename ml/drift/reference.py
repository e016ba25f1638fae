"""The training window in small: bin edges and counts of each feature and of the score, kept with the model's version.

Belongs here: what is kept of training to compare later days with, as plain JSON types. How a later day is compared is
in ``comparing``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.drift.distances import Counted, distances
from ml.evaluate.stability import bin_codes, bin_edges

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

BINS = 10
# Rows of a period of the training window, at the median, from which on periods are compared with each other.
ROWS_A_PERIOD = 30
# What a bin holds of 30 rows says little: only what chance gives in fewer than one of a thousand counts as a difference
# between periods.
USUAL_CHANCE = 1e-3


@dataclass(frozen=True)
class Binned:
    """One quantity of the training window.

    Attributes
    ----------
    edges : tuple of float
        Upper bounds of all bins but the last of the values that are there.
    levels : tuple of str
        Of a category: its levels; it has no edges then.
    counts : tuple of int
        Rows a bin or level, those without a value last.
    people : int
        Distinct people behind them: the sample's size as chance sees it.
    usual : dict of str to float
        By measure (psi, ks, missing), what periods of the training window differed from the others by, beyond chance:
        the calendar's own movement, such as pay days.
    absent_periods : tuple of str
        Levels that a period of the training window lacked.
    """

    edges: tuple[float, ...]
    levels: tuple[str, ...]
    counts: tuple[int, ...]
    people: int
    usual: dict[str, float] = field(default_factory=dict)
    absent_periods: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the training window."""
        return sum(self.counts)

    def counted(self) -> Counted:
        """As the distances take it."""
        return Counted(np.array(self.counts, dtype=float), self.people)

    def codes(self, values: "pd.Series[Any] | Floats") -> Integers:
        """Bin of each value; of a category, a level that training had not seen has one behind that of the missing."""
        if not self.levels:
            return bin_codes(np.asarray(values, dtype=float), np.array(self.edges))
        return _level_codes(pd.Series(values), self.levels)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> "Binned":
        """Read back what ``asdict`` gave, also after it was JSON."""
        return cls(
            edges=tuple(float(edge) for edge in body["edges"]),
            levels=tuple(str(level) for level in body["levels"]),
            counts=tuple(int(count) for count in body["counts"]),
            people=int(body["people"]),
            usual={str(name): float(value) for name, value in body["usual"].items()},
            absent_periods=tuple(str(level) for level in body["absent_periods"]),
        )


@dataclass(frozen=True)
class Reference:
    """What a version keeps of its training window.

    Attributes
    ----------
    features : dict of str to Binned
        Features and categories by name.
    score : Binned or None
        Probabilities of rows that the model judged without having learnt from them.
    performance : dict of str to float
        What :func:`ml.drift.expected_performance` says of these probabilities.
    """

    features: dict[str, Binned]
    score: Binned | None = None
    performance: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> "Reference":
        """Read back what :meth:`to_dict` gave, also after it was JSON."""
        return cls(
            features={str(name): Binned.from_dict(one) for name, one in body["features"].items()},
            score=None if body["score"] is None else Binned.from_dict(body["score"]),
            performance={str(name): float(value) for name, value in body["performance"].items()},
        )


def reference_of(
    frame: pd.DataFrame,
    *,
    time: ArrayLike | None = None,
    group: ArrayLike | None = None,
    score: ArrayLike | None = None,
    score_time: ArrayLike | None = None,
    score_group: ArrayLike | None = None,
    threshold: float | None = None,
) -> Reference:
    """Keep a training window in small.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n, k)
        Numbers and booleans are binned (equal counts, ten bins), anything else is a category.
    time : array_like of shape (n,), optional
        Day of each row. Days, else months, quarters or years, of at least 30 rows at the median are compared with the
        rest of the window: what they differ by is usual of any single day.
    group : array_like of shape (n,), optional
        Person of each row; without it each row is one.
    score : array_like of shape (m,), optional
        Probabilities of rows that were judged without being learnt from.
    score_time, score_group : array_like of shape (m,), optional
        Of those rows.
    threshold : float, optional
        Probability from which on the expected confusion counts a row as flagged.

    Raises
    ------
    ValueError
        If there is no row, or lengths differ.
    """
    from ml.drift.performance import expected_performance

    if frame.empty:
        raise ValueError("a reference needs training rows; found 0")
    periods, people = _periods(time, len(frame)), _people(group, len(frame))
    features = {str(name): binned(frame[name], periods, people) for name in frame.columns}
    if score is None:
        return Reference(features)
    p = np.asarray(score, dtype=float)
    return Reference(
        features,
        binned(pd.Series(p), _periods(score_time, len(p)), _people(score_group, len(p))),
        expected_performance(p, threshold=threshold),
    )


def binned(values: "pd.Series[Any]", periods: Integers | None, people: Integers) -> Binned:
    """Count one quantity: ``periods`` is the code of each row's period, or None; ``people`` that of its person."""
    is_number = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
    if is_number:
        edges, levels = bin_edges(values.to_numpy(dtype=float), BINS), ()
        codes, size = bin_codes(values.to_numpy(dtype=float), edges), len(edges) + 2
    else:
        edges, levels = np.empty(0), tuple(sorted(values.dropna().astype(str).unique()))
        codes, size = _level_codes(values, levels), len(levels) + 1
    total = np.bincount(codes, minlength=size).astype(float)
    usual, absent = _usual(codes, size, periods, people, levels)
    return Binned(
        edges=tuple(edges.tolist()),
        levels=levels,
        counts=tuple(int(count) for count in total),
        people=len(np.unique(people)),
        usual=usual,
        absent_periods=absent,
    )


def _usual(
    codes: Integers, size: int, periods: Integers | None, people: Integers, levels: Sequence[str]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The largest difference of a period from the others by measure, and the levels that a period lacked."""
    if periods is None:
        return {}, ()
    count = int(periods.max()) + 1
    by_period = np.bincount(periods * size + codes, minlength=count * size).reshape(count, size).astype(float)
    heads = np.array([len(np.unique(people[periods == one])) for one in range(count)])
    everyone, total = len(np.unique(people)), by_period.sum(axis=0)
    usual: dict[str, float] = {}
    for own, n in zip(by_period, heads, strict=True):
        for found in distances(Counted(total - own, everyone), Counted(own, int(n)), is_ordered=not levels):
            if found.is_beyond(USUAL_CHANCE):
                usual[found.measure] = max(usual.get(found.measure, 0.0), found.beyond_chance)
    lacking = (by_period[:, : len(levels)] == 0).any(axis=0)
    return usual, tuple(level for level, lacks in zip(levels, lacking.tolist(), strict=True) if lacks)


def _periods(time: ArrayLike | None, n: int) -> Integers | None:
    """Code of the finest period that holds enough rows; None where there are not two of any kind."""
    if time is None:
        return None
    days = pd.to_datetime(pd.Series(np.asarray(time)))
    if len(days) != n:
        raise ValueError(f"time has {len(days)} values for {n} rows")
    for kind in ("D", "M", "Q", "Y"):
        codes, found = pd.factorize(days.dt.to_period(kind), sort=True)
        if len(found) > 1 and np.median(np.bincount(codes)) >= ROWS_A_PERIOD:
            return np.asarray(codes, dtype=np.intp)
    return None


def _people(group: ArrayLike | None, n: int) -> Integers:
    if group is None:
        return np.arange(n)
    codes = pd.factorize(np.asarray(group))[0]
    if len(codes) != n:
        raise ValueError(f"group has {len(codes)} values for {n} rows")
    return np.asarray(codes, dtype=np.intp)


def _level_codes(values: "pd.Series[Any]", levels: Sequence[str]) -> Integers:
    """Place among the levels, behind them the missing, behind these the unseen."""
    given = values.astype(object)
    text = given.where(given.isna(), given.astype(str))
    codes = pd.Index(np.array(levels, dtype=object)).get_indexer(text.to_numpy(dtype=object))
    codes = np.where(codes < 0, len(levels) + 1, codes)
    return np.asarray(np.where(text.isna().to_numpy(), len(levels), codes), dtype=np.intp)
