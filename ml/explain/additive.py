"""Exact additive contributions: base + sum over features = log-odds, for every row.

A model here is ``log-odds = intercept + slope * sum_m weight_m * log-odds_m`` over its members m (see
``ml.delinquency.model``). Each member splits exactly, the outer form is linear, so the whole does too; no
sampling and no approximation is involved. Probabilities are not additive, so contributions are given in
log-odds (nats): +0.69 doubles the odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """Contributions of k features in n rows.

    Attributes
    ----------
    values : ndarray of shape (n, k)
        What each feature adds to the log-odds.
    base : float
        Log-odds before any feature spoke.
    """

    values: Floats
    base: float

    @property
    def log_odds(self) -> Floats:
        """Base plus the sum over features, shape (n,)."""
        return self.base + self.values.sum(axis=1)

    def relative_to(self, reference: "Contributions") -> "Contributions":
        """What each feature adds beyond what it adds in one reference row.

        The base becomes the log-odds of the reference row, so base plus sum is the same log-odds as before. A
        linear model gives exactly 0 to a feature that equals the reference; trees may not, because there a
        feature's contribution also depends on the others.

        Parameters
        ----------
        reference : Contributions
            Of one row, by the same model.
        """
        return Contributions(self.values - reference.values[0], float(reference.log_odds[0]))


def linear_contributions(design: Floats, coefficients: Floats, intercept: float) -> Contributions:
    """Contributions of a linear model on a centred design, where the average training row contributes
    nothing.

    Parameters
    ----------
    design : ndarray of shape (n, k)
        Standardised columns.
    coefficients : ndarray of shape (k,)
        One a column.
    intercept : float
        Log-odds of a row at the centre.
    """
    return Contributions(design * coefficients, intercept)


def tree_contributions(booster: "lgb.Booster", X: Floats) -> Contributions:
    """TreeSHAP contributions of a LightGBM model on the log-odds scale, exact for its trees.

    References
    ----------
    Lundberg et al. (2020), Nature Machine Intelligence 2; computed by LightGBM's ``pred_contrib``.
    """
    table: Any = booster.predict(X, pred_contrib=True)
    table = np.asarray(table, dtype=float)
    # LightGBM repeats the expected value in each row of the last column.
    return Contributions(table[:, :-1], float(table[0, -1]) if len(table) else 0.0)


def combine(
    parts: Sequence[Contributions], weights: Sequence[float], *, slope: float = 1.0, intercept: float = 0.0
) -> Contributions:
    """Contributions of ``intercept + slope * sum_m weight_m * part_m``."""
    values = sum((w * part.values for w, part in zip(weights, parts, strict=True)), np.zeros(()))
    base = sum(w * part.base for w, part in zip(weights, parts, strict=True))
    return Contributions(np.asarray(slope * values), intercept + slope * base)
