"""The report of a trained default model: what the field expects, from the outcomes that training left behind.

Belongs here: which figures, of which rows. How a figure is measured is in ``ml.evaluate``; how a report reads and looks
is in ``ml.delinquency.card``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.delinquency.decision import DecisionSettings, decision_table
from ml.delinquency.errors import FeatureError
from ml.delinquency.model import TrainedModel
from ml.evaluate.gains import decile_table, flagged_table
from ml.evaluate.gate import GateConfig, gate
from ml.evaluate.health import FORMULA, health_score
from ml.evaluate.intervals import FLAGGED_SHARES, auc_differences, intervals
from ml.evaluate.reliability import reliability_curve
from ml.evaluate.resampling import Interval
from ml.evaluate.slices import by_slice, segment_labels, time_labels
from ml.evaluate.stability import feature_stability, population_stability

# Rows that the model has not learnt from, the strictest first.
HELD_OUT = ("test", "out_of_time", "out_of_fold")
_CHALLENGER = "probability_"


@dataclass(frozen=True)
class ReportConfig:
    """How much is drawn for the intervals.

    Attributes
    ----------
    resamples : int
        Of the headline figures and of the comparisons.
    slice_resamples : int
        Of each vintage and segment.
    seed : int
        The same seed gives the same report.
    min_slice_rows : int
        Smaller parts are shown together.
    gate : GateConfig
        Thresholds that the figures are judged by.
    """

    resamples: int = 500
    slice_resamples: int = 200
    seed: int = 20140331
    min_slice_rows: int = 30
    gate: GateConfig = field(default_factory=GateConfig)


@dataclass(frozen=True)
class Report:
    """A report: plain figures and tables.

    Attributes
    ----------
    figures : dict
        JSON types only: ``model_name, target, bad_label, algorithm, part, rows, bad, base_rate, people, window,
        headline, calibrated, challengers, stability, health, gate, decision, intervals``.
    tables : dict of str to pandas.DataFrame
        ``deciles, flagged, reliability, parts, challengers, decision``, where there are dates ``vintages``, where
        segments were given ``segments``, where features were given ``features``.
    """

    figures: dict[str, Any]
    tables: dict[str, pd.DataFrame] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types; missing is None."""
        return {**self.figures, "tables": {name: _records(table) for name, table in self.tables.items()}}

    def interval(self, name: str) -> Interval:
        """A headline figure with its 95 % interval; missing ends are NaN."""
        held = self.figures["headline"][name]
        return Interval(*(float("nan") if held[key] is None else held[key] for key in ("value", "low", "high")))


def build_report(
    model: TrainedModel,
    *,
    segments: pd.DataFrame | Mapping[str, ArrayLike] | None = None,
    amounts: "pd.Series[Any] | ArrayLike | None" = None,
    decision: DecisionSettings | None = None,
    base_rate: float | None = None,
    features: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    config: ReportConfig | None = None,
) -> Report:
    """Measure a model on the rows it has not learnt from.

    Parameters
    ----------
    model : TrainedModel
        Right after training, with ``outcomes`` (one row a scored row of the training frame: ``target``,
        ``probability``, and where there are any ``time``, ``group``, ``part`` and ``probability_<challenger>``), and
        with ``training_probability`` for the stability of the score.
    segments : DataFrame or mapping of str to array, optional
        Columns to report by; a DataFrame by the index of the outcomes, arrays in their order.
    amounts : Series or array, optional
        Exposure of each row in the reporting currency, likewise; missing where it is not known.
    decision : DecisionSettings, optional
        Costs and capacity; its own defaults where not given.
    base_rate : float, optional
        Share of people with a default where the rules will be used; the held-out rows' own where not given.
    features : (DataFrame, DataFrame), optional
        Features of the training rows and of later ones, for their stability.
    config : ReportConfig, optional
        Resamples and seed.

    Returns
    -------
    Report

    Raises
    ------
    FeatureError
        If the model carries no outcomes, or segments or amounts do not fit them.
    """
    config = config or ReportConfig()
    settings = decision or DecisionSettings()
    outcomes = _outcomes(model)
    part, held_out = _held_out(outcomes)
    rows = outcomes[held_out]
    y, p = rows["target"].to_numpy(dtype=float), rows["probability"].to_numpy(dtype=float)
    group = rows["group"].to_numpy() if "group" in rows else None
    drawn: dict[str, Any] = {"group": group, "resamples": config.resamples, "seed": config.seed}
    sliced: dict[str, Any] = {
        "group": group,
        "resamples": config.slice_resamples,
        "seed": config.seed,
        "min_rows": config.min_slice_rows,
    }
    headline = intervals(y, p, **drawn) | _calibration(model, y)
    tables = {
        "deciles": decile_table(y, p),
        "flagged": flagged_table(y, p, FLAGGED_SHARES),
        "reliability": reliability_curve(y, p),
        "parts": _by_part(outcomes, config),
        "challengers": _challengers(rows, y, p, drawn),
        "decision": decision_table(
            y,
            p,
            amount=None if amounts is None else _aligned(amounts, outcomes, "amounts")[held_out],
            group=group,
            day=_days(rows),
            settings=settings,
            base_rate=base_rate,
        ),
    }
    unit = None
    if "time" in rows and rows["time"].notna().any():
        labels, unit = time_labels(rows["time"], y)
        tables["vintages"] = by_slice(y, p, labels, most=60, **sliced)
    if segments is not None:
        columns = segments.items()
        cut = [
            by_slice(y, p, segment_labels(_aligned(values, outcomes, f"segment {name}")[held_out]), **sliced).assign(
                segment=str(name)
            )
            for name, values in columns
        ]
        if cut:
            tables["segments"] = pd.concat(cut, ignore_index=True)
            tables["segments"].insert(0, "segment", tables["segments"].pop("segment"))
    if features is not None:
        tables["features"] = feature_stability(*features)
    figures = _identity(model, part, rows, group) | {
        "vintage_unit": unit,
        "headline": {name: _ends(found) for name, found in headline.items()},
        "calibrated": {
            "slope_interval_contains_1": headline["calibration_slope"].contains(1.0),
            "brier_skill_positive": headline["brier_skill"].value > 0,
        },
        "stability": _stability(model, rows),
        "health": _health(headline["auc"].value, tables["decision"]),
        "gate": _gate(headline, len(y), int(y.sum()), config.gate),
        "decision": settings.to_dict()
        | {
            "base_rate": float(tables["decision"]["base_rate"].iloc[0]),
            "base_rate_is": "of the held-out people" if base_rate is None else "as stated",
        },
        "intervals": {
            "level": 0.95,
            "resamples": config.resamples,
            "slice_resamples": config.slice_resamples,
            "seed": config.seed,
            "unit": "row" if group is None else "group",
        },
    }
    return Report(figures, tables)


