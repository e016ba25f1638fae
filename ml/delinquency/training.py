"""Train a default model on any table: look at it, put it in order, learn in the way that suits its size."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.config import TrainingConfig
from ml.delinquency.encoding import Encoder, learn_encoder
from ml.delinquency.errors import FeatureError, OneClassError
from ml.delinquency.frame import named, pick
from ml.delinquency.identifiers import IN_ORDER_OF_TIME
from ml.delinquency.learning import Judged, Learnt, learn_held_out, learn_nested, treatment_of
from ml.delinquency.model import TrainedModel
from ml.delinquency.outcome import as_days, codes_of, guess_in_words, labels_of, outcome
from ml.delinquency.parts import design_parts
from ml.delinquency.population import Ranges
from ml.delinquency.screening import (
    check_that_something_varies,
    leak_warnings,
    monotone_signs,
    rarity_warnings,
    silent_identifiers,
)
from ml.delinquency.table import Table, row_order
from ml.explain.catalogue import catalogue_version, entries_of

Floats = NDArray[np.float64]


def train(
    frame: pd.DataFrame,
    target: str | Sequence[object],
    time: str | Sequence[object] | None = None,
    group: str | Sequence[object] | None = None,
    config: TrainingConfig | Mapping[str, Any] | None = None,
    *,
    features: Sequence[str] | None = None,
    catalogue: Any = None,
    model_name: str = "origination_pd",
    target_definition: str | None = None,
) -> TrainedModel:
    """Train on one row an exposure and report honest figures.

    A small table (at most 300 bad and 5,000 rows, see ``TrainingConfig``) is measured by nested cross-validation, a
    larger one on parts held out: by time where it is given. The order of rows and of the frame's columns does not
    matter.

    Parameters
    ----------
    frame : pandas.DataFrame of n rows
        Features and, by name, the other columns: numbers, booleans, text, categories, dates.
    target : str or sequence of length n
        1 or True for bad, or two labels, see ``TrainingConfig.bad_label``.
    time : str or sequence, optional
        Date of each exposure. Never a feature; dates among the features become days before it.
    group : str or sequence, optional
        Golden record; its rows are never split between learning and test.
    config : TrainingConfig or mapping, optional
        Candidates, parts, folds, seed, bands; a mapping has the names of its settings.
    features : sequence of str, optional
        Feature columns, in the order the model keeps. Not given: every other column that something can be learnt
        from, by name; what is left out and why is in ``metadata["dropped"]``.
    catalogue : mapping or Catalogue, optional
        Gives the expected signs and the version that scoring will insist on. What it describes must be a number.
    model_name, target_definition : str
        Recorded with the model; the definition defaults to the target's column name.

    Returns
    -------
    TrainedModel
        With ``metrics``, ``metadata``, ``outcomes``, ``training_probability``, and ``out_of_fold`` where nested.

    Raises
    ------
    OneClassError
        If outcomes are missing or unclear, or good or bad ones are absent or too few.
    FeatureError
        If a feature is absent, infinite, or text where the catalogue says number, or if none of them varies.
    """
    # Loaded before the limit is set: it holds only for libraries that are there already.
    import lightgbm  # noqa: F401
    import scipy.optimize  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    config = TrainingConfig.of(config)
    if not isinstance(frame, pd.DataFrame):
        raise FeatureError(
            f"frame is a {type(frame).__name__}; expected a pandas.DataFrame, such as "
            "pandas.DataFrame(array, columns=[...])"
        )
    target, time, group = (named(frame, given) for given in (target, time, group))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if frame.columns.has_duplicates:
        raise FeatureError(f"columns stand twice: {sorted(set(frame.columns[frame.columns.duplicated()]))[:10]}")
    told = _present(pick(frame, target, "target"))
    y = outcome(told, config.bad_label)
    labels = labels_of(told, y)
    when, who = pick(frame, time, "time"), pick(frame, group, "group")
    if who is not None and who.isna().any():
        raise FeatureError(
            f"group is missing in {int(who.isna().sum())} of {len(who)} rows; give each row its person, or itself"
        )
    groups = None if who is None else codes_of(who)
    _check_classes(y, np.arange(len(y)) if groups is None else groups, config)
    days = None if when is None else as_days(when)
    given = [name for name in (target, time, group) if isinstance(name, str)]
    encoder = _encoder(frame, features, given, catalogue, days)
    X = encoder.numbers(frame, days)
    is_held_out = config.is_held_out(len(y), int(y.sum()))
    if encoder.suspects:
        rows = _rows_to_ask(y, groups, days, len(encoder.names), config, is_held_out)
        drawn = silent_identifiers(X[rows], y[rows], encoder.names, encoder.suspects)
        X = np.delete(X, [encoder.names.index(name) for name in drawn], axis=1)
        encoder = _tell_of_suspects(encoder, drawn).without(drawn)
    check_that_something_varies(X, encoder.names)
    signs = dict.fromkeys(encoder.names, 0)
    if config.use_expected_signs:
        # Mean, greatest and last value have a direction; a deviation, a least value or a trend can mean either.
        signs = monotone_signs(catalogue, encoder.names)

    order = row_order(X, y, groups, days)
    table = Table(
        X=X[order],
        y=y[order],
        groups=np.arange(len(y)) if groups is None else groups[order],
        days=None if days is None else days[order],
        names=encoder.names,
        signs=tuple(signs[name] for name in encoder.names),
        levels=encoder.levels,
    )
    # One thread: thousands of tiny fits lose most of their time to threads waiting for each other, and sums
    # over several threads need not give the same bytes.
    with threadpool_limits(limits=1):
        learnt = (learn_held_out if is_held_out else learn_nested)(table, config)

    index = frame.index[order]
    return TrainedModel(
        model_name=model_name,
        target=target_definition or (target if isinstance(target, str) else "bad"),
        algorithm=learnt.algorithm,
        features=encoder.names,
        catalogue_version=catalogue_version(catalogue),
        members=learnt.members,
        link=learnt.link,
        bands=config.bands,
        usual=_usual(table),
        max_missing_share=config.max_missing_share,
        seed=config.seed,
        metadata=_metadata(table, learnt, encoder, signs, catalogue, config, labels),
        out_of_fold=None if is_held_out else _out_of_fold(index, table, learnt.judged.probability),
        encoder=encoder if any(column.kind != "number" for column in encoder.columns) else None,
        outcomes=_outcomes(index, table, learnt.judged, when, who, order),
        training_probability=learnt.training_probability,
    )


def _present(given: "pd.Series[Any] | None") -> "pd.Series[Any]":
    assert given is not None
    return given


def _encoder(
    frame: pd.DataFrame, features: Sequence[str] | None, given: Sequence[str], catalogue: Any, days: Any
) -> Encoder:
    keep = features is not None
    names = [name for name in frame.columns if name not in given] if features is None else [str(f) for f in features]
    if len(set(names)) != len(names):
        raise FeatureError(f"features are named twice: {sorted({n for n in names if names.count(n) > 1})}")
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise FeatureError(f"the frame lacks {len(absent)} of {len(names)} features: {absent[:10]}")
    if target_like := sorted(set(names) & set(given)):
        raise FeatureError(f"features name {target_like}, which are target, time or group; leave them out")
    encoder = learn_encoder(
        frame,
        names if keep else sorted(names),
        numeric=frozenset(entries_of(catalogue)),
        keep=keep,
        days=days,
        asks_outcome=True,
    )
    if not encoder.columns:
        raise FeatureError(f"nothing can be learnt from any of {len(names)} columns: {encoder.dropped}")
    return encoder


def _rows_to_ask(
    y: Floats,
    groups: NDArray[np.intp] | None,
    days: NDArray[np.datetime64] | None,
    n_features: int,
    config: TrainingConfig,
    is_held_out: bool,
) -> NDArray[np.bool_]:
    """Rows whose outcomes say which suspected identifiers are features: those before the test, where it is by time.

    Otherwise every row is tested in its turn, and all are asked: one in fifty columns of drawn numbers is kept.
    """
    if days is None or not is_held_out:
        return np.ones(len(y), dtype=bool)
    people = np.arange(len(y)) if groups is None else groups
    # The order of rows decides which people are held out, not when the test begins.
    design = design_parts(y, people, days, n_features, config)
    if not design.by_time:
        return np.ones(len(y), dtype=bool)
    return np.asarray(days < min(days[split.test].min() for split in design.splits))


def _tell_of_suspects(encoder: Encoder, drawn: Mapping[str, str]) -> Encoder:
    """The encoder with a warning of each suspect that is kept, and of each that follows time."""
    said = []
    for name, how in encoder.suspects.items():
        looks = f"feature {name}: whole numbers, each once, {how}, as those of an identifier"
        if name not in drawn:
            said.append(
                f"{looks}; kept, for they say something of the outcome. If it names rows, leave it out or call it "
                f"{name}_id"
            )
        elif how == IN_ORDER_OF_TIME:
            said.append(f"{looks}; left out, for they say nothing of the outcome. If it is measured, name the features")
    return replace(encoder, warnings=(*encoder.warnings, *said))


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


def _usual(table: Table) -> dict[str, float | None]:
    """Median of each number, commonest level of the others; None where training had no value."""
    usual: dict[str, float | None] = dict.fromkeys(table.names)
    for at in np.flatnonzero(~np.isnan(table.X).all(axis=0)).tolist():
        column = table.X[:, at]
        if table.levels[at]:
            usual[table.names[at]] = float(np.bincount(column[~np.isnan(column)].astype(int)).argmax())
        else:
            usual[table.names[at]] = float(np.nanmedian(column))
    return usual


def _metadata(
    table: Table,
    learnt: Learnt,
    encoder: Encoder,
    signs: dict[str, int],
    catalogue: Any,
    config: TrainingConfig,
    labels: dict[str, str],
) -> dict[str, Any]:
    window = {"rows": len(table.y), "bad": table.n_bad, "groups": len(np.unique(table.groups))}
    first, last = (None, None) if table.days is None else (str(table.days.min()), str(table.days.max()))
    return {
        "features": list(table.names),
        "levels": {column.name: list(column.levels) for column in encoder.columns if column.levels},
        "dropped": encoder.dropped,
        "labels": labels,
        "warnings": [
            *guess_in_words(labels, config.bad_label),
            *encoder.warnings,
            *leak_warnings(table.X, table.y, table.names, table.levels),
            *rarity_warnings(len(table.y), table.n_bad),
        ],
        "catalogue_version": catalogue_version(catalogue),
        "expected_signs": signs,
        "seed": config.seed,
        "config": replace(config, candidates=config.candidates_for(len(table.y), table.n_bad)).to_dict(),
        "data_window": window | {"first": first, "last": last},
        "ranges": Ranges.of(table.X, table.levels).to_dict(),
        "design": learnt.design,
        **learnt.remarks,
        **treatment_of(learnt.members, table.names),
        "reasons": "contributions are exact and additive on the calibrated log-odds; the link is linear in them",
        "metrics": learnt.metrics,
    }


def _out_of_fold(index: pd.Index, data: Table, probability: Floats) -> pd.DataFrame:
    table = pd.DataFrame({"target": data.y.astype(int), "probability": probability.mean(axis=0)}, index=index)
    if data.days is not None:
        table.insert(1, "vintage", data.days.astype("datetime64[Y]").astype(str))
    repeats = [f"repeat_{number + 1}" for number in range(len(probability))]
    return table.assign(**dict(zip(repeats, probability, strict=True)))


def _outcomes(
    index: pd.Index,
    table: Table,
    judged: Judged,
    when: "pd.Series[Any] | None",
    who: "pd.Series[Any] | None",
    order: NDArray[np.intp],
) -> pd.DataFrame:
    at = order[judged.rows]
    columns = {
        "target": table.y[judged.rows].astype(int),
        "probability": judged.probability.mean(axis=0),
        "time": None if table.days is None else table.days[judged.rows],
        "group": None if who is None else who.iloc[at].array,
        "part": judged.part,
        **{f"probability_{name}": probability for name, probability in judged.challengers.items()},
    }
    return pd.DataFrame(columns, index=index[judged.rows])
