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
        missing = np.isnan(X)
        levels = tuple(levels) if any(levels) else ()
        spread = _spread(X, levels)
        gaps = np.isnan(spread)
        known = ~gaps.all(axis=0)
        fill = np.zeros(spread.shape[1])
        fill[known] = np.nanmedian(spread[:, known], axis=0)
        filled = np.where(gaps, fill, spread)
        low, high = np.quantile(filled, [settings.winsor, 1 - settings.winsor], axis=0)
        # A rare event (a penalty in one customer of fifty) would be flattened to a constant: leave such
        # columns whole.
        flat = low == high
        low, high = np.where(flat, filled.min(axis=0), low), np.where(flat, filled.max(axis=0), high)
        pulled = filled.clip(low, high)
        center, scale = pulled.mean(axis=0), _deviation(pulled)
        indicator = missing.astype(float)
        # Wholly missing tells no row from another; its indicator is constant and drops out the same way.
        missing_share, missing_scale = indicator.mean(axis=0), _deviation(indicator)
        design = np.hstack([_standardise(pulled, center, scale), _standardise(indicator, missing_share, missing_scale)])
        directions = [
            held for sign, count in zip(signs, levels or [0] * X.shape[1], strict=True)
            for held in ([0] * count if count else [sign])
        ]  # fmt: skip
        weights, intercept = fit_penalised(design, y, settings.strength, [*directions, *([0] * X.shape[1])])
        d = spread.shape[1]
        return cls(
            fill, low, high, center, scale, missing_share, missing_scale, weights[:d], weights[d:], intercept, levels
        )

    def contributions(self, X: Floats) -> Contributions:
        """Exact contributions; a feature's missing indicator counts with the feature."""
        missing = np.isnan(X)
        spread = _spread(X, self.levels)
        pulled = np.where(np.isnan(spread), self.fill, spread).clip(self.low, self.high)
        value = linear_contributions(_standardise(pulled, self.center, self.scale), self.coefficients, self.intercept)
        values = value.values
        if self.levels:
            first = np.cumsum([0, *(count or 1 for count in self.levels[:-1])])
            values = np.add.reduceat(values, first, axis=1)
        gap = _standardise(missing.astype(float), self.missing_share, self.missing_scale)
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


def _spread(X: Floats, levels: Sequence[int]) -> Floats:
    """A column a number and a column a level, shape (n, d); a missing level has 0 in all of its columns."""
    if not levels:
        return X
    blocks = [
        (X[:, [at]] == np.arange(count)).astype(float) if count else X[:, [at]] for at, count in enumerate(levels)
    ]
    return np.hstack(blocks)


def _deviation(values: Floats) -> Floats:
    """Standard deviation by column, exactly 0 for a constant one (rounding would leave a speck)."""
    return np.where(np.ptp(values, axis=0) == 0.0, 0.0, values.std(axis=0))


def _standardise(values: Floats, center: Floats, scale: Floats) -> Floats:
    used = scale > 0.0
    return np.where(used, (values - center) / np.where(used, scale, 1.0), 0.0)


def fit_penalised(design: Floats, y: Floats, strength: float, signs: Sequence[int]) -> tuple[Floats, float]:
    """Minimise ``strength * sum of losses + |w|^2 / 2`` with a free intercept and the given signs."""
    from scipy.optimize import minimize
    from scipy.special import expit

    k = design.shape[1]

    def objective(parameters: Floats) -> tuple[float, Floats]:
        w, intercept = parameters[:k], parameters[k]
        z = design @ w + intercept
        residual = expit(z) - y
        loss = strength * (np.logaddexp(0.0, z) - y * z).sum() + 0.5 * (w @ w)
        return float(loss), np.r_[strength * (design.T @ residual) + w, strength * residual.sum()]

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
