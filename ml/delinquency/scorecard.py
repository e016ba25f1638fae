"""Scorecard member: bins, weight of evidence, a logistic regression; stored as JSON, exactly additive.

Weight of evidence here is ``ln((bad + s p) / (good + s (1 - p))) - ln(p / (1 - p))`` with the base rate p and the
smoothing s, so that more is riskier, as everywhere in these models. (Books often write it the other way round.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.binning import bin_edges
from ml.delinquency.config import ScorecardSettings
from ml.delinquency.logistic import fit_penalised
from ml.explain.additive import Contributions

Floats = NDArray[np.float64]

# 600 points are odds of 50 good to 1 bad; 20 points double the odds. A convention of the trade, no measurement.
POINTS_AT_ODDS = 600.0
ODDS = 50.0
POINTS_TO_DOUBLE = 20.0
_FACTOR = POINTS_TO_DOUBLE / np.log(2.0)


@dataclass(frozen=True)
class ScorecardMember:
    """A fitted scorecard on k features.

    Attributes
    ----------
    edges : tuple of ndarray
        Inner edges of each feature's bins; a feature with levels has none, its code is the bin.
    evidence : tuple of ndarray
        Weight of evidence of each bin.
    missing_evidence : ndarray of shape (k,)
        Of a gap; 0 where training had none: nothing is known then, and nothing is added.
    coefficients : ndarray of shape (k,)
        Never negative, so no bin contradicts its own bad rate. 0: the feature takes no part.
    intercept : float
    """

    edges: tuple[Floats, ...]
    evidence: tuple[Floats, ...]
    missing_evidence: Floats
    coefficients: Floats
    intercept: float

    kind = "scorecard"

    @classmethod
    def fit(
        cls,
        X: Floats,
        y: Floats,
        settings: ScorecardSettings,
        signs: Sequence[int],
        seed: int,
        levels: Sequence[int] = (),
    ) -> "ScorecardMember":
        """Fit on ``X`` of shape (n, k) and ``y`` of shape (n,); ``signs`` holds bins to a direction.

        ``seed`` is unused: nothing is drawn.
        """
        del seed
        base = float(y.mean())
        edges, evidence, missing_evidence = [], [], np.zeros(X.shape[1])
        for at in range(X.shape[1]):
            gaps = np.isnan(X[:, at])
            values, outcomes = X[~gaps, at], y[~gaps]
            count = levels[at] if levels else 0
            inner = np.empty(0) if count else bin_edges(
                values, outcomes, max_bins=settings.max_bins, min_share=settings.min_bin_share,
                min_gain=settings.min_gain, sign=signs[at],
            )  # fmt: skip
            bins = values.astype(int) if count else np.searchsorted(inner, values, side="right")
            size = count or len(inner) + 1
            rows, bad = np.bincount(bins, minlength=size), np.bincount(bins, outcomes, minlength=size)
            edges.append(inner)
            evidence.append(_evidence(rows, bad, base, settings.smoothing))
            if gaps.any():
                told = _evidence(np.array([gaps.sum()]), np.array([y[gaps].sum()]), base, settings.smoothing)
                missing_evidence[at] = told[0]
        member = cls(tuple(edges), tuple(evidence), missing_evidence, np.ones(X.shape[1]), 0.0)
        weights, intercept = fit_penalised(member.evidence_of(X), y, settings.strength, [1] * X.shape[1])
        return cls(member.edges, member.evidence, missing_evidence, weights, intercept)

    def evidence_of(self, X: Floats) -> Floats:
        """Weight of evidence of each value, shape (n, k)."""
        found = np.empty(X.shape)
        for at, (inner, told) in enumerate(zip(self.edges, self.evidence, strict=True)):
            column = X[:, at]
            gaps = np.isnan(column)
            filled = np.where(gaps, 0.0, column)
            # Levels are their own bins: as many of them as there is evidence, and no edges.
            is_levels = len(told) > 1 and len(inner) == 0
            bins = filled.astype(int) if is_levels else np.searchsorted(inner, filled, side="right")
            found[:, at] = np.where(gaps, self.missing_evidence[at], told[bins])
        return found

    def contributions(self, X: Floats) -> Contributions:
        """Exact contributions: coefficient times weight of evidence."""
        return Contributions(self.evidence_of(X) * self.coefficients, self.intercept)

    def log_odds(self, X: Floats) -> Floats:
        """Log-odds of shape (n,)."""
        return self.contributions(X).log_odds

    def points(self, X: Floats, *, slope: float = 1.0, intercept: float = 0.0) -> Floats:
        """Points of each row, shape (n,): ``600 - 20 / ln 2 * (log-odds of bad + ln 50)``.

        ``slope`` and ``intercept`` are the model's link, so that points stand for calibrated odds.
        """
        return points_of(intercept + slope * self.log_odds(X))

    def table(self, names: Sequence[str], *, slope: float = 1.0, intercept: float = 0.0) -> pd.DataFrame:
        """The card: one row a bin with ``feature, low, high, level, weight_of_evidence, points``.

        The points of the bins a row falls in, summed over features that take part, are its points: what belongs to no
        feature is spread over them evenly.
        """
        part = np.flatnonzero(self.coefficients > 0).tolist()
        shared = float(points_of(np.array([intercept + slope * self.intercept]))[0]) / max(len(part), 1)
        rows: list[dict[str, Any]] = []
        for at in part:
            inner, told = self.edges[at], self.evidence[at]
            is_levels = len(told) > 1 and len(inner) == 0
            bounds = [-np.inf, *inner.tolist(), np.inf]
            for number, weight in enumerate([*told.tolist(), float(self.missing_evidence[at])]):
                gap = number == len(told)
                rows.append(
                    {
                        "feature": names[at],
                        "low": None if gap or is_levels else bounds[number],
                        "high": None if gap or is_levels else bounds[number + 1],
                        "level": "missing" if gap else number if is_levels else None,
                        "weight_of_evidence": weight,
                        "points": shared - _FACTOR * slope * float(self.coefficients[at]) * weight,
                    }
                )
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; floats keep every bit."""
        return {
            "kind": self.kind,
            "edges": [inner.tolist() for inner in self.edges],
            "evidence": [told.tolist() for told in self.evidence],
            "missing_evidence": self.missing_evidence.tolist(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "ScorecardMember":
        """Inverse of :meth:`to_dict`."""
        return cls(
            tuple(np.array(inner, dtype=float) for inner in stored["edges"]),
            tuple(np.array(told, dtype=float) for told in stored["evidence"]),
            np.array(stored["missing_evidence"], dtype=float),
            np.array(stored["coefficients"], dtype=float),
            float(stored["intercept"]),
        )


def points_of(log_odds: Floats) -> Floats:
    """Points of log-odds of bad: 600 at odds of 50 good to 1 bad, 20 more double the odds of good."""
    return np.asarray(POINTS_AT_ODDS - _FACTOR * (log_odds + np.log(ODDS)))


def _evidence(rows: NDArray[Any], bad: NDArray[Any], base: float, smoothing: float) -> Floats:
    good = rows - bad
    told = np.log((bad + smoothing * base) / (good + smoothing * (1 - base))) - np.log(base / (1 - base))
    return np.asarray(told, dtype=float)
