"""``origination_pd`` from day to day: keep the champion while its data stand, train and judge when they changed, score.

Belongs here: the order of things, over ``store`` (SQL), ``train``/``score`` (learning) and ``ml.registry``. When it
runs is the caller's business.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.config import TrainingConfig
from ml.delinquency.errors import OneClassError
from ml.delinquency.model import TrainedModel
from ml.delinquency.scoring import score
from ml.delinquency.store import frame_sha256, read_scoring_frame, read_training_frame, write_scores
from ml.delinquency.training import train
from ml.evaluate.gate import GateResult, gate
from ml.explain.catalogue import expected_signs
from ml.features.catalogue import load_catalogue
from ml.registry.lookup import alias_version, note_training_data, outcomes_known_at, version_trained_on

# Changes when training itself changes in a way that data and settings do not show.
TRAINING_REVISION = 2


@dataclass(frozen=True)
class ModelOutcome:
    """What became of the model: version, whether it was trained now, its figures and the gate's verdict.

    Where there was too little to learn from, it is the champion that goes on, and ``message`` says why; where there is
    no champion either, ``version`` is None and nothing is scored.
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


@dataclass(frozen=True)
class ScoredDay:
    """Scores of one day: rows by status, and how many of them were inserted or changed.

    Without a champion nothing is scored, and ``message`` says so.
    """

    statuses: dict[str, int]
    written: int
    message: str | None = None


def champion_or_train(
    connection: psycopg.Connection[Any],
    model_name: str,
    target: str,
    outcomes_known_by: dt.datetime,
    granted_from: dt.date | None = None,
    config: TrainingConfig | None = None,
) -> ModelOutcome:
    """Return the version trained on exactly these data, training it if there is none; promote it if the gate lets it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name, target : str
        Name in the registry; definition of the outcome.
    config : TrainingConfig, optional
        Candidates, folds, seed.
    outcomes_known_by, granted_from
        See ``read_training_frame``.

    Returns
    -------
    ModelOutcome
        Without a version where there are too few outcomes to learn from and no champion that could go on: a portfolio
        without loans, or a young one. Its gate has one verdict, which passes where there are no outcomes at all.
    """
    config = config or TrainingConfig()
    catalogue = load_catalogue()
    names = catalogue.names(used_by="origination_pd")
    frame = read_training_frame(connection, names, outcomes_known_by=outcomes_known_by, granted_from=granted_from)
    # Signs decide a training, too, and the catalogue's version leaves them out: they change no feature.
    signs = expected_signs(catalogue, names)
    data_sha256 = frame_sha256(
        frame, catalogue.version, json.dumps([config.to_dict(), signs], sort_keys=True), TRAINING_REVISION
    )
    version = version_trained_on(connection, model_name, data_sha256)
    trained_now = version is None
    if version is None:
        try:
            model = train(
                frame,
                "is_bad",
                features=names,
                time="granted_on",
                group="gr_id",
                config=config,
                catalogue=catalogue,
                model_name=model_name,
                target_definition=target,
            )
        except OneClassError as error:
            if alias_version(connection, model_name) is None:
                return _nothing_to_learn(len(frame), error)
            return _champion_goes_on(connection, model_name, len(frame), names, error)
        version = registry.register(connection, model)
        known_at = pd.to_datetime(frame["outcome_known_at"], utc=True).max().to_pydatetime()
        note_training_data(connection, model_name, version, data_sha256, known_at)
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
        trained_now=trained_now,
        is_champion=champion == version,
        has_champion=champion is not None,
        algorithm=model.algorithm,
        training_rows=len(frame),
        metrics=model.metrics,
        gate=verdict,
    )


def _nothing_to_learn(rows: int, error: OneClassError) -> ModelOutcome:
    """The outcome where there is neither a champion nor enough to learn from."""
    message = "not applicable: no loan has an outcome" if rows == 0 else f"not trained: too few outcomes ({error})"
    return ModelOutcome(
        version=None,
        trained_now=False,
        is_champion=False,
        has_champion=False,
        algorithm="none",
        training_rows=rows,
        metrics={},
        gate=[GateResult("enough_outcomes", rows == 0, f"{rows} outcomes", "enough to learn from, or no loans at all")],
        message=message,
    )


def _champion_goes_on(
    connection: psycopg.Connection[Any], model_name: str, rows: int, names: list[str], error: OneClassError
) -> ModelOutcome:
    """The champion as the outcome of a day on which nothing could be learnt."""
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
        message=f"not trained: too few outcomes ({error})",
    )


def score_day(connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date) -> ScoredDay:
    """Score the loans of a day by the champion and store the scores.

    Raises
    ------
    SchemaMismatchError
        The features table, or the catalogue, is not the one the champion was trained with.
    """
    if alias_version(connection, model_name) is None:
        return ScoredDay(statuses={}, written=0, message="not scored: no version has passed the gate yet")
    version, model = registry.load(connection, model_name)
    catalogue = load_catalogue()
    frame = read_scoring_frame(connection, list(model.features), model_name, as_of_date)
    if frame.empty:
        return ScoredDay(statuses={}, written=0)
    scored = score(model, frame[list(model.features)], catalogue=catalogue)
    rows = pd.DataFrame(
        {
            "model_name": model_name,
            "exposure_id": frame["loan_id"],
            "gr_id": frame["gr_id"],
            "as_of_date": frame["as_of_date"],
            "knowledge_cutoff": frame["knowledge_cutoff"],
            "model_version": version,
            "target": model.target,
            "horizon_days": None,
            "score_status": scored["score_status"],
            "probability": scored["probability"],
            "risk_band": scored["risk_band"],
            "is_retrospective": is_retrospective(model, frame["knowledge_cutoff"]) & scored["probability"].notna(),
            "reasons": [json.dumps(reasons) for reasons in scored["reasons"]],
        }
    )
    written = write_scores(connection, rows)
    return ScoredDay(
        statuses={str(status): int(n) for status, n in rows["score_status"].value_counts().items()}, written=written
    )


def is_retrospective(model: TrainedModel, knowledge_cutoff: "pd.Series[Any]") -> "pd.Series[bool]":
    """Whether the model has learnt from an outcome that was not known yet at a row's cut-off: no forecast, a look back.

    A version that does not say what it has learnt from counts as such: nothing shows that it is a forecast.
    """
    stated = model.metadata.get("outcomes_known_at")
    if stated is None:
        return pd.Series(True, index=knowledge_cutoff.index)
    return pd.to_datetime(knowledge_cutoff, utc=True) < pd.Timestamp(stated)