def _calibration(model: TrainedModel, y: "np.ndarray[Any, Any]") -> dict[str, Interval]:
    """Slope and intercept as training measured them of the same rows: it knows how uncertain the link was."""
    told = model.metrics.get("overall", {})
    if (told.get("n"), told.get("n_bad")) != (len(y), int(y.sum())):
        return {}
    names = ("calibration_slope", "calibration_intercept")
    return {name: Interval(told[name], told[f"{name}_low"], told[f"{name}_high"]) for name in names if name in told}


def _outcomes(model: TrainedModel) -> pd.DataFrame:
    outcomes = getattr(model, "outcomes", None)
    if outcomes is None:
        outcomes = model.out_of_fold  # of the nested design, whose rows are all held out in turn
        if outcomes is None:
            raise FeatureError(
                f"{model.model_name} carries no outcomes; expected a model right after training. They are not stored: "
                "build the report before the model is registered, or train again."
            )
        outcomes = outcomes.assign(part="out_of_fold")
    if missing := [name for name in ("target", "probability") if name not in outcomes]:
        raise FeatureError(f"the outcomes of {model.model_name} lack {missing}; found {list(outcomes.columns)}")
    # A column without a value is what training leaves where no groups were given.
    if "group" in outcomes and outcomes["group"].isna().all():
        outcomes = outcomes.drop(columns="group")
    scored = outcomes[["target", "probability"]].notna().all(axis=1)
    return outcomes if scored.all() else outcomes[scored]


def _held_out(outcomes: pd.DataFrame) -> tuple[str, np.ndarray[Any, Any]]:
    """Name and rows of the part that the figures are of."""
    if "part" not in outcomes:
        return "all", np.ones(len(outcomes), dtype=bool)
    parts = outcomes["part"].astype(str).to_numpy()
    for name in HELD_OUT:
        if (parts == name).any():
            return name, parts == name
    raise FeatureError(
        f"the outcomes have the parts {sorted(set(parts))}; expected one of {list(HELD_OUT)}, rows that the model has "
        "not learnt from"
    )


def _aligned(values: Any, outcomes: pd.DataFrame, what: str) -> np.ndarray[Any, Any]:
    """Values in the order of the outcomes: a Series by its index, anything else by place."""
    if isinstance(values, pd.Series):
        if not values.index.is_unique:
            raise FeatureError(f"{what}: its index holds a row twice; expected the index of the training frame")
        absent = ~outcomes.index.isin(values.index)
        if absent.any():
            raise FeatureError(
                f"{what}: {int(absent.sum())} of {len(outcomes)} outcomes are not in its index; expected the index of "
                "the training frame"
            )
        return values.reindex(outcomes.index).to_numpy()
    found = np.asarray(values)
    if len(found) != len(outcomes):
        raise FeatureError(f"{what}: {len(found)} values for {len(outcomes)} outcomes; expected one each")
    return found


def _identity(model: TrainedModel, part: str, rows: pd.DataFrame, group: Any) -> dict[str, Any]:
    days = sorted(pd.to_datetime(rows["time"]).dropna().dt.strftime("%Y-%m-%d").unique()) if "time" in rows else []
    return {
        "model_name": model.model_name,
        "target": model.target,
        "bad_label": model.metadata.get("labels", {}).get("bad"),
        "algorithm": model.algorithm,
        "sha256": model.sha256,
        "part": part,
        "rows": len(rows),
        "bad": int(rows["target"].sum()),
        "base_rate": float(rows["target"].mean()),
        "people": len(rows) if group is None else len(pd.unique(group)),
        "window": {"first": days[0] if days else None, "last": days[-1] if days else None},
    }


