"""Exact contributions of shallow trees and reasons in words, beside LightGBM's own contributions in the same run.

30,000 and 1,000,000 people with 104 features, some of them with gaps and zeros; 200 trees of depth 3. LightGBM uses all
cores, the tables one. For the million, and at LightGBM's default depth, LightGBM explains fewer rows and its time is
scaled up: it takes the same time for every row.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np

from ml.explain import TreeExplainer, reasons, reasons_json
from ml.features import load_catalogue

PEOPLE, MANY, BLOCK = 30_000, 1_000_000, 100_000
FEATURES, TREES = 104, 200
DEEP_ROWS = 1_000
REPEATS = 3


def draw(generator: np.random.Generator, rows: int) -> np.ndarray:
    """Feature values: a third with gaps, a third with many zeros."""
    X = generator.normal(size=(rows, FEATURES))
    third = FEATURES // 3
    X[:, :third][generator.random((rows, third)) < 0.1] = np.nan
    np.maximum(X[:, third : 2 * third], 0.0, out=X[:, third : 2 * third])
    return X


def fit(X: np.ndarray, generator: np.random.Generator, **parameters: Any) -> lgb.Booster:
    """A booster on a default of one in ten that depends on all features."""
    z = np.nan_to_num(X) @ generator.normal(size=FEATURES) + 4 * generator.normal(size=len(X))
    given = {"objective": "binary", "learning_rate": 0.05, "feature_fraction": 0.5, "verbose": -1, "seed": 1}
    return lgb.train({**given, **parameters}, lgb.Dataset(X, (z > np.quantile(z, 0.9)).astype(float)), TREES)


def fastest(run: Callable[[], Any]) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def line(label: str, seconds: float, beside: float | None = None, note: str = "") -> None:
    """One row: seconds, and how many times faster than what stands beside it."""
    ratio = "" if beside is None else f"{beside / seconds:6.1f} times"
    print(f"  {label:<58}{seconds:8.3f} s  {ratio:<13}{note}")


def main() -> None:
    """Print the table."""
    generator = np.random.default_rng(20260930)
    X = draw(generator, PEOPLE)
    booster = fit(X, generator, max_depth=3, num_leaves=8)
    print(f"{FEATURES} features, {TREES} trees of depth 3; times faster than LightGBM's pred_contrib at the same trees")

    expected = np.asarray(booster.predict(X, pred_contrib=True))
    own = fastest(lambda: booster.predict(X, pred_contrib=True))
    making = fastest(lambda: TreeExplainer.of(booster))
    explainer = TreeExplainer.of(booster)
    parts = explainer.contributions(X)
    looked_up = fastest(lambda: explainer.contributions(X))
    off = max(np.abs(parts.values - expected[:, :-1]).max(), np.abs(parts.base - expected[:, -1]).max())
    line("tables, once a model", making)
    line(f"{PEOPLE:,} people, LightGBM", own)
    line(f"{PEOPLE:,} people, looked up", looked_up, own, f"largest difference {off:.1e}")

    many = 0.0
    for _ in range(MANY // BLOCK):
        block = draw(generator, BLOCK)
        started = time.perf_counter()
        explainer.contributions(block)
        many += time.perf_counter() - started
    line(f"{MANY:,} people, LightGBM, scaled from {PEOPLE:,}", own * MANY / PEOPLE)
    line(f"{MANY:,} people, looked up, {BLOCK:,} at a time", many, own * MANY / PEOPLE)

    deep = fit(X, generator)
    scaled = fastest(lambda: deep.predict(X[:DEEP_ROWS], pred_contrib=True)) * PEOPLE / DEEP_ROWS
    line(f"{PEOPLE:,} people, LightGBM at its default depth, from {DEEP_ROWS:,}", scaled)
    line(f"{PEOPLE:,} people, looked up at depth 3, beside that", looked_up, scaled)

    catalogue = load_catalogue()
    names = [*catalogue.names(), *(f"feature_{number}" for number in range(FEATURES))][:FEATURES]
    usual = dict(zip(names, np.nanmedian(X, axis=0).tolist(), strict=True))
    beyond = parts.relative_to(explainer.contributions(np.array([list(usual.values())])))
    given = {"usual": usual, "catalogue": catalogue}
    texts = reasons_json(beyond, X, names, **given)
    count = sum(len(json.loads(text)) for text in texts)
    line(
        f"{PEOPLE:,} people, reasons in words as JSON", fastest(lambda: reasons_json(beyond, X, names, **given)),
        note=f"{count:,} reasons",
    )  # fmt: skip
    line(f"{PEOPLE:,} people, reasons in words as lists", fastest(lambda: reasons(beyond, X, names, **given)))


if __name__ == "__main__":
    main()
