"""Tree member: shallow LightGBM, stored as LightGBM's own text, with what is done to a row before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.clipping import clip_at
from ml.delinquency.config import TreeSettings
from ml.explain.additive import Contributions, TreeExplainer

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# Rows at the base rate that a level is given before levels are put in order of their bad rate.
_LEVEL_SMOOTHING = 20.0
# More levels than this are valued by other rows than the one that is learnt from.
_FEW_LEVELS = 12
_LEVEL_FOLDS = 5


@dataclass(frozen=True)
class TreeMember:
    """A fitted LightGBM model on ``m`` of ``k`` features.

    Attributes
    ----------
    booster : lightgbm.Booster
    fill : ndarray of shape (k,)
        Median of each feature that had no gap in training, NaN for the others. LightGBM reads a gap in a
        feature that never had one as the number 0, which is a value like any other; the median says
        "nothing known". Where training had gaps, LightGBM has learnt which way they go.
    cap : ndarray of shape (k,), optional
        Greatest value that a feature counts with; infinite where the tail is left whole.
    ranks : dict
        Position of a feature with levels to the number of each level: the rank by bad rate in training where there are
        few levels, else the smoothed log-odds of bad.
    used : tuple of int, optional
        Positions of the features the booster knows; the others were pruned.
    products : tuple of (int, int)
        Pairs of features whose product is a further column of the booster; half of what it adds is told of each.
    """

    booster: "lgb.Booster"
    fill: Floats
    cap: Floats | None = None
    ranks: dict[int, Floats] | None = None
    used: tuple[int, ...] | None = None
    products: tuple[tuple[int, int], ...] = ()

    kind = "trees"

    @classmethod
    def fit(
        cls,
        X: Floats,
        y: Floats,
        settings: TreeSettings,
        signs: Sequence[int],
        seed: int,
        levels: Sequence[int] = (),
        *,
        stop: tuple[Floats, Floats] | None = None,
        rounds: int | None = None,
        used: Sequence[int] | None = None,
        products: Sequence[tuple[int, int]] = (),
        groups: Integers | None = None,
    ) -> "TreeMember":
        """Fit; what is done to rows before the booster sees them is learnt from the same rows.

        Parameters
        ----------
        X, y : ndarray
            Shapes (n, k) and (n,).
        settings : TreeSettings
            Depth, rate, penalties.
        signs : sequence of int
            Monotone constraints.
        seed : int
            Draws rows and features of each tree.
        levels : sequence of int
            Number of levels of each feature, 0 for a number.
        stop : (ndarray, ndarray), optional
            Rows whose log loss ends the boosting, where ``settings.patience`` is above 0.
        rounds : int, optional
            Trees; those of ``settings`` where not given.
        used, products
            See the attributes.
        groups : ndarray of shape (n,), optional
            Person of each row: none of a person's rows says what a level is worth to another.
        """
        import lightgbm as lgb

        gaps: NDArray[np.bool_] = np.asarray(np.isnan(X).any(axis=0))
        fill = np.full(X.shape[1], np.nan)
        fill[~gaps] = np.median(X[:, ~gaps], axis=0)
        cap = None if settings.clip is None else clip_at(X, y, settings.clip, levels)
        ranks = {at: _level_values(X[:, at], y, count) for at, count in enumerate(levels) if count}
        for at, rank in ranks.items():
            if not gaps[at]:
                fill[at] = np.median(rank[X[:, at].astype(int)])
        chosen = None if used is None else tuple(used)
        prepared = cls(None, fill, cap, ranks or None, chosen, tuple(products))
        held = [0 if levels and levels[at] else signs[at] for at in (chosen or range(X.shape[1]))]
        parameters = _parameters(settings, [*held, *([0] * len(products))], seed)
        data = lgb.Dataset(
            prepared.design(X, own=_own_values(X, y, levels, seed, groups)), y, params=parameters, free_raw_data=True
        )
        booster = _boost(parameters, data, settings, rounds, prepared, stop)
        return cls(booster, fill, cap, ranks or None, chosen, tuple(products))

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return int(self.booster.num_trees())

    def design(self, X: Floats, own: dict[int, Floats] | None = None) -> Floats:
        """What the booster sees of rows of shape (n, k): shape (n, m + products).

        ``own`` holds columns of features with levels as the rows learnt from are told them, see ``_own_values``.
        """
        Z = X if self.cap is None else np.minimum(X, self.cap)
        if self.ranks:
            Z = Z.copy()
            for at, rank in self.ranks.items():
                known = ~np.isnan(X[:, at])
                told = (own or {}).get(at)
                Z[known, at] = rank[X[known, at].astype(int)] if told is None else told[known]
        Z = np.where(np.isnan(Z), self.fill, Z)
        if self.products:
            first, second = np.array(self.products).T
            extra = Z[:, first] * Z[:, second]
            return np.hstack([Z if self.used is None else Z[:, list(self.used)], extra])
        return Z if self.used is None else Z[:, list(self.used)]

    def contributions(self, X: Floats) -> Contributions:
        """Exact TreeSHAP contributions of the k features."""
        found = self._explainer.contributions(self.design(X))
        if self.used is None and not self.products:
            return found
        used = list(range(X.shape[1]) if self.used is None else self.used)
        values = np.zeros(X.shape)
        values[:, used] = found.values[:, : len(used)]
        for number, (first, second) in enumerate(self.products, start=len(used)):
            values[:, first] += 0.5 * found.values[:, number]
            values[:, second] += 0.5 * found.values[:, number]
        return Contributions(values, found.base)

    @cached_property
    def _explainer(self) -> TreeExplainer:
        return TreeExplainer.of(self.booster)

    def log_odds(self, X: Floats) -> Floats:
        """Log-odds of shape (n,)."""
        return np.asarray(self.booster.predict(self.design(X), raw_score=True), dtype=float)

    def to_dict(self) -> dict[str, Any]:
        """LightGBM text beside the rest; NaN and infinity are written as null."""
        stored: dict[str, Any] = {"kind": self.kind, "fill": _finite(self.fill)}
        stored["cap"] = None if self.cap is None else _finite(self.cap)
        stored["ranks"] = {str(at): rank.tolist() for at, rank in (self.ranks or {}).items()}
        stored["used"] = None if self.used is None else list(self.used)
        stored["products"] = [list(pair) for pair in self.products]
        return stored | {"text": self.booster.model_to_string()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "TreeMember":
        """Inverse of :meth:`to_dict`."""
        import lightgbm as lgb

        cap, used = stored.get("cap"), stored.get("used")
        try:
            booster = lgb.Booster(model_str=stored["text"])
        except lgb.basic.LightGBMError as error:
            raise ValueError(f"LightGBM cannot read its trees: {error}") from error
        return cls(
            booster,
            _numbers(stored["fill"], np.nan),
            None if cap is None else _numbers(cap, np.inf),
            {int(at): np.array(rank, dtype=float) for at, rank in stored.get("ranks", {}).items()} or None,
            None if used is None else tuple(used),
            tuple((first, second) for first, second in stored.get("products", ())),
        )


def important_features(
    X: Floats,
    y: Floats,
    settings: TreeSettings,
    signs: Sequence[int],
    seed: int,
    levels: Sequence[int],
    *,
    below: float,
    rounds: int = 60,
    groups: Integers | None = None,
) -> tuple[int, ...]:
    """Positions of the features with at least a share ``below`` of the total gain, never none.

    Learnt on the training rows alone, by a short and quick boosting of its own.
    """
    quick = replace(settings, learning_rate=0.1)
    member = TreeMember.fit(X, y, quick, signs, seed, levels, rounds=rounds, groups=groups)
    gain = np.asarray(member.booster.feature_importance("gain"), dtype=float)
    if gain.sum() == 0.0:
        return tuple(range(X.shape[1]))
    return tuple(np.flatnonzero(gain / gain.sum() >= min(below, gain.max() / gain.sum())).tolist())


def _parameters(settings: TreeSettings, signs: list[int], seed: int) -> dict[str, Any]:
    return {
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
        "monotone_constraints": signs,
        "feature_pre_filter": False,
        # One thread and a fixed layout: the same bytes on every machine.
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }


def _boost(
    parameters: dict[str, Any],
    data: "lgb.Dataset",
    settings: TreeSettings,
    rounds: int | None,
    prepared: TreeMember,
    stop: tuple[Floats, Floats] | None,
) -> "lgb.Booster":
    import lightgbm as lgb

    if not settings.patience or stop is None:
        return lgb.train(parameters, data, rounds or settings.rounds)
    held_out = lgb.Dataset(prepared.design(stop[0]), stop[1], reference=data, params=parameters)
    booster = lgb.train(
        parameters | {"metric": "binary_logloss"},
        data,
        rounds or settings.rounds,
        valid_sets=[held_out],
        callbacks=[lgb.early_stopping(settings.patience, verbose=False)],
    )
    # Read back without the trees after the best one: whoever walks the trees then sees those that count.
    return lgb.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))


def _level_values(codes: Floats, y: Floats, count: int) -> Floats:
    """A number for each level: its rank by smoothed bad rate, or the log-odds of that rate where levels are many.

    A level without rows has the base rate.
    """
    known = ~np.isnan(codes)
    at = codes[known].astype(int)
    rows, bad = np.bincount(at, minlength=count), np.bincount(at, y[known], minlength=count)
    rate = (bad + _LEVEL_SMOOTHING * y.mean()) / (rows + _LEVEL_SMOOTHING)
    if count > _FEW_LEVELS:
        return np.asarray(np.log(rate) - np.log1p(-rate))
    rank = np.empty(count)
    rank[np.argsort(rate, kind="stable")] = np.arange(count)
    return rank


def _own_values(
    X: Floats, y: Floats, levels: Sequence[int], seed: int, groups: Integers | None = None
) -> dict[int, Floats]:
    """Columns of features with many levels for the rows that are learnt from, each valued by other people's rows.

    A row's own outcome is part of its level's rate: trees would learn to read it there, the more the rarer the level.
    So are the outcomes of the same person's other rows, which mostly are alike.
    """
    many = [at for at, count in enumerate(levels) if count > _FEW_LEVELS]
    if not many:
        return {}
    people = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    fold = (np.random.default_rng(seed).permutation(people.max() + 1) % _LEVEL_FOLDS)[people]
    found = {at: np.full(len(y), np.nan) for at in many}
    for number in range(_LEVEL_FOLDS):
        here = fold == number
        for at in many:
            known = here & ~np.isnan(X[:, at])
            found[at][known] = _level_values(X[~here, at], y[~here], levels[at])[X[known, at].astype(int)]
    return found


def _finite(values: Floats) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _numbers(stored: list[float | None], missing: float) -> Floats:
    return np.array([missing if value is None else value for value in stored], dtype=float)
