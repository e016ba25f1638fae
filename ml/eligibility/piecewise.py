"""The model's form: log-odds are an intercept and, of each feature, a broken line or a value a level.

A logistic regression whose columns are pieces of each feature; without inner knots it is the plain one on winsorised
values. What is stored is each feature's line as points, so the whole model can be read, drawn and checked by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.eligibility.newton import fit_graded
from ml.explain.additive import Contributions

Floats = NDArray[np.float64]

# A gap is learnt as if so many more rows had it and had come out as the average row did. 50 (2026-11-28): of four rows
# with a gap nothing is learnt, of five hundred nearly all; with none, four rows moved a gap by 1.5 in log-odds.
_GAP_ROWS = 50


@dataclass(frozen=True)
class PiecewiseSettings:
    """How finely a line may break, and how strongly it is held back.

    Attributes
    ----------
    strength : float
        Inverse of the penalty, as scikit-learn's ``C``.
    pieces : int
        Pieces of a line at most; 1 is a straight one. Knots are quantiles of the training rows.
    winsor : float
        Values beyond this quantile and its mirror count as the quantile.
    min_distinct : int
        A number with fewer different values stays straight.
    """

    strength: float
    pieces: int = 1
    winsor: float = 0.02
    min_distinct: int = 5


@dataclass(frozen=True, eq=False)
class PiecewiseMember:
    """A fitted model of k features.

    Attributes
    ----------
    knots : tuple of ndarray
        Where each feature's line has its points; empty for a feature with levels.
    heights : tuple of ndarray
        Log-odds at the points, or of each level. Beyond the first and last point the line is flat.
    missing : ndarray of shape (k,)
        Log-odds of a gap. 0, the average row's, where training had none; of a feature with a sign never outside what
        its values have.
    intercept : float
    """

    knots: tuple[Floats, ...]
    heights: tuple[Floats, ...]
    missing: Floats
    intercept: float

    @classmethod
    def fit(
        cls,
        X: Floats,
        outcomes: Floats,
        settings: PiecewiseSettings,
        signs: Sequence[int],
        levels: Sequence[int],
        focus: int = 0,
    ) -> "PiecewiseMember":
        """Fit on ``X`` of shape (n, k) and ``outcomes`` of shape (n, c), of which ``focus`` is the one that is told.

        ``signs`` holds every piece of a line to a direction; ``levels`` is the number of levels of each feature.
        """
        knots, columns, owner, held, is_gap = [], [], [], [], []
        for at in range(X.shape[1]):
            inner = np.empty(0) if levels[at] else _knots(X[:, at], settings)
            knots.append(inner)
            made = _basis(X[:, at], inner, levels[at])
            columns += list(made.T)
            owner += [at] * made.shape[1]
            # The last column says "missing": a gap has no direction.
            held += ([0] if levels[at] else [signs[at]]) * (made.shape[1] - 1) + [0]
            is_gap += [False] * (made.shape[1] - 1) + [True]
        raw = np.stack(columns, axis=1)
        center = raw.mean(axis=0)
        scale = np.where(np.ptp(raw, axis=0) == 0.0, 0.0, raw.std(axis=0))
        used = scale > 0
        # Standardised like the others, a gap of a handful of rows would be held back as little as one of half of them.
        rate = outcomes[:, focus].mean()
        rows_added = settings.strength * _GAP_ROWS * rate * (1 - rate)
        scale = np.where(np.array(is_gap) & used, np.sqrt(scale**2 + rows_added), scale)
        design = (raw[:, used] - center[used]) / scale[used]
        weights = np.zeros(raw.shape[1])
        weights[used], intercepts = fit_graded(
            design, outcomes, settings.strength, np.array(held)[used].tolist(), focus
        )
        slopes = np.where(used, weights / np.where(used, scale, 1.0), 0.0)
        heights, missing = [], np.zeros(X.shape[1])
        for at in range(X.shape[1]):
            own = np.array(owner) == at
            points = np.arange(levels[at], dtype=float) if levels[at] else knots[at]
            pieces = _basis(np.r_[points, np.nan], knots[at], levels[at])
            told = (pieces - center[own]) @ slopes[own]
            heights.append(told[:-1])
            if np.isnan(X[:, at]).any():
                missing[at] = told[-1]
                if signs[at] and len(points):
                    # Whoever leaves the fact out is not worse off than the worst, nor better off than the best.
                    missing[at] = np.clip(told[-1], told[:-1].min(), told[:-1].max())
        return cls(tuple(knots), tuple(heights), missing, float(intercepts[focus]))

    def contributions(self, X: Floats) -> Contributions:
        """Exact contributions of ``X``, shape (n, k), in log-odds; the average training row's are about 0."""
        values = np.empty(X.shape)
        for at in range(X.shape[1]):
            values[:, at] = self.contribution(at, X[:, at])
        return Contributions(values, self.intercept)

    def contribution(self, feature: int, x: Floats) -> Floats:
        """What values of one feature contribute, in the shape of ``x``."""
        points, heights = self.knots[feature], self.heights[feature]
        gaps = np.isnan(x)
        filled = np.where(gaps, 0.0, x)
        if len(points):
            told = np.interp(filled, points, heights)
        elif len(heights):
            told = heights[filled.astype(np.intp)]
        else:
            told = np.zeros(x.shape)
        return np.where(gaps, self.missing[feature], told)

    def least(self, feature: int) -> float:
        """Least that any value of a feature, or its gap, contributes."""
        # A feature without points contributes nothing, whatever its value.
        heights = self.heights[feature] if len(self.heights[feature]) else np.zeros(1)
        return float(min(heights.min(), self.missing[feature]))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; floats keep every bit."""
        return {
            "knots": [points.tolist() for points in self.knots],
            "heights": [heights.tolist() for heights in self.heights],
            "missing": self.missing.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "PiecewiseMember":
        """Inverse of :meth:`to_dict`."""
        return cls(
            tuple(np.array(points, dtype=float) for points in stored["knots"]),
            tuple(np.array(heights, dtype=float) for heights in stored["heights"]),
            np.array(stored["missing"], dtype=float),
            float(stored["intercept"]),
        )


def _knots(values: Floats, settings: PiecewiseSettings) -> Floats:
    """Points of a line: winsor bounds and quantiles between; two at least where anything varies."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.empty(0)
    low, high = np.quantile(known, [settings.winsor, 1 - settings.winsor])
    if low == high:
        # A rare event would be flattened to a constant.
        low, high = known.min(), known.max()
    if low == high:
        return np.empty(0)
    if settings.pieces == 1 or len(np.unique(known)) < settings.min_distinct:
        return np.array([low, high])
    inner = np.quantile(known, np.linspace(0, 1, settings.pieces + 1)[1:-1])
    return np.unique(np.r_[low, inner.clip(low, high), high])


def _basis(values: Floats, knots: Floats, levels: int) -> Floats:
    """Columns of one feature, shape (n, d): the whole line and its pieces, or a column a level; last, "missing"."""
    gaps = np.isnan(values)
    if levels:
        own = (values[:, None] == np.arange(levels)).astype(float)
    elif len(knots) == 0:
        own = np.empty((len(values), 0))
    else:
        # A gap stands at the middle of the points: what it means is told by its own column.
        filled = np.where(gaps, np.median(knots), values)
        own = np.clip(filled, knots[0], knots[-1])[:, None]
        if len(knots) > 2:
            pieces = np.clip(filled[:, None], knots[:-1], knots[1:]) - knots[:-1]
            own = np.hstack([own, pieces])
    return np.hstack([own, gaps[:, None].astype(float)])
