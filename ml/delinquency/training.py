"""Train a default model: check, measure by nested cross-validation, choose, fit on everything."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.config import TrainingConfig
from ml.delinquency.errors import FeatureError, OneClassError
from ml.delinquency.frame import pick, to_numbers
from ml.delinquency.model import TrainedModel
from ml.delinquency.validation import NestedResult, Selection, fit_member, nested_cross_validation, select
from ml.evaluate.report import by_vintage, summarise
from ml.explain.catalogue import catalogue_version, expected_signs

Floats = NDArray[np.float64]


def train(
    frame: pd.DataFrame,
    target: str | Sequence[object],
    *,
    features: Sequence[str],
    time: str | Sequence[object] | None = None,
    group: str | Sequence[object] | None = None,
    config: TrainingConfig | None = None,
    catalogue: Any = None,
    model_name: str = "origination_pd",
    target_definition: str | None = None,
) -> TrainedModel:
    """Train on one row an exposure and report honest figures.

    Parameters
    ----------
    frame : pandas.DataFrame of n rows
        Features and, by name, the other columns. The order of the rows does not matter.
    target : str or sequence of length n
        1 or True for bad.
    features : sequence of str
        Feature columns, in the order the model keeps.
    time : str or sequence, optional
        Date of each exposure, for the data window and the figures by vintage (its year). Never a feature.
    group : str or sequence, optional
        Golden record; its rows are never split between training and test.
    config : TrainingConfig, optional
        Candidates, folds, seed, bands.
    catalogue : mapping or Catalogue, optional
        Gives the expected signs and the version that scoring will insist on.
    model_name, target_definition : str
        Recorded with the model; the definition defaults to the target's column name.

    Returns
    -------
    TrainedModel
        With ``metrics``, ``metadata`` and ``out_of_fold``.

    Raises
    ------
    OneClassError
        If good or bad outcomes are absent or too few.
    FeatureError
        If a feature is absent, not numeric or infinite, or if none of them varies.
    """
    # Loaded before the limit is set: it holds only for libraries that are there already.
    import lightgbm  # noqa: F401
    import scipy.optimize  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    config = config or TrainingConfig()
    names = tuple(features)
    if len(set(names)) != len(names):
        raise FeatureError(f"features are named twice: {sorted({n for n in names if names.count(n) > 1})}")
    y = _outcome(pick(frame, target, "target"))
    when = pick(frame, time, "time")
    who = pick(frame, group, "group")
    X = to_numbers(frame, names)
    groups = np.arange(len(y)) if who is None else pd.factorize(who.astype(str), sort=True)[0]
    _check_classes(y, groups, config)
    _check_features(X, names)
    signs = expected_signs(catalogue, names) if config.use_expected_signs else dict.fromkeys(names, 0)
    sign_list = [signs[name] for name in names]

    # One order of rows whatever the frame's: folds and trees depend on it, and a query promises none.
    order = np.lexsort((*X.T[::-1], y, groups if who is not None else np.zeros(len(y))))
    X, y = X[order], y[order]
    groups = groups[order] if who is not None else np.arange(len(y))
    # One thread: thousands of tiny fits lose most of their time to threads waiting for each other, and sums
    # over several threads need not give the same bytes.
    with threadpool_limits(limits=1):
        nested = nested_cross_validation(X, y, groups, sign_list, config)
        selection = select(X, y, groups, sign_list, config, config.seed, repeats=config.repeats)
        members = tuple(fit_member(X, y, one, sign_list, config.seed) for one in selection.candidate.members)

    vintage = None if when is None else pd.to_datetime(when).dt.year.astype(str).to_numpy()[order]
    definition = target_definition or (target if isinstance(target, str) else "bad")
    return TrainedModel(
        model_name=model_name,
        target=definition,
        algorithm=selection.candidate.name,
        features=names,
        catalogue_version=catalogue_version(catalogue),
        members=members,
        link=selection.link,
        bands=config.bands,
        usual=_medians(X, names),
        max_missing_share=config.max_missing_share,
        seed=config.seed,
        metadata={
            "features": list(names),
            "catalogue_version": catalogue_version(catalogue),
            "expected_signs": signs,
            "seed": config.seed,
            "config": config.to_dict(),
            "data_window": _window(when, len(y), int(y.sum()), len(np.unique(groups))),
            "metrics": _metrics(y, groups, vintage, nested, selection, config),
        },
        out_of_fold=_out_of_fold(frame.index[order], y, vintage, nested.probability),
    )


def _outcome(given: "pd.Series[Any] | None") -> Floats:
    assert given is not None
    if given.isna().any():
        raise OneClassError(
            f"target is missing in {int(given.isna().sum())} of {len(given)} rows; leave out rows without an outcome"
        )
    y: Floats = np.asarray(given.astype(float), dtype=np.float64)
    unknown = sorted(set(y.tolist()) - {0.0, 1.0})
    if unknown:
        raise OneClassError(f"target holds {unknown[:5]}; expected 0 and 1 (or False and True) only")
    return y


def _check_classes(y: Floats, groups: NDArray[np.intp], config: TrainingConfig) -> None:
    need = max(config.min_class_count, config.outer_folds + config.inner_folds)
    for value, word in ((1, "bad"), (0, "good")):
        rows, people = int((y == value).sum()), len(np.unique(groups[y == value]))
        if people < need:
            raise OneClassError(
                f"{rows} {word} outcomes of {people} groups in {len(y)} rows; "
                f"expected at least {need} groups. "
                "Widen the data window, or lower min_class_count and the folds knowingly."
            )


def _check_features(X: Floats, names: Sequence[str]) -> None:
    known = ~np.isnan(X)
    low = np.where(known, X, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, X, -np.inf).max(axis=0, initial=-np.inf)
    gaps = known.any(axis=0) & ~known.all(axis=0)
    if not ((low < high) | gaps).any():
        raise FeatureError(f"none of the {len(names)} features varies: each is constant or wholly missing")


def _medians(X: Floats, names: Sequence[str]) -> dict[str, float | None]:
    medians: dict[str, float | None] = dict.fromkeys(names)
    for at in np.flatnonzero(~np.isnan(X).all(axis=0)).tolist():
        medians[names[at]] = float(np.nanmedian(X[:, at]))
    return medians


def _window(when: "pd.Series[Any] | None", n: int, n_bad: int, n_groups: int) -> dict[str, Any]:
    window: dict[str, Any] = {"rows": n, "bad": n_bad, "groups": n_groups, "first": None, "last": None}
    if when is not None:
        days = pd.to_datetime(when)
        window |= {"first": days.min().date().isoformat(), "last": days.max().date().isoformat()}
    return window


def _metrics(
    y: Floats,
    groups: NDArray[np.intp],
    vintage: NDArray[Any] | None,
    nested: NestedResult,
    selection: Selection,
    config: TrainingConfig,
) -> dict[str, Any]:
    options: dict[str, Any] = {"group": groups, "resamples": config.resamples, "seed": config.seed}
    vintages = [] if vintage is None else _records(by_vintage(y, nested.probability, vintage, **options))
    return {
        "overall": summarise(y, nested.probability, **options),
        "by_vintage": vintages,
        "chosen": {name: count for name, count in nested.chosen.items() if count},
        "final_losses": selection.losses,
        "repeats": config.repeats,
        "outer_folds": config.outer_folds,
        "inner_folds": config.inner_folds,
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON types; missing is None."""
    return [
        {str(key): (None if pd.isna(value) else value) for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _out_of_fold(index: pd.Index, y: Floats, vintage: NDArray[Any] | None, probability: Floats) -> pd.DataFrame:
    table = pd.DataFrame({"target": y.astype(int), "probability": probability.mean(axis=0)}, index=index)
    if vintage is not None:
        table.insert(1, "vintage", vintage)
    repeats = [f"repeat_{number + 1}" for number in range(len(probability))]
    return table.assign(**dict(zip(repeats, probability, strict=True)))
