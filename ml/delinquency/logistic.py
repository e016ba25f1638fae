"""Logistic member: preprocessing and coefficients learned together, stored as JSON.

Preprocessing is part of the member on purpose: it is fitted on the rows the member is fitted on and on no
others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.config import LogisticSettings
from ml.explain.additive import Contributions, linear_contributions

Floats = NDArray[np.float64]

# Deviation of a column that one row in ten has.
_LEAST_LEVEL_SCALE = 0.3


@dataclass(frozen=True)
class LogisticMember:
    """A fitted L2 logistic regression.

    A feature with levels has a column for each of them (1 where the row has it), so there are ``d >= k`` columns; its
    contributions are summed.

    Attributes
    ----------
    fill, low, high, center, scale : ndarray of shape (d,)
        Median that replaces a missing value; winsor bounds; mean and standard deviation after both. A column
        that is constant or wholly missing in training has ``scale`` 0 and takes no part.
    missing_share, missing_scale : ndarray of shape (k,)
        Mean and deviation of the missing indicator; deviation 0 where training had no gap.
    coefficients : ndarray of shape (d,)
    missing_coefficients : ndarray of shape (k,)
    intercept : float
    levels : tuple of int
        Number of levels of each feature, 0 for a number; empty where all are numbers.
    """

    fill: Floats
    low: Floats
    high: Floats
    center: Floats
    scale: Floats
    missing_share: Floats
    missing_scale: Floats
    coefficients: Floats
    missing_coefficients: Floats
    intercept: float
    levels: tuple[int, ...] = ()

    kind = "logistic"

    @classmethod
    def fit(
        cls,
        X: Floats,
        y: Floats,
        settings: LogisticSettings,
        signs: Sequence[int],
        seed: int,
        levels: Sequence[int] = (),
    ) -> "LogisticMember":
        """Fit on ``X`` of shape (n, k) and ``y`` of shape (n,); ``signs`` bounds each coefficient's
        direction.

        ``seed`` is unused: the optimum is unique.
        """
        del seed
        levels = tuple(levels) if any(levels) else ()
        numbers, codes = _apart(X, levels)
        gaps = np.isnan(numbers)
        known = ~gaps.all(axis=0)
        fill = np.zeros(numbers.shape[1])
        fill[known] = np.nanmedian(numbers[:, known], axis=0)
        filled = np.where(gaps, fill, numbers)
        low, high = np.quantile(filled, [settings.winsor, 1 - settings.winsor], axis=0)
        # A rare event (a penalty in one customer of fifty) would be flattened to a constant: leave such
        # columns whole.
        flat = low == high
        low, high = np.where(flat, filled.min(axis=0), low), np.where(flat, filled.max(axis=0), high)
        pulled = filled.clip(low, high)
        center, scale = pulled.mean(axis=0), _deviation(pulled)
        indicator = np.isnan(X).astype(float)
        # Wholly missing tells no row from another; its indicator is constant and drops out the same way.
        missing_share, missing_scale = indicator.mean(axis=0), _deviation(indicator)
        shares = [np.bincount(code[code >= 0], minlength=count) / len(X) for code, count in codes]
        design = Design(
            np.hstack([_standardise(pulled, center, scale), _standardise(indicator, missing_share, missing_scale)]),
            [(code, share, _scale_of_levels(share)) for (code, _), share in zip(codes, shares, strict=True)],
        )
        free = [sign for sign, count in zip(signs, levels or [0] * X.shape[1], strict=True) if not count]
        held = [*free, *([0] * (design.width - len(free)))]
        weights, intercept = fit_penalised(design, y, settings.strength, held)
        k = X.shape[1]
        of_number, of_gap, of_level = np.split(weights, [numbers.shape[1], numbers.shape[1] + k])
        place = _Place.of(k, levels)
        share = np.concatenate(shares) if shares else np.empty(0)
        none, all_ = np.zeros(len(share)), np.ones(len(share))
        return cls(
            fill=place.together(fill, none),
            low=place.together(low, none),
            high=place.together(high, all_),
            center=place.together(center, share),
            scale=place.together(scale, _scale_of_levels(share)),
            missing_share=missing_share,
            missing_scale=missing_scale,
            coefficients=place.together(of_number, of_level),
            missing_coefficients=of_gap,
            intercept=intercept,
            levels=levels,
        )

    def contributions(self, X: Floats) -> Contributions:
        """Exact contributions; a feature's missing indicator counts with the feature."""
        numbers, codes = _apart(X, self.levels)
        place = _Place.of(X.shape[1], self.levels)
        low, high, fill, center, scale, coefficients = (
            getattr(self, name)[place.numbers] for name in ("low", "high", "fill", "center", "scale", "coefficients")
        )
        pulled = np.where(np.isnan(numbers), fill, numbers).clip(low, high)
        value = linear_contributions(_standardise(pulled, center, scale), coefficients, self.intercept)
        values = np.empty(X.shape)
        values[:, place.number_features] = value.values
        for (code, _), at, columns in zip(codes, place.level_features, place.levels, strict=True):
            # A level's own column is 1 where the row has it; all the others are 0.
            used = self.scale[columns] > 0
            step = np.where(used, self.coefficients[columns] / np.where(used, self.scale[columns], 1.0), 0.0)
            values[:, at] = np.append(step, 0.0)[code] - step @ self.center[columns]
        gap = _standardise(np.isnan(X).astype(float), self.missing_share, self.missing_scale)
        return Contributions(values + gap * self.missing_coefficients, self.intercept)

    def log_odds(self, X: Floats) -> Floats:
        """Log-odds of shape (n,)."""
        return self.contributions(X).log_odds

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; floats keep every bit."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return {"kind": self.kind, **arrays, "intercept": self.intercept, "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "LogisticMember":
        """Inverse of :meth:`to_dict`."""
        arrays = {name: np.asarray(stored[name], dtype=float) for name in _ARRAYS}
        return cls(**arrays, intercept=float(stored["intercept"]), levels=tuple(stored.get("levels", ())))


