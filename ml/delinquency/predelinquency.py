"""``predelinquency_30d`` from day to day: train when a day of the grid has matured, score every exposure of the day.

Belongs here: when this model is trained and what a day's score says; the order of things is in ``lifecycle``, the SQL
in ``exposures`` and ``store``. When it runs is the caller's business.
"""

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml.delinquency.config import TrainingConfig
from ml.delinquency.decision import DecisionSettings, decide
from ml.delinquency.exposures import newest_label_known_at, read_exposures, read_training_frame
from ml.delinquency.lifecycle import (
    Fitted,
    ModelOutcome,
    Training,
    champion_goes_on,
    keep_or_train,
    nothing_to_learn,
    refuse_empty,
)
from ml.delinquency.model import TrainedModel
from ml.delinquency.population import Population
from ml.delinquency.scoring import score
from ml.delinquency.serving import NOT_SCORED, ScoredDay, score_rows, usable_champion
from ml.delinquency.store import remove_other_scores, write_scores
from ml.delinquency.training import train
from ml.delinquency.watched import CATEGORIES
from ml.explain.catalogue import expected_signs
from ml.features.catalogue import Catalogue, load_catalogue
from ml.registry.lookup import alias_version

MODEL_NAME = "predelinquency_30d"
TARGET = "instalment_unpaid_5_days_after_due_within_30_days"
HORIZON_DAYS = 30
# An instalment due on D+30 is decided on D+35: rows closer than that tell each other's outcome.
GAP_DAYS = 35
# Changes when training itself changes in a way that definitions and settings do not show. 3 (2026-11-28): groups,
# rotations.
TRAINING_REVISION = 4


def default_config() -> TrainingConfig:
    """Settings of this model's training: parts by time lie a target's horizon with its maturity apart."""
    return TrainingConfig(gap_days=GAP_DAYS)


def champion_or_train(
    connection: psycopg.Connection[Any],
    known_by: dt.datetime,
    config: TrainingConfig | None = None,
    *,
    as_of_date: dt.date | None = None,
    asked: str | None = None,
) -> ModelOutcome:
    """Return the version of the newest matured day of the grid, training it if there is none; promote it by the gate.

    Training is no daily cost: a version stands for its definitions (features, signs, settings) and for the newest
    matured day of the grid, and that comes every 28 days. In between the version that is there goes on, whatever files
    came late meanwhile; the next training reads the labels that they corrected. Features of a past day are computed
    once: bookings that came late are in those of later days only.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    known_by : datetime
        Labels that became known later do not exist for the model.
    config : TrainingConfig, optional
        Candidates, folds, seed; :func:`default_config` where not given.
    as_of_date : date, optional
        Day that is trained for; the one before the cut-off where not given.
    asked : str, optional
        Why to train now, whatever there is.

    Returns
    -------
    ModelOutcome
        Without a version where there is too little to learn from and no champion that could go on.
    """
    config = (
        default_config() if config is None else dataclasses.replace(config, gap_days=max(config.gap_days, GAP_DAYS))
    )
    catalogue = load_catalogue()
    names = feature_names(catalogue)
    newest, labels = newest_label_known_at(connection, known_by)
    if newest is None:
        if alias_version(connection, MODEL_NAME) is None:
            return nothing_to_learn(0, "", "no exposure with an instalment plan has a matured outcome")
        return champion_goes_on(connection, MODEL_NAME, 0, names, "not trained: no outcome has matured by the cut-off")

    def fit() -> Fitted:
        frame = read_training_frame(connection, names, known_by)
        refuse_empty(frame)
        model = train(
            frame,
            "is_delinquent",
            features=names,
            time="as_of_date",
            group="gr_id",
            config=config,
            catalogue=catalogue,
            model_name=MODEL_NAME,
            target_definition=TARGET,
        )
        population = Population.of(frame, model.features, "product_name").to_dict()
        told = {"segments": frame[["product_name"]], "amounts": frame["exposure_amount"]}
        model = dataclasses.replace(model, metadata={**model.metadata, "population": population})
        return Fitted(model, frame, "exposure_id", "label_known_at", CATEGORIES[MODEL_NAME], told)

    sha256 = training_sha256(catalogue, names, config, newest)
    training = Training(MODEL_NAME, sha256, names, labels, fit, catalogue, known_by, as_of_date=as_of_date)
    return keep_or_train(connection, training, may_be_young=True, asked=asked)


def feature_names(catalogue: Catalogue) -> list[str]:
    """Features of the model: behaviour only; the terms of a loan belong to the other model."""
    return catalogue.names(used_by=MODEL_NAME)


