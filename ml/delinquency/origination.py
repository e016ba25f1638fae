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
from ml.delinquency.scoring import score
from ml.delinquency.store import frame_sha256, read_scoring_frame, read_training_frame, write_scores
from ml.delinquency.training import train
from ml.evaluate.gate import GateResult, gate
from ml.features.catalogue import load_catalogue
from ml.registry.lookup import alias_version, note_training_data, version_trained_on

# Changes when training itself changes in a way that data and settings do not show.
TRAINING_REVISION = 1


@dataclass(frozen=True)
class ModelOutcome:
    """What became of the model: version, whether it was trained now, its figures and the gate's verdict."""

    version: str
    trained_now: bool
    is_champion: bool
    has_champion: bool
    algorithm: str
    training_rows: int
    metrics: dict[str, Any]
    gate: list[GateResult]


@dataclass(frozen=True)
class ScoredDay:
    """Scores of one day: rows by status, and how many of them were inserted or changed."""

    statuses: dict[str, int]
    written: int


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

    Raises
    ------
    OneClassError
        Too few outcomes to learn from.
    """
    config = config or TrainingConfig()
    catalogue = load_catalogue()
    names = catalogue.names()
    frame = read_training_frame(connection, names, outcomes_known_by=outcomes_known_by, granted_from=granted_from)
    data_sha256 = frame_sha256(
        frame, catalogue.version, json.dumps(config.to_dict(), sort_keys=True), TRAINING_REVISION
    )
    version = version_trained_on(connection, model_name, data_sha256)
    trained_now = version is None
    if version is None:
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
        version = registry.register(connection, model)
        note_training_data(connection, model_name, version, data_sha256)
    else:
        _, model = registry.load(connection, model_name, version=version)
    verdict = gate(model.metrics["overall"], features=model.features, expected_features=names)
    champion = alias_version(connection, model_name)
    if all(result.passed for result in verdict) and champion != version:
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


def score_day(connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date) -> ScoredDay:
    """Score the loans of a day by the champion and store the scores.

    Raises
    ------
    UnknownModelError
        No version was promoted yet.
    SchemaMismatchError
        The features table, or the catalogue, is not the one the champion was trained with.
    """
    version, model = registry.load(connection, model_name)
    catalogue = load_catalogue()
    frame = read_scoring_frame(connection, list(model.features), model_name, as_of_date)
    if frame.empty:
        return ScoredDay(statuses={}, written=0)
    scored = score(model, frame[list(model.features)], catalogue=catalogue)
    last_learnt = dt.date.fromisoformat(str(model.metadata["data_window"]["last"])[:10])
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
            # The model has seen loans granted later than this one: no forecast, a look back.
            "is_retrospective": [day <= last_learnt for day in frame["as_of_date"]],
            "reasons": [json.dumps(reasons) for reasons in scored["reasons"]],
        }
    )
    written = write_scores(connection, rows)
    return ScoredDay(
        statuses={str(status): int(n) for status, n in rows["score_status"].value_counts().items()}, written=written
    )
