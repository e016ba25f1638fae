"""Ordinal member: proportional odds on evidence that is standardised by the rows it is fitted on.

``log-odds of lying above bound k = x . w - theta_k``, with one weight for all bounds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.income.evidence import Evidence

Floats = NDArray[np.float64]
_MIN_CATEGORY = 8  # people of a category; rarer ones count as one "other"
_WINSOR = 0.005


@dataclass(frozen=True)
class Column:
    """One column of the design: of which concept, made how.

    ``how`` is ``value`` (numbers; amounts by their logarithm, filled with the median of those above 0), ``zero``,
    ``missing`` or ``is`` (a category).
    """

    concept: int
    source: str
    how: str
    level: str | None = None
    is_log: bool = False
    fill: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def values(self, evidence: Evidence) -> Floats:
        """Before standardisation."""
        if self.how == "is":
            return (evidence.frame[self.source].to_numpy(object) == self.level).astype(float)
        raw = evidence.number(self.source)
        if self.how == "missing":
            return np.isnan(raw).astype(float)
        if self.how == "zero":
            return (raw <= 0).astype(float)
        if self.is_log:
            positive = raw > 0
            number = np.where(positive, np.log(np.where(positive, raw, 1.0)), self.fill)
        else:
            number = np.where(np.isnan(raw), self.fill, raw)
        return np.clip(number, self.low, self.high)


@dataclass(frozen=True)
class OrdinalMember:
    """A fitted proportional-odds model.

    Attributes
    ----------
    columns : tuple of Column
    center, scale, weights : ndarray of shape (columns,)
    thresholds : ndarray of shape (bands - 1,), rising
    """

    columns: tuple[Column, ...]
    center: Floats
    scale: Floats
    weights: Floats
    thresholds: Floats

    kind = "ordinal"

    @classmethod
    def fit(cls, evidence: Evidence, band: NDArray[np.int64], bands: int, strength: float) -> "OrdinalMember":
        """Fit with an L2 penalty: ``strength * losses + |w|^2 / 2``; thresholds are free. The optimum is unique."""
        columns = [column for at in range(len(evidence.concepts)) for column in _columns(evidence, at)]
        raw = np.column_stack([column.values(evidence) for column in columns])
        varied = np.ptp(raw, axis=0) > 0
        columns = [column for column, used in zip(columns, varied, strict=True) if used]
        raw = raw[:, varied]
        center, scale = raw.mean(axis=0), raw.std(axis=0)
        weights, thresholds = _fit((raw - center) / scale, band, bands, strength)
        return cls(tuple(columns), center, scale, weights, thresholds)

    def log_odds(self, evidence: Evidence) -> Floats:
        """Log-odds of lying above each bound, shape (n, bands - 1)."""
        return (self._design(evidence) @ self.weights)[:, None] - self.thresholds

    def contributions(self, evidence: Evidence) -> Floats:
        """What each concept adds to each of the log-odds: shape (bands - 1, n, concepts). The average adds nothing."""
        parts = self._design(evidence) * self.weights
        summed = np.zeros((len(parts), len(evidence.concepts)))
        for at, column in enumerate(self.columns):
            summed[:, column.concept] += parts[:, at]
        return np.broadcast_to(summed, (len(self.thresholds), *summed.shape))

    def _design(self, evidence: Evidence) -> Floats:
        raw = np.column_stack([column.values(evidence) for column in self.columns])
        return np.asarray((raw - self.center) / self.scale)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; floats keep every bit."""
        return {
            "kind": self.kind,
            "columns": [vars(column) for column in self.columns],
            **{name: getattr(self, name).tolist() for name in ("center", "scale", "weights", "thresholds")},
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "OrdinalMember":
        """Inverse of :meth:`to_dict`."""
        numbers = (np.asarray(stored[name], dtype=float) for name in ("center", "scale", "weights", "thresholds"))
        return cls(tuple(Column(**column) for column in stored["columns"]), *numbers)


def _columns(evidence: Evidence, at: int) -> list[Column]:
    """Columns of one concept, as the people at hand give them."""
    concept, made = evidence.concepts[at], []
    for source in concept.columns:
        if concept.kind == "category":
            counts = evidence.frame[source].value_counts()
            levels = sorted(str(level) for level, count in counts.items() if count >= _MIN_CATEGORY)
            made += [Column(at, source, "is", level) for level in levels]
            continue
        raw = evidence.number(source)
        is_log = concept.kind == "amount"
        known = raw[raw > 0] if is_log else raw[~np.isnan(raw)]
        if len(known):
            known = np.log(known) if is_log else known
            low, high = np.quantile(known, [_WINSOR, 1 - _WINSOR])
            made.append(Column(at, source, "value", None, is_log, float(np.median(known)), float(low), float(high)))
        if is_log:
            made.append(Column(at, source, "zero"))
        made.append(Column(at, source, "missing"))
    return made


def _fit(design: Floats, band: NDArray[np.int64], bands: int, strength: float) -> tuple[Floats, Floats]:
    from scipy.optimize import minimize
    from scipy.special import expit

    n, k = design.shape
    rows = np.arange(n)

    def thresholds_of(free: Floats) -> Floats:
        # Gaps by their logarithm: thresholds rise whatever the search tries.
        return np.cumsum(np.concatenate([free[:1], np.exp(free[1:])]))

    def objective(parameters: Floats) -> tuple[float, Floats]:
        weights, free = parameters[:k], parameters[k:]
        above = expit((design @ weights)[:, None] - thresholds_of(free))
        # Edges: everybody lies above the bottom, nobody above the top.
        edged = np.column_stack([np.ones(n), above, np.zeros(n)])
        slope = edged * (1 - edged)
        probability = np.maximum(edged[rows, band] - edged[rows, band + 1], 1e-12)
        loss = strength * -np.log(probability).sum() + weights @ weights / 2
        pull = (slope[rows, band] - slope[rows, band + 1]) / probability
        # Of threshold j: people just above it are lost when it rises, people just below it are won.
        lost = np.bincount(band, slope[rows, band] / probability, bands)[1:]
        won = np.bincount(band, slope[rows, band + 1] / probability, bands)[:-1]
        by_threshold = lost - won
        # A free parameter moves its own threshold and all above it.
        reach = np.cumsum(by_threshold[::-1])[::-1] * np.concatenate([[1.0], np.exp(free[1:])])
        return loss, np.concatenate([-strength * (design.T @ pull) + weights, strength * reach])

    share = np.array([np.clip((band > at).mean(), 0.01, 0.99) for at in range(bands - 1)])
    start = -np.log(share / (1 - share))
    gaps = np.log(np.maximum(np.diff(start), 0.05))
    first = np.concatenate([np.zeros(k), start[:1], gaps])
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-8})
    return found.x[:k], thresholds_of(found.x[k:])
