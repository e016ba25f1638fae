"""Learn an eligibility model from a CSV file or a frame: choose, calibrate, set thresholds, judge.

Every figure is of rows that neither the coefficients nor the calibration have learnt from. Rows are sorted first, so
their order decides nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.encoding import Encoder, learn_encoder
from ml.delinquency.outcome import codes_of
from ml.delinquency.parts import deal
from ml.delinquency.table import row_order
from ml.delinquency.validation import fit_link, probability_of
from ml.eligibility.calibration import choose_calibrator
from ml.eligibility.config import EligibilityConfig
from ml.eligibility.errors import EligibilityInputError, ProtectedColumnError, TooFewOutcomesError
from ml.eligibility.facts import Feature, column_numbers, features_of, merged
from ml.eligibility.judging import judge
from ml.eligibility.model import EligibilityModel
from ml.eligibility.piecewise import PiecewiseMember, PiecewiseSettings
from ml.eligibility.policy import SUPPORT_POLICY, Policy, policy_of_table
from ml.eligibility.reading import ID, check_facts, check_ids, check_target, numeric_where_possible, read_table
from ml.eligibility.thresholds import REVIEW, choose_thresholds, decide_known
from ml.evaluate.calibration import log_loss
from ml.fairness import protected_columns, stand_ins

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_GRID, _MOST_WHOLE = 100, 200
_MOST_GRADES = 12
# Beyond this correlation two columns can't be told apart by a regression; they are named, policy may merge them.
_COLLINEAR = 0.95


def train(
    csv_or_frame: str | Path | pd.DataFrame, target: str = "eligible", config: EligibilityConfig | None = None
) -> EligibilityModel:
    """Train on applications with known outcomes.

    Parameters
    ----------
    csv_or_frame : path or pandas.DataFrame
        The programme's columns (``SUPPORT_POLICY``) or any other numbers and categories; ``eid`` is the application.
    target : str
        Column with 1 (needs support) and 0.
    config : EligibilityConfig, optional
        Its own defaults where not given.

    Returns
    -------
    EligibilityModel
        Whatever the gates say: ``model.metadata["gates"]`` decides whether it may be promoted.

    Raises
    ------
    EligibilityInputError
        If the table is not what was announced; names file, line, column, value and what was expected.
    ProtectedColumnError
        If a protected characteristic is asked for as a feature.
    """
    config = config or EligibilityConfig()
    frame, source = read_table(csv_or_frame)
    y = check_target(frame, target, source, config.positive_label)
    least = int(min(y.sum(), len(y) - y.sum()))
    if least < config.min_class_count:
        raise TooFewOutcomesError(
            source, f"{least} rows of the rarer outcome", f"at least {config.min_class_count}", column=target
        )
    ids = check_ids(frame, source)
    held = {ID, target, *(name for name in (config.household, config.grade) if name)}
    for name in (config.household, config.grade, *config.group_columns):
        if name and name not in frame.columns:
            raise EligibilityInputError(source, f"no column {name}", "every column that the settings name")
    looks_protected = protected_columns(map(str, frame.columns), but=config.not_protected)
    refused = sorted({*looks_protected, *config.group_columns} - held)
    policy, encoder, dropped = _policy(frame, config, held | set(refused), refused, source)
    X = column_numbers(frame, policy, encoder, source)
    people = _people(frame, ids, config)
    order = row_order(X, y, people, None)
    X, y, ids, frame = X[order], y[order], ids.iloc[order], frame.iloc[order]
    people = np.arange(len(y)) if people is None else people[order]
    grades, focus = _grades(frame, y, config, source)

    features = features_of(policy)
    F = merged(X, features)
    usual = _usual(X, policy)
    chosen, raw, losses = _choose(F, y, grades, focus, people, features, config)
    calibration = choose_calibrator(raw, y, people, config.seed + 1)
    thresholds, found = choose_thresholds(y, calibration.held_out, config.targets)
    member = _fit(F, grades, focus, config.candidates_for(len(y))[chosen], features)
    model = EligibilityModel(
        target=target,
        algorithm=f"logistic regression, {chosen}",
        policy=policy,
        encoder=encoder,
        member=member,
        calibrator=calibration.calibrator,
        thresholds=thresholds,
        usual=usual,
        plausible=_plausible(F, features, policy),
        max_missing_share=config.max_missing_share,
        seed=config.seed,
    )
    decision = _held_out_decision(model, X, raw, calibration.held_out)
    metadata: dict[str, Any] = {
        "n_rows": len(y),
        "n_features": len(policy.facts),
        "base_rate": float(y.mean()),
        "training_data_sha256": hashlib.sha256(np.ascontiguousarray(np.c_[X, y]).tobytes()).hexdigest(),
        "refused_columns": dict.fromkeys(refused, "protected: fairness is measured on it, the model never sees it"),
        "set_aside": sorted({*refused, *(held - {ID, target}), *dropped}),
        "dropped_columns": dropped,
        "merged_columns": {merge.name: {"columns": list(merge.columns), "reason": merge.reason}
                           for merge in policy.merges},
        "collinear_columns": _collinear(F, features),
        "chosen": chosen,
        "candidate_log_loss": losses,
        "calibration": {"kind": calibration.calibrator.kind, "log_loss": calibration.losses},
        "thresholds": found,
        "config": _plain(config.to_dict()),
    }  # fmt: skip
    metadata |= judge(y, calibration.held_out, decision, people, frame[refused], config)
    return replace(
        model,
        metadata=metadata,
        out_of_fold=pd.DataFrame(
            {"target": y, "probability": calibration.held_out, "decision": decision}, index=pd.Index(ids, name=ID)
        ),
    )


def _policy(
    frame: pd.DataFrame, config: EligibilityConfig, held: set[str], refused: list[str], source: str
) -> tuple[Policy, Encoder | None, dict[str, str]]:
    """The policy of the table, how its columns are read, and why some are left out."""
    own = {str(column) for column in frame.columns}
    policy = config.policy
    if policy is None and config.features is None:
        shared = own & set(SUPPORT_POLICY.columns)
        policy = SUPPORT_POLICY if 2 * len(shared) >= len(SUPPORT_POLICY.columns) else None
    asked = policy.columns if policy is not None else config.features or ()
    reserved = held.difference(refused)
    if outcomes := [name for name in asked if name in reserved]:
        others = (
            f"features other than {', '.join(sorted(reserved))}: the application, its outcome, who belongs together"
        )
        raise EligibilityInputError(source, f"the features {', '.join(outcomes)}", others)
    if policy is not None and (config.signs or config.merges):
        stated = sorted({*config.signs, *(merge.name for merge in config.merges)})
        raise EligibilityInputError(
            source, f"signs or merges of {', '.join(stated)} beside the policy {policy.name}",
            "directions and merges of a policy in the policy itself",
        )  # fmt: skip
    protected = {*refused, *protected_columns(asked, but=config.not_protected)}
    if asked_protected := [name for name in asked if name in protected]:
        raise ProtectedColumnError(
            f"{', '.join(asked_protected)}: protected, and asked for as a feature; the model never sees sex, age, "
            "origin, disability, district or kind of household. Leave it out, or name a column that only looks like "
            "it in not_protected."
        )
    if policy is not None:
        if extra := sorted(own - set(policy.columns) - held):
            raise EligibilityInputError(
                source, f"the unknown column {', '.join(extra[:10])}",
                f"the columns {', '.join(policy.columns)}, and characteristics named in group_columns",
            )  # fmt: skip
        check_facts(frame, policy, source)
        return policy, None, {}
    names = list(config.features) if config.features else [str(c) for c in frame.columns if str(c) not in held]
    if absent := [name for name in names if name not in own]:
        raise EligibilityInputError(source, f"no column {', '.join(absent[:10])}", "every feature that was asked for")
    for name in names:
        frame[name] = numeric_where_possible(frame[name])
    alike = stand_ins(frame, names, refused, but=config.not_protected)
    if alike and config.features:
        raise ProtectedColumnError(
            "; ".join(f"{name} orders people as the protected {other} does" for name, other in alike.items())
            + ": the model never sees it under another name either. Leave it out, or name it in not_protected."
        )
    names = [name for name in names if name not in alike]
    encoder = learn_encoder(frame, sorted(names), numeric=frozenset(), keep=False)
    if not encoder.columns:
        raise EligibilityInputError(source, "no column that varies", "at least one number or category to learn from")
    _check_signs(own, encoder, config.signs, source)
    told = {name: f"orders people as the protected {other} does" for name, other in alike.items()}
    return policy_of_table(encoder, config.signs, config.merges), encoder, {**encoder.dropped, **told}


def _check_signs(own: set[str], encoder: Encoder, signs: Mapping[str, int], source: str) -> None:
    """A sign that is not in force must not look as if it were; of a column that was left out it is not missed."""
    if unknown := sorted(set(signs) - own):
        raise EligibilityInputError(
            source, f"signs of the columns {', '.join(unknown[:10])}, which the table lacks", "signs of its columns"
        )
    levels = {column.name for column in encoder.columns if column.kind == "level"}
    if categories := sorted(name for name in signs if signs[name] and name in levels):
        raise EligibilityInputError(
            source, f"signs of the categories {', '.join(categories[:10])}", "signs of numbers: levels have no order"
        )


def _people(frame: pd.DataFrame, ids: "pd.Series[Any]", config: EligibilityConfig) -> Integers | None:
    if config.household:
        return codes_of(frame[config.household])
    return codes_of(ids) if ID in frame.columns else None


def _grades(frame: pd.DataFrame, y: Floats, config: EligibilityConfig, source: str) -> tuple[Floats, int]:
    """Outcomes of shape (n, c), and which of them is the target."""
    if config.grade is None:
        return y[:, None], 0
    grade = pd.to_numeric(frame[config.grade], errors="coerce").to_numpy(float)
    values = np.unique(grade)
    if np.isnan(grade).any() or not 2 <= len(values) <= _MOST_GRADES:
        found = f"{len(values)} grades, {int(np.isnan(grade).sum())} missing"
        raise EligibilityInputError(
            source, found, f"2 to {_MOST_GRADES} numbers, none missing", column=config.grade
        )  # fmt: skip
    toward = 1.0 if grade[y == 1].mean() > grade[y == 0].mean() else -1.0
    steps = np.unique(toward * grade)
    outcomes = (toward * grade[:, None] >= steps[1:]).astype(float)
    same = np.flatnonzero((outcomes == y[:, None]).all(axis=0))
    if len(same) == 0:
        raise EligibilityInputError(
            source, "a target that is no cut of the grade", "1 exactly from one grade on", column=config.grade
        )
    return outcomes, int(same[0])


def _fit(
    F: Floats, grades: Floats, focus: int, settings: PiecewiseSettings, features: tuple[Feature, ...]
) -> PiecewiseMember:
    signs, levels = [feature.sign for feature in features], [feature.levels for feature in features]
    return PiecewiseMember.fit(F, grades, settings, signs, levels, focus)


def _choose(
    F: Floats,
    y: Floats,
    grades: Floats,
    focus: int,
    people: Integers,
    features: tuple[Feature, ...],
    config: EligibilityConfig,
) -> tuple[str, Floats, dict[str, float]]:
    """The candidate with the lowest calibrated log loss on folds it has not seen, and its log-odds there."""
    fold = deal(y, people, config.folds, config.seed)
    for number in range(config.folds):
        outcomes = grades[fold != number]
        if len(np.unique(y[fold == number])) < 2 or (outcomes.min(axis=0) == outcomes.max(axis=0)).any():
            raise TooFewOutcomesError(
                "rows", f"a fold of {config.folds} with one outcome only", "both outcomes in every fold: more rows"
            )
    best, losses, raw_of = "", {}, {}
    for name, settings in config.candidates_for(len(y)).items():
        raw = np.empty(len(y))
        for number in range(config.folds):
            inside = fold == number
            member = _fit(F[~inside], grades[~inside], focus, settings, features)
            raw[inside] = member.contributions(F[inside]).log_odds
        link = fit_link(raw[None, :], y)
        losses[name], raw_of[name] = log_loss(y, probability_of(link.intercept + link.slope * raw)), raw
        if not best or losses[name] < losses[best]:
            best = name
    return best, raw_of[best], losses


def _held_out_decision(model: EligibilityModel, X: Floats, raw: Floats, held_out: Floats) -> NDArray[np.object_]:
    """Decisions by held-out probabilities; how far gaps move a row is the model's, which saw it."""
    own = model.raw_log_odds(X)
    low, high = (
        np.where(cautious == own, held_out, model.calibrator.probability(raw + cautious - own))
        for cautious in model.cautious_log_odds(X)
    )
    decision, _ = decide_known(model.thresholds, held_out, low, high)
    return np.where(model.missing_share(X) > model.max_missing_share, REVIEW, decision).astype(object)


