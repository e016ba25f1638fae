"""Tree member: shallow LightGBM, stored as LightGBM's own text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.config import TreeSettings
from ml.explain.additive import Contributions, TreeExplainer

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TreeMember:
    """A fitted LightGBM model.

    Attributes
    ----------
    booster : lightgbm.Booster
    fill : ndarray of shape (k,)
        Median of each feature that had no gap in training, NaN for the others. LightGBM reads a gap in a
        feature that never had one as the number 0, which is a value like any other; the median says
        "nothing known".
    """

    booster: "lgb.Booster"
    fill: Floats

    kind = "trees"

    @classmethod
    def fit(cls, X: Floats, y: Floats, settings: TreeSettings, signs: Sequence[int], seed: int) -> "TreeMember":
        """Fit on ``X`` of shape (n, k) and ``y`` of shape (n,); ``signs`` become monotone constraints."""
        import lightgbm as lgb

        parameters = {
            "objective": "binary",
            "max_depth": settings.depth,
            "num_leaves": 2**settings.depth,
            "learning_rate": settings.learning_rate,
            "min_data_in_leaf": settings.min_rows_in_leaf,
            "min_sum_hessian_in_leaf": settings.min_hessian_in_leaf,
            "lambda_l2": settings.penalty,
            "feature_fraction": settings.feature_fraction,
            "bagging_fraction": settings.row_fraction,
            "bagging_freq": 1,
            "monotone_constraints": list(signs),
            "feature_pre_filter": False,
            # One thread and a fixed layout: the same bytes on every machine.
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "seed": seed,
            "verbose": -1,
        }
        gaps = np.isnan(X).any(axis=0)
        fill = np.full(X.shape[1], np.nan)
        fill[~gaps] = np.median(X[:, ~gaps], axis=0)
        booster = lgb.train(parameters, lgb.Dataset(X, y, params=parameters), settings.rounds)
        return cls(booster, fill)

    def contributions(self, X: Floats) -> Contributions:
        """Exact TreeSHAP contributions."""
        return self._explainer.contributions(self._filled(X))

    @cached_property
    def _explainer(self) -> TreeExplainer:
        return TreeExplainer.of(self.booster)

    def log_odds(self, X: Floats) -> Floats:
        """Log-odds of shape (n,)."""
        return np.asarray(self.booster.predict(self._filled(X), raw_score=True), dtype=float)

    def _filled(self, X: Floats) -> Floats:
        return np.where(np.isnan(X), self.fill, X)

    def to_dict(self) -> dict[str, Any]:
        """LightGBM text beside the fill values; NaN is written as null."""
        fill = [None if np.isnan(value) else value for value in self.fill.tolist()]
        return {"kind": self.kind, "fill": fill, "text": self.booster.model_to_string()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "TreeMember":
        """Inverse of :meth:`to_dict`."""
        import lightgbm as lgb

        fill = np.array([np.nan if value is None else value for value in stored["fill"]], dtype=float)
        return cls(lgb.Booster(model_str=stored["text"]), fill)
