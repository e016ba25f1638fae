"""Boosted member: one shallow LightGBM for each bound ("above it or not"), stored as LightGBM's own text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.explain.additive import tree_contributions
from ml.income.config import IncomeConfig
from ml.income.evidence import Evidence

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TreesMember:
    """Fitted boosters and the columns they read.

    Attributes
    ----------
    columns : tuple of (concept, source, level)
        ``level`` of a category, None for a number; numbers stand as they are, missing where missing.
    boosters : tuple of lightgbm.Booster
        One a bound, from the lowest.
    """

    columns: tuple[tuple[int, str, str | None], ...]
    boosters: "tuple[lgb.Booster, ...]"

    kind = "trees"

    @classmethod
    def fit(cls, evidence: Evidence, band: NDArray[np.int64], bands: int, config: IncomeConfig) -> "TreesMember":
        """Fit one booster a bound; one thread and a fixed layout, so that equal data give equal bytes."""
        import lightgbm as lgb

        columns: list[tuple[int, str, str | None]] = []
        for at, concept in enumerate(evidence.concepts):
            for source in concept.columns:
                if concept.kind == "category":
                    counts = evidence.frame[source].value_counts()
                    kept = sorted(str(level) for level, count in counts.items() if count >= config.tree_min_rows)
                    columns += [(at, source, level) for level in kept]
                else:
                    columns.append((at, source, None))
        design = _design(evidence, columns)
        parameters = {
            "objective": "binary", "max_depth": config.tree_depth, "num_leaves": 2**config.tree_depth,
            "learning_rate": config.tree_rate, "min_data_in_leaf": config.tree_min_rows, "lambda_l2": 5.0,
            "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "feature_pre_filter": False,
            "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": config.seed, "verbose": -1,
            # A gap in a column that had none in training would otherwise be read as the number 0.
            "use_missing": True, "zero_as_missing": False,
        }  # fmt: skip
        boosters = tuple(
            lgb.train(parameters, lgb.Dataset(design, (band > at).astype(float), params=parameters), config.tree_rounds)
            for at in range(bands - 1)
        )
        return cls(tuple(columns), boosters)

    def log_odds(self, evidence: Evidence) -> Floats:
        """Log-odds of lying above each bound, shape (n, bands - 1)."""
        design = _design(evidence, self.columns)
        return np.column_stack([np.asarray(b.predict(design, raw_score=True), dtype=float) for b in self.boosters])

    def contributions(self, evidence: Evidence) -> Floats:
        """TreeSHAP of each concept on each of the log-odds: shape (bands - 1, n, concepts)."""
        design = _design(evidence, self.columns)
        found = np.zeros((len(self.boosters), len(evidence), len(evidence.concepts)))
        for bound, booster in enumerate(self.boosters):
            values = tree_contributions(booster, design).values
            for at, (concept, _, _) in enumerate(self.columns):
                found[bound, :, concept] += values[:, at]
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "kind": self.kind,
            "columns": [list(column) for column in self.columns],
            "texts": [booster.model_to_string() for booster in self.boosters],
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "TreesMember":
        """Inverse of :meth:`to_dict`."""
        import lightgbm as lgb

        columns = tuple((int(at), str(source), level) for at, source, level in stored["columns"])
        return cls(columns, tuple(lgb.Booster(model_str=text) for text in stored["texts"]))


def _design(
    evidence: Evidence, columns: "list[tuple[int, str, str | None]] | tuple[tuple[int, str, str | None], ...]"
) -> Floats:
    return np.column_stack(
        [
            evidence.number(source)
            if level is None
            else (evidence.frame[source].to_numpy(object) == level).astype(float)
            for _, source, level in columns
        ]
    )