def _by_part(outcomes: pd.DataFrame, config: ReportConfig) -> pd.DataFrame:
    """Figures of each part: the held-out ones beside those that were learnt from."""
    labels = outcomes["part"] if "part" in outcomes else pd.Series("all", index=outcomes.index)
    return by_slice(
        outcomes["target"],
        outcomes["probability"],
        labels,
        group=outcomes.get("group"),
        resamples=config.slice_resamples,
        seed=config.seed,
        min_rows=1,
    )


def _challengers(rows: pd.DataFrame, y: Any, p: Any, drawn: dict[str, Any]) -> pd.DataFrame:
    """AUC difference to each challenger, paired; one that lacks scores is compared on the rows it has."""
    names = [str(name) for name in rows.columns if str(name).startswith(_CHALLENGER)]
    by_rows: dict[bytes, list[str]] = {}
    for name in names:  # those that have the same rows are drawn together
        by_rows.setdefault(rows[name].notna().to_numpy().tobytes(), []).append(name)
    gained: dict[str, tuple[int, Interval]] = {}
    for mask, together in by_rows.items():
        has = np.frombuffer(mask, dtype=bool)
        if not 0 < y[has].sum() < has.sum():
            continue
        group = None if drawn["group"] is None else drawn["group"][has]
        scores: dict[str, ArrayLike] = {name: rows[name].to_numpy(dtype=float)[has] for name in together}
        found = auc_differences(y[has], p[has], scores, **(drawn | {"group": group}))
        gained |= {name: (int(has.sum()), interval) for name, interval in found.items()}
    known = [name for name in names if name in gained]
    return pd.DataFrame(
        {
            "challenger": [name.removeprefix(_CHALLENGER) for name in known],
            "rows": [gained[name][0] for name in known],
            "auc_gain": [gained[name][1].value for name in known],
            "auc_gain_low": [gained[name][1].low for name in known],
            "auc_gain_high": [gained[name][1].high for name in known],
            "verdict": [_verdict(gained[name][1]) for name in known],
        }
    )


def _verdict(gained: Interval) -> str:
    if gained.low > 0:
        return "better"
    return "worse" if gained.high < 0 else "no difference shown"


def _days(rows: pd.DataFrame) -> Any:
    """As-of day of each row for the day's capacity; rows without one share a day."""
    if "time" not in rows or rows["time"].isna().all():
        return None
    return pd.to_datetime(rows["time"]).dt.strftime("%Y-%m-%d").fillna("none").to_numpy()


def _stability(model: TrainedModel, rows: pd.DataFrame) -> dict[str, Any] | None:
    """Stability index of the score over time; None where nothing later is there to compare with.

    Training and a later part, or, where the rows of all times are held out, the earlier and the later half of them.
    """
    training, score = getattr(model, "training_probability", None), rows["probability"].to_numpy(dtype=float)
    between = "training and the held-out rows"
    if not model.metadata.get("design", {}).get("by_time", False):
        # Folds: the held-out rows are those of training, or drawn from them. They can't have moved.
        if "time" not in rows or rows["time"].isna().all():
            return None
        when = pd.to_datetime(rows["time"])
        is_late = (when > when.median()).to_numpy()
        if not is_late.any():  # more than half of the rows are of the last day
            is_late = (when == when.max()).to_numpy()
        training, score = score[~is_late & when.notna().to_numpy()], score[is_late]
        between = "the earlier and the later half of the held-out rows"
    if training is None or not len(training) or not len(score):
        return None
    found = population_stability(training, score)
    return {"psi": found.value, "by_chance": found.by_chance, "reading": found.reading, "between": between}


def _health(auc: float, decision: pd.DataFrame) -> dict[str, Any]:
    """The seed's score at its threshold, the one of the wanted recall; None where that is not decided."""
    row = decision[decision["rule"].str.startswith("recall")].iloc[0]
    recall, precision = _plain(float(row["recall"])), _plain(float(row["precision"]))
    score = None if recall is None or precision is None else health_score(auc, recall, precision)
    return {"score": score, "formula": FORMULA, "auc": auc, "recall": recall, "precision": precision}


def _gate(headline: Mapping[str, Interval], n: int, n_bad: int, config: GateConfig) -> list[dict[str, Any]]:
    metrics = {name: found.value for name, found in headline.items()} | {"n": n, "n_bad": n_bad}
    for name in ("auc", "calibration_slope"):
        metrics |= {f"{name}_low": headline[name].low, f"{name}_high": headline[name].high}
    return [
        {"rule": result.name, "passed": bool(result.passed), "found": _plain(result.value), "expected": result.expected}
        for result in gate(metrics, config)
    ]


def _ends(found: Interval) -> dict[str, float | None]:
    return {"value": _plain(found.value), "low": _plain(found.low), "high": _plain(found.high)}


def _plain(value: Any) -> Any:
    """A value as a JSON type; NaN, infinite and missing are None."""
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
