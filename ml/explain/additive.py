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

from ml.explain.patterns import PatternTables, tabulate

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


@dataclass(frozen=True)
class TreeExplainer:
    """Exact TreeSHAP of a LightGBM model on the log-odds scale.

    Make one a booster and keep it: its tables are computed once, from then on a row is a few lookups a tree.

    Attributes
    ----------
    booster : lightgbm.Booster
    tables : PatternTables or None
        None where a tree is too deep for tables or has a categorical split (see :func:`ml.explain.patterns.tabulate`):
        then LightGBM's own ``pred_contrib`` explains, which is as exact and some ten times slower.

    References
    ----------
    Lundberg et al. (2020), Nature Machine Intelligence 2.
    """

    booster: "lgb.Booster"
    tables: PatternTables | None

    @classmethod
    def of(cls, booster: "lgb.Booster") -> "TreeExplainer":
        """Explainer of a booster that is not trained further.

        Raises
        ------
        ValueError
            If the booster has several outputs a row, or linear models in its leaves.
        """
        return cls(booster, tabulate(booster))

    def contributions(self, X: Floats) -> Contributions:
        """Contributions of each row of ``X``, shape (n, k).

        Raises
        ------
        ValueError
            If ``X`` does not have the model's number of columns.
        """
        if self.tables is not None:
            return Contributions(self.tables.contributions(X), self.tables.base)
        table: Any = self.booster.predict(X, pred_contrib=True)
        table = np.asarray(table, dtype=float)
        # LightGBM repeats the expected value in each row of the last column.
        return Contributions(table[:, :-1], float(table[0, -1]) if len(table) else 0.0)


def tree_contributions(booster: "lgb.Booster", X: Floats) -> Contributions:
    """TreeSHAP contributions of a LightGBM model on the log-odds scale, exact for its trees.

    For repeated use keep a :class:`TreeExplainer`.
    """
    return TreeExplainer.of(booster).contributions(X)


def combine(
    parts: Sequence[Contributions], weights: Sequence[float], *, slope: float = 1.0, intercept: float = 0.0
) -> Contributions:
    """Contributions of ``intercept + slope * sum_m weight_m * part_m``."""
    values = sum((w * part.values for w, part in zip(weights, parts, strict=True)), np.zeros(()))
    base = sum(w * part.base for w, part in zip(weights, parts, strict=True))
    return Contributions(np.asarray(slope * values), intercept + slope * base)
