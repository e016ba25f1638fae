"""``origination_pd`` from day to day: keep the champion while its data stand, train and judge when they changed, score.

Belongs here: which loans this model learns from and scores; the order of things is in ``lifecycle``, the SQL in
``store``. When it runs is the caller's business.
"""

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import pandas as pd
import psycopg

from ml.delinquency.config import TrainingConfig
from ml.delinquency.lifecycle import Fitted, ModelOutcome, Training, keep_or_train, refuse_empty
from ml.delinquency.model import TrainedModel
from ml.delinquency.population import Population
from ml.delinquency.scoring import score
from ml.delinquency.serving import NOT_SCORED, ScoredDay, score_rows, usable_champion
from ml.delinquency.store import frame_sha256, read_scoring_frame, read_training_frame, write_scores
from ml.delinquency.training import train
from ml.delinquency.watched import CATEGORIES
from ml.explain.catalogue import expected_signs
from ml.features.catalogue import load_catalogue
from ml.registry.lookup import Kept, alias_version, kept_version

# Changes when training itself changes in a way that data and settings do not show. 4 (2026-11-28): groups are told,
# levels are shrunk, dates are read in more forms. 5 (2026-11-28): the version keeps what its training has seen.
TRAINING_REVISION = 5


def champion_or_train(
    connection: psycopg.Connection[Any],
    model_name: str,
    target: str,
    outcomes_known_by: dt.datetime,
    granted_from: dt.date | None = None,
    config: TrainingConfig | None = None,
    *,
    as_of_date: dt.date | None = None,
    asked: str | None = None,
) -> ModelOutcome:
    """Return the version that stands for these data, training it if there is none; promote it if the gate lets it.

    A version trained on exactly these data is never trained twice. Where there is none, nothing is trained while the
    newest version of the same definitions (features, signs, settings), champion or not, is young and has learnt from
    nearly as many outcomes.

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
    as_of_date : date, optional
        Day that is trained for; the one before the cut-off where not given.
    asked : str, optional
        Why to train now, whatever there is.

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
    settings = json.dumps([config.to_dict(), signs], sort_keys=True)
    data_sha256 = frame_sha256(frame, catalogue.version, settings, TRAINING_REVISION)
    definitions = hashlib.sha256(f"{catalogue.version} {names} {settings} {TRAINING_REVISION}".encode()).hexdigest()

    def fit() -> Fitted:
        refuse_empty(frame)
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
        # A loan has one product here: the features alone say whether a row is like those that were learnt from.
        population = Population.of(frame, model.features).to_dict()
        stated = {**model.metadata, "definitions_sha256": definitions, "population": population}
        model = dataclasses.replace(model, metadata=stated)
        return Fitted(model, frame, "loan_id", "outcome_known_at", CATEGORIES[model_name])

    def kept() -> Kept | None:
        return kept_version(connection, model_name, definitions, frame["outcome_known_at"])

    training = Training(
        model_name, data_sha256, names, len(frame), fit, catalogue, outcomes_known_by, as_of_date=as_of_date
    )
    return keep_or_train(connection, training, kept, asked=asked)


def score_day(connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date) -> ScoredDay:
    """Score the loans of a day by the champion and store the scores.

    Raises
    ------
    SchemaMismatchError
        The features table, or the catalogue, is not the one the champion was trained with.
    """
    if alias_version(connection, model_name) is None:
        return ScoredDay(statuses={}, written=0, message=NOT_SCORED)
    catalogue = load_catalogue()
    champion = usable_champion(connection, model_name, catalogue.names(used_by=model_name), catalogue, as_of_date)
    version, model = champion.or_raise()
    frame = read_scoring_frame(connection, list(model.features), model_name, as_of_date)
    if frame.empty:
        return ScoredDay(statuses={}, written=0, refused=champion.refused)
    scored = score(model, frame[list(model.features)], catalogue=catalogue)
    keys = frame.rename(columns={"loan_id": "exposure_id"})
    rows = score_rows(model, version, keys, scored, horizon_days=None)
    rows = rows.assign(is_outside_population=_is_outside(model, frame, scored))
    written = write_scores(connection, rows)
    return ScoredDay(
        statuses={str(status): int(n) for status, n in rows["score_status"].value_counts().items()},
        written=written.rows,
        kept=written.kept,
        refused=champion.refused,
    )


def _is_outside(model: TrainedModel, frame: pd.DataFrame, scored: pd.DataFrame) -> "pd.Series[Any]":
    """Whether each row lies outside what the model was trained on; missing where not scored or not told."""
    outside = pd.Series(None, index=frame.index, dtype=object)
    seen = model.metadata.get("population")
    if seen is not None:
        is_scored = scored["probability"].notna().to_numpy()
        outside[is_scored] = Population.from_dict(seen).is_outside(frame.loc[is_scored])
    return outside
