"""A default model from day to day: keep the version there is, or train and judge a new one; make rows of its scores.

Belongs here: the order of things that all default models share, over ``ml.registry`` and the gate. Which rows are
learnt from and which are scored is each model's own business (``origination``, ``predelinquency``).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.errors import OneClassError
from ml.delinquency.model import TrainedModel
from ml.evaluate.gate import GateResult, gate
from ml.registry.lookup import alias_version, note_training_data, outcomes_known_at, version_trained_on


@dataclass(frozen=True)
class Fitted:
    """A model right after its training.

    Attributes
    ----------
    model : TrainedModel
        With its outcomes.
    outcomes_known_at : pandas.Series
        When each outcome it learnt from became known.
    told : dict
        What a report of it takes besides (``segments``, ``amounts`` of ``ml.delinquency.report.build_report``), by the
        index of the training frame.
    """

    model: TrainedModel
    outcomes_known_at: "pd.Series[Any]"
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelOutcome:
    """What became of the model: version, whether it was trained now, its figures and the gate's verdict.

    Where there was too little to learn from, it is the champion that goes on, and ``message`` says why; where there is
    no champion either, ``version`` is None and nothing is scored. ``trained`` is the model where it was trained now,
    with what a report is made of.
    """

    version: str | None
    trained_now: bool
    is_champion: bool
    has_champion: bool
    algorithm: str
    training_rows: int
    metrics: dict[str, Any]
    gate: list[GateResult]
    message: str | None = None
    trained: Fitted | None = None


@dataclass(frozen=True)
class ScoredDay:
    """Scores of one day: rows by status, and how many of them were inserted or changed.

    Without a champion nothing is scored, and ``message`` says so.
    """

    statuses: dict[str, int]
    written: int
    message: str | None = None


NOT_SCORED = "not scored: no version has passed the gate yet"


def keep_or_train(
    connection: psycopg.Connection[Any],
    model_name: str,
    training_sha256: str,
    names: Sequence[str],
    rows: int,
    fit: Callable[[], Fitted],
    kept: Callable[[], str | None] = lambda: None,
    *,
    may_be_young: bool = False,
) -> ModelOutcome:
    """Return the version of this very training, training it if there is none; promote it if the gate lets it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name : str
        In the registry.
    training_sha256 : str
        Stands for everything that decides the training; equal ones are trained once.
    names : sequence of str
        Features that the features table holds now, in order.
    rows : int
        Rows to learn from, for the report.
    fit : callable
        Trains.
    kept : callable, optional
        Why the champion goes on although there is no version of this training; None where it does not.
    may_be_young : bool
        Too few outcomes, without any champion yet, are the state of a small or young portfolio and fail no gate.

    Returns
    -------
    ModelOutcome
        Without a version where ``fit`` finds too little to learn from and there is no champion that could go on; its
        gate has one verdict then, which passes where there are no rows at all or ``may_be_young``.
    """
    version = version_trained_on(connection, model_name, training_sha256)
    fitted: Fitted | None = None
    if version is None:
        reason = kept()
        if reason is not None:
            return champion_goes_on(connection, model_name, rows, names, reason)
        try:
            fitted = fit()
        except OneClassError as error:
            if alias_version(connection, model_name) is None:
                return nothing_to_learn(rows, str(error), passes=may_be_young)
            return champion_goes_on(connection, model_name, rows, names, f"not trained: too few outcomes ({error})")
        model = fitted.model
        version = registry.register(connection, model)
        newest = pd.to_datetime(fitted.outcomes_known_at, utc=True).max().to_pydatetime()
        note_training_data(connection, model_name, version, training_sha256, newest)
    else:
        _, model = registry.load(connection, model_name, version=version)
    verdict = gate(model.metrics["overall"], features=model.features, expected_features=names)
    champion = alias_version(connection, model_name)
    # A day of the past is trained on less than the champion knows: its version stays a candidate.
    behind = champion is not None and outcomes_known_at(connection, model_name, champion) > outcomes_known_at(
        connection, model_name, version
    )
    if all(result.passed for result in verdict) and champion != version and not behind:
        registry.set_alias(connection, model_name, "champion", version, set_by="quality gate")
        champion = version
    return ModelOutcome(
        version=version,
        trained_now=fitted is not None,
        is_champion=champion == version,
        has_champion=champion is not None,
        algorithm=model.algorithm,
        training_rows=int(model.metadata.get("data_window", {}).get("rows", rows)),
        metrics=model.metrics,
        gate=verdict,
        trained=fitted,
    )


def refuse_empty(frame: pd.DataFrame) -> None:
    """Say of a frame without rows what training would say of too few.

    Raises
    ------
    OneClassError
        There is no row.
    """
    if frame.empty:
        raise OneClassError("0 rows to learn from")


def nothing_to_learn(
    rows: int, reason: str, none_at_all: str = "no loan has an outcome", *, passes: bool = False
) -> ModelOutcome:
    """The outcome where there is neither a champion nor enough to learn from."""
    message = f"not applicable: {none_at_all}" if rows == 0 else f"not trained: too few outcomes ({reason})"
    return ModelOutcome(
        version=None,
        trained_now=False,
        is_champion=False,
        has_champion=False,
        algorithm="none",
        training_rows=rows,
        metrics={},
        gate=[GateResult("enough_outcomes", passes or rows == 0, f"{rows} outcomes", "enough to learn from, or none")],
        message=message,
    )


def champion_goes_on(
    connection: psycopg.Connection[Any], model_name: str, rows: int, names: Sequence[str], message: str
) -> ModelOutcome:
    """The champion as the outcome of a day on which nothing was learnt."""
    version, champion = registry.load(connection, model_name)
    return ModelOutcome(
        version=version,
        trained_now=False,
        is_champion=True,
        has_champion=True,
        algorithm=champion.algorithm,
        training_rows=rows,
        metrics=champion.metrics,
        gate=gate(champion.metrics["overall"], features=champion.features, expected_features=names),
        message=message,
    )


def score_rows(
    model: TrainedModel, version: str, keys: pd.DataFrame, scored: pd.DataFrame, horizon_days: int | None
) -> pd.DataFrame:
    """Rows of ``ml.scores``.

    Parameters
    ----------
    model : TrainedModel
        What scored.
    version : str
        Its version.
    keys : pandas.DataFrame of n rows
        ``exposure_id``, ``gr_id``, ``as_of_date``, ``knowledge_cutoff``.
    scored : pandas.DataFrame of n rows
        ``score_status``, ``probability``, ``risk_band``, ``reasons``, in the order of ``keys``.
    horizon_days : int or None
        Days the target looks ahead.
    """
    probability = scored["probability"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "model_name": model.model_name,
            "exposure_id": keys["exposure_id"].to_numpy(),
            "gr_id": keys["gr_id"].to_numpy(),
            "as_of_date": keys["as_of_date"].to_numpy(),
            "knowledge_cutoff": keys["knowledge_cutoff"].array,
            "model_version": version,
            "target": model.target,
            "horizon_days": horizon_days,
            "score_status": scored["score_status"].to_numpy(),
            "probability": probability,
            "risk_band": scored["risk_band"].to_numpy(),
            "is_retrospective": is_retrospective(model, keys["knowledge_cutoff"]).to_numpy() & ~pd.isna(probability),
            "reasons": [json.dumps(reasons) for reasons in scored["reasons"]],
        }
    )


def is_retrospective(model: TrainedModel, knowledge_cutoff: "pd.Series[Any]") -> "pd.Series[bool]":
    """Whether the model has learnt from an outcome that was not known yet at a row's cut-off: no forecast, a look back.

    A version that does not say what it has learnt from counts as such: nothing shows that it is a forecast.
    """
    stated = model.metadata.get("outcomes_known_at")
    if stated is None:
        return pd.Series(True, index=knowledge_cutoff.index)
    return pd.to_datetime(knowledge_cutoff, utc=True) < pd.Timestamp(stated)
