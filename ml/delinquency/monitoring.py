"""Watching a default model on a day: the day's rows and scores against the training window of the version that scored.

Belongs here: which rows are held against which window, and what becomes an alert. The measures are ``ml.drift``'s,
when it runs is the caller's business.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml import registry
from ml.bulk import copy_out
from ml.delinquency.errors import ArtifactError
from ml.delinquency.lifecycle import flagged_from
from ml.delinquency.model import TrainedModel
from ml.delinquency.watched import ORIGINATION, ORIGINATION_DAYS, PREDELINQUENCY, rows_of_day
from ml.drift.store import days_late, lateness_before, read_scores, volumes_before
from ml.drift.supply import late_sources, volume
from ml.drift.watching import Watched, compared, not_watched, realised, reference_kept, tell
from ml.registry.lookup import alias_version


def watch_day(
    connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date, cutoff: dt.datetime
) -> Watched:
    """Measure a day, store it, and write an event for each alert.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name : str
        ``origination_pd`` or ``predelinquency_30d``.
    as_of_date : date
        A day that was scored.
    cutoff : datetime
        What was known by then counts, outcomes included.

    Returns
    -------
    Watched
        Without rows where the model has no champion. Where the version that scored has no reference (it was trained
        before references were kept) features and score are not compared, and ``message`` says so.
    """
    first = as_of_date - dt.timedelta(days=ORIGINATION_DAYS if model_name == ORIGINATION else 1)
    scores = read_scores(connection, model_name, first, as_of_date)
    version = _version_that_scored(connection, model_name, scores)
    if version is None:
        return not_watched(model_name)
    late = days_late(connection, as_of_date, cutoff)
    parts = [late_sources(late, lateness_before(connection, model_name, as_of_date, late))]
    if model_name != ORIGINATION:
        # Applicants come as they come; running loans are there every day.
        parts.append(volume(len(scores), volumes_before(connection, model_name, as_of_date)))
    try:
        _, model = registry.load(connection, model_name, version=version)
        more, message = _compared(connection, model, scores[scores["model_version"] == version], as_of_date)
        parts += more
    except ArtifactError as error:
        message = f"features and score are not compared: {error}"
    return tell(
        connection, model_name, version, as_of_date, parts, realised_of(connection, model_name, cutoff), message
    )


def _version_that_scored(connection: psycopg.Connection[Any], model_name: str, scores: pd.DataFrame) -> str | None:
    if scores.empty:
        return alias_version(connection, model_name)
    # After a rollback within the window the newest day speaks, and of a day that two have scored most of its rows.
    newest = scores.loc[scores["as_of_date"] == scores["as_of_date"].max(), "model_version"]
    return str(newest.mode().iloc[-1])


def _compared(
    connection: psycopg.Connection[Any], model: TrainedModel, scores: pd.DataFrame, as_of_date: dt.date
) -> tuple[Sequence[pd.DataFrame], str | None]:
    """Comparison with the training window, and performance as expected of the scores."""
    reference, message = reference_kept(model.metadata)
    if reference is None:
        return [], message
    frame = rows_of_day(connection, model, as_of_date)
    both = frame.merge(scores[["exposure_id", "probability"]], on="exposure_id", how="inner")
    if both.empty:
        return [], "no row was scored"
    return compared(reference, both, both["probability"], both["gr_id"], flagged_from(model)), None


def realised_of(connection: psycopg.Connection[Any], model_name: str, cutoff: dt.datetime) -> pd.DataFrame:
    """What scores of earlier days were worth, of the newest day whose outcomes have become known by the cut-off.

    Outcomes of ``predelinquency_30d`` are there for every 28th day; whoever an intervention reached is left out. Of
    ``origination_pd`` all loans with an outcome that the version had not learnt from count, under the newest one's day.
    """
    if model_name == PREDELINQUENCY:
        query = sql.SQL(
            "select s.model_version, s.as_of_date, s.probability, o.is_delinquent as is_bad "
            "from features.predelinquency_outcomes as o join ml.scores as s on s.exposure_id = o.exposure_id "
            "and s.as_of_date = o.as_of_date where s.model_name = {model} and s.score_status = 'scored' "
            "and not s.is_retrospective and not o.is_treated and o.label_known_at <= {cutoff} and o.as_of_date = ("
            "select max(as_of_date) from features.predelinquency_outcomes where label_known_at <= {cutoff})"
        )
    else:
        query = sql.SQL(
            "select s.model_version, max(s.as_of_date) over (partition by s.model_version) as as_of_date, "
            "s.probability, o.is_bad from features.origination_outcomes as o "
            "join ml.scores as s on s.exposure_id = o.loan_id where s.model_name = {model} "
            "and s.score_status = 'scored' and not s.is_retrospective and o.known_at <= {cutoff}"
        )
    rows = copy_out(connection, query.format(model=sql.Literal(model_name), cutoff=sql.Literal(cutoff)))
    return realised(model_name, rows)
