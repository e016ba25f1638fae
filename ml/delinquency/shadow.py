"""The challenger of a default model in shadow: scored on the champion's rows, compared with it."""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.delinquency.registered import load
from ml.delinquency.watched import rows_of_day
from ml.drift.store import read_scores
from ml.registry.shadow import Shadow, compare_in_shadow, rivals


def shadow_day(connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date) -> Shadow:
    """Score the day's rows by the challenger, store them in ``ml.shadow_scores``, and compare them with the champion's.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name : str
        ``origination_pd`` or ``predelinquency_30d``.
    as_of_date : date
        A day that the champion has scored.
    """
    found = rivals(connection, model_name)
    champion, challenger = found.champion, found.challenger
    if champion is None or challenger is None:
        return found
    try:
        model = load(model_name, connection, challenger)
    except (ArtifactError, SchemaMismatchError) as error:
        return Shadow(champion, challenger, message=f"the challenger was refused: {error}")
    frame = rows_of_day(connection, model, as_of_date)
    frame = frame[pd.Series(frame["as_of_date"]) == as_of_date].reset_index(drop=True)
    if frame.empty:
        return Shadow(champion, challenger, message="no row to score")
    probability = model.probability(model.numbers(frame[list(model.features)]))
    rows = frame[["exposure_id", "gr_id"]].assign(probability=probability, risk_band=model.band(probability))
    scores = read_scores(connection, model_name, as_of_date - dt.timedelta(days=1), as_of_date)
    scores = scores.loc[scores["model_version"] == champion, ["exposure_id", "probability"]]
    # Both by the challenger's bounds: what differs is the probability.
    scores = scores.assign(risk_band=model.band(scores["probability"].to_numpy(dtype=float)))
    return compare_in_shadow(connection, model_name, champion, challenger, as_of_date, rows, scores)