_ARRAYS = (
    "fill", "low", "high", "center", "scale", "missing_share", "missing_scale",
    "coefficients", "missing_coefficients",
)  # fmt: skip


@dataclass(frozen=True)
class Design:
    """Standardised columns, and columns of levels that are never written out: 1 where the row has the level.

    Attributes
    ----------
    dense : ndarray of shape (n, m)
    levels : list
        For each feature with levels: code of each row (-1 for none), mean and scale of each level's column.
    """

    dense: Floats
    levels: list[tuple[NDArray[np.intp], Floats, Floats]]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.dense.shape[1] + sum(len(share) for _, share, _ in self.levels)

    def dot(self, w: Floats) -> Floats:
        """Sum of columns times weights, shape (n,)."""
        z, start = self.dense @ w[: self.dense.shape[1]], self.dense.shape[1]
        for code, share, scale in self.levels:
            step = _divided(w[start : start + len(share)], scale)
            z = z + np.append(step, 0.0)[code] - step @ share
            start += len(share)
        return np.asarray(z)

    def back(self, rows: Floats) -> Floats:
        """Sum of rows of each column times a number a row, shape (width,)."""
        found, total = [self.dense.T @ rows], rows.sum()
        for code, share, scale in self.levels:
            has = code >= 0
            found.append(_divided(np.bincount(code[has], rows[has], len(share)) - total * share, scale))
        return np.concatenate(found)


@dataclass(frozen=True)
class _Place:
    """Where numbers and levels stand: features, and columns, where a feature with levels has one for each."""

    number_features: list[int]
    numbers: list[int]
    level_features: list[int]
    levels: list[slice]

    @classmethod
    def of(cls, k: int, levels: Sequence[int]) -> "_Place":
        counts = list(levels) or [0] * k
        first = np.cumsum([0, *(count or 1 for count in counts)]).tolist()
        of_number = [at for at in range(k) if not counts[at]]
        of_level = [at for at in range(k) if counts[at]]
        return cls(
            of_number,
            [first[at] for at in of_number],
            of_level,
            [slice(first[at], first[at] + counts[at]) for at in of_level],
        )

    def together(self, of_numbers: Floats, of_levels: Floats) -> Floats:
        """Columns in their order."""
        found = np.empty(len(of_numbers) + len(of_levels))
        found[self.numbers] = of_numbers
        start = 0
        for columns in self.levels:
            size = columns.stop - columns.start
            found[columns] = of_levels[start : start + size]
            start += size
        return found


def _apart(X: Floats, levels: Sequence[int]) -> tuple[Floats, list[tuple[NDArray[np.intp], int]]]:
    """Columns of numbers, and the codes of each feature with levels with their count; -1 is none."""
    if not levels:
        return X, []
    codes = [
        (np.where(np.isnan(X[:, at]), -1, X[:, at]).astype(np.intp), count) for at, count in enumerate(levels) if count
    ]
    return X[:, [at for at, count in enumerate(levels) if not count]], codes


def _scale_of_levels(share: Floats) -> Floats:
    """Deviation of each level's column, at least that of a tenth of the rows: a rare level is believed less, as its few
    rows deserve, and not more. 0 where no row, or every row, has it."""
    return np.where((share > 0) & (share < 1), np.maximum(np.sqrt(share * (1 - share)), _LEAST_LEVEL_SCALE), 0.0)


def _divided(values: Floats, scale: Floats) -> Floats:
    return np.where(scale > 0, values / np.where(scale > 0, scale, 1.0), 0.0)


def _deviation(values: Floats) -> Floats:
    """Standard deviation by column, exactly 0 for a constant one (rounding would leave a speck)."""
    return np.where(np.ptp(values, axis=0) == 0.0, 0.0, values.std(axis=0))


def _standardise(values: Floats, center: Floats, scale: Floats) -> Floats:
    used = scale > 0.0
    return np.where(used, (values - center) / np.where(used, scale, 1.0), 0.0)


def fit_penalised(design: Floats | Design, y: Floats, strength: float, signs: Sequence[int]) -> tuple[Floats, float]:
    """Minimise ``strength * sum of losses + |w|^2 / 2`` with a free intercept and the given signs."""
    from scipy.optimize import minimize
    from scipy.special import expit

    columns = design if isinstance(design, Design) else Design(design, [])
    k = columns.width

    def objective(parameters: Floats) -> tuple[float, Floats]:
        w, intercept = parameters[:k], parameters[k]
        z = columns.dot(w) + intercept
        residual = expit(z) - y
        loss = strength * (np.logaddexp(0.0, z) - y * z).sum() + 0.5 * (w @ w)
        return float(loss), np.r_[strength * columns.back(residual) + w, strength * residual.sum()]

    bounds = [(0.0, None) if s > 0 else (None, 0.0) if s < 0 else (None, None) for s in signs]
    start = np.r_[np.zeros(k), np.log(y.mean() / (1 - y.mean()))]
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
        options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-8},
    )
    return np.asarray(found.x[:k]), float(found.x[k])