def training_sha256(catalogue: Catalogue, names: list[str], config: TrainingConfig, newest: dt.datetime) -> str:
    """Hash of what a version stands for; see :func:`champion_or_train`."""
    parts = [
        names, catalogue.version, config.to_dict(), expected_signs(catalogue, names), TRAINING_REVISION,
        newest.astimezone(dt.UTC).isoformat(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def score_day(
    connection: psycopg.Connection[Any], as_of_date: dt.date, decision: DecisionSettings | None = None
) -> ScoredDay:
    """Score every exposure of a day by the champion and store the scores.

    Scored are the eligible whose owner's behaviour is covered; ``insufficient_data`` where it is not, or where payments
    are not told; ``not_applicable`` where an instalment is past due already (that is no forecast any more), none falls
    due within the horizon, or no plan is known.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    as_of_date : date
        A day of ``features.exposures``.
    decision : DecisionSettings, optional
        What a contact costs and achieves; without it nobody's contact is decided, and no loss is expected.

    Raises
    ------
    SchemaMismatchError
        The features table, or the catalogue, is not the one the champion was trained with.
    """
    if alias_version(connection, MODEL_NAME) is None:
        return ScoredDay(statuses={}, written=0, message=NOT_SCORED)
    catalogue = load_catalogue()
    champion = usable_champion(connection, MODEL_NAME, feature_names(catalogue), catalogue, as_of_date)
    version, model = champion.or_raise()
    frame = read_exposures(connection, list(model.features), as_of_date)
    removed = remove_other_scores(connection, MODEL_NAME, as_of_date, frame["exposure_id"].tolist())
    if frame.empty:
        return ScoredDay(statuses={}, written=removed, refused=champion.refused)
    scored = score_exposures(model, frame, catalogue)
    rows = score_rows(model, version, frame, scored, HORIZON_DAYS)
    rows = rows.assign(**outlook(model, frame, scored, decision))
    written = write_scores(connection, rows)
    return ScoredDay(
        statuses={str(status): int(n) for status, n in rows["score_status"].value_counts().items()},
        written=removed + written.rows,
        kept=written.kept,
        refused=champion.refused,
    )


def score_exposures(model: TrainedModel, frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Status, probability, band and reasons of each row of ``read_exposures``."""
    status = frame["exposure_status"].to_numpy()
    eligible = (status == "eligible") & frame["is_covered"].to_numpy()
    unknown = np.isin(status, ("eligible", "insufficient_data"))
    result = pd.DataFrame(
        {
            "score_status": np.where(unknown, "insufficient_data", "not_applicable").astype(object),
            "probability": np.nan,
            "risk_band": pd.Series([None] * len(frame), dtype=object),
            "reasons": pd.Series([[] for _ in range(len(frame))], dtype=object),
        }
    )
    if eligible.any():
        scored = score(model, frame.loc[eligible, list(model.features)], catalogue=catalogue)
        rows = np.flatnonzero(eligible)
        scored.index = pd.Index(rows)
        # Its own population knows of products: ``outlook`` says who is outside of it.
        result.loc[rows, :] = scored[list(result.columns)]
    return result


def outlook(
    model: TrainedModel, frame: pd.DataFrame, scored: pd.DataFrame, decision: DecisionSettings | None
) -> dict[str, Any]:
    """What a score says besides the probability: amounts, whether training saw such rows, and whom to contact.

    Returns
    -------
    dict of str to array of length n
        ``exposure_amount``, ``expected_loss_amount``, ``is_outside_population``, ``contact_status``,
        ``contact_rank``; missing where not scored, except the amount.
    """
    probability = scored["probability"].to_numpy(dtype=float)
    amount = frame["exposure_amount"].to_numpy(dtype=float)
    is_scored = ~np.isnan(probability)
    outside = np.full(len(frame), None, dtype=object)
    seen = model.metadata.get("population")
    if seen is not None:
        outside[is_scored] = Population.from_dict(seen).is_outside(frame.loc[is_scored], "product_name")
    contact_status = np.full(len(frame), None, dtype=object)
    contact_rank = pd.array([pd.NA] * len(frame), dtype="Int64")
    if decision is not None and is_scored.any():
        chosen = decide(
            probability[is_scored], amount[is_scored], group=frame.loc[is_scored, "gr_id"].to_numpy(), settings=decision
        )
        contact_status[is_scored] = chosen["status"].to_numpy()
        contact_rank[is_scored] = chosen["rank"].array
    return {
        "exposure_amount": amount,
        "expected_loss_amount": probability * (np.nan if decision is None else decision.lgd) * amount,
        "is_outside_population": outside,
        "contact_status": contact_status,
        "contact_rank": contact_rank,
    }