def _usual(X: Floats, policy: Policy) -> tuple[float | None, ...]:
    usual: list[float | None] = []
    for at, fact in enumerate(policy.facts):
        known = X[~np.isnan(X[:, at]), at]
        if len(known) == 0:
            usual.append(None)
        elif fact.kind == "level":
            usual.append(float(np.bincount(known.astype(int)).argmax()))
        else:
            # A whole fact has a whole usual value.
            usual.append(float(np.quantile(known, 0.5, method="lower") if fact.is_whole else np.median(known)))
    return tuple(usual)


def _plausible(F: Floats, features: tuple[Feature, ...], policy: Policy) -> tuple[tuple[float, ...], ...]:
    found = []
    for at, feature in enumerate(features):
        known = F[~np.isnan(F[:, at]), at]
        if feature.levels:
            values = np.arange(feature.levels, dtype=float)
        elif len(known) == 0:
            values = np.empty(0)
        elif (whole := np.unique(known)).size <= _MOST_WHOLE and (whole == np.floor(whole)).all():
            values = whole
        else:
            values = np.quantile(known, np.linspace(0, 1, _GRID + 1))
            values = np.unique(np.round(values, 0 if policy.facts[feature.columns[0]].is_whole else 2))
        found.append(tuple(values.tolist()))
    return tuple(found)


def _collinear(F: Floats, features: tuple[Feature, ...]) -> list[dict[str, Any]]:
    """Pairs of numbers that a regression can't tell apart, by rank correlation, strongest first."""
    numbers = [at for at, feature in enumerate(features) if not feature.levels and np.ptp(np.nan_to_num(F[:, at]))]
    ranks = pd.DataFrame(F[:, numbers]).rank().to_numpy(float)
    filled = np.where(np.isnan(ranks), np.nanmean(ranks, axis=0), ranks) if len(numbers) else ranks
    r = np.atleast_2d(np.corrcoef(filled, rowvar=False)) if len(numbers) > 1 else np.zeros((0, 0))
    first, second = np.nonzero(np.triu(np.abs(r) > _COLLINEAR, 1))
    pairs = [
        {"columns": [features[numbers[a]].name, features[numbers[b]].name], "rank_correlation": float(r[a, b])}
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair["rank_correlation"]))


def _plain(value: Any) -> Any:
    """JSON types of settings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(held) for held in value]
    return value
