"""Watching eligibility on a day: the newest applications against the training window of the version that decided.

Belongs here: which rows are held against which window, what is counted, and which outcomes tell of earlier decisions.
The measures and what becomes an alert are ``ml.drift``'s.
"""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.drift.store import day_by_day, days_late, lateness_before
from ml.drift.supply import USUAL_DAYS, late_sources, volume
from ml.drift.watching import Watched, compared, not_watched, realised, reference_kept, tell
from ml.eligibility.applications import made_by_day, read_newest
from ml.eligibility.model import MODEL_NAME
from ml.eligibility.realised import realised_decisions
from ml.eligibility.registered import load
from ml.registry.lookup import alias_version

OPEN, NEW = "open applications", "new applications"


def watch_day(connection: psycopg.Connection[Any], as_of_date: dt.date, cutoff: dt.datetime) -> Watched:
    """Measure a day, store it, and write an event for each alert.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    as_of_date : date
        A day that was decided.
    cutoff : datetime
        What was known by then counts, outcomes included.

    Returns
    -------
    Watched
        Without rows where the model has no champion. Where the version that decided has no reference, or can't be read
        any more, facts and score are not compared, and ``message`` says so.
    """
    opened = _open_by_day(connection, as_of_date)
    today = opened[opened["as_of_date"] == as_of_date]
    version = next(iter(today["model_version"].dropna()), None) or alias_version(connection, MODEL_NAME)
    if version is None:
        return not_watched(MODEL_NAME)
    made = made_by_day(connection, as_of_date, cutoff, USUAL_DAYS + 1)
    before = day_by_day(dict(zip(opened["as_of_date"], opened["rows"].astype(int), strict=True)), as_of_date)
    late = days_late(connection, as_of_date, cutoff, _sources(connection))
    parts = [
        late_sources(late, lateness_before(connection, MODEL_NAME, as_of_date, late)),
        volume(int(today["rows"].sum()), before, OPEN),
        volume(made[-1], made[:-1], NEW),
    ]
    more, message = _compared(connection, version, as_of_date, cutoff)
    outcomes = realised_decisions(connection, as_of_date, cutoff).rename(columns={"target": "is_bad"})
    # Few are decided on one day: all of a version's count, under the newest one's.
    outcomes["as_of_date"] = outcomes.groupby("model_version")["as_of_date"].transform("max")
    return tell(
        connection, MODEL_NAME, version, as_of_date, [*parts, *more], realised(MODEL_NAME, outcomes), message
    )  # fmt: skip


def _compared(
    connection: psycopg.Connection[Any], version: str, as_of_date: dt.date, cutoff: dt.datetime
) -> tuple[list[pd.DataFrame], str | None]:
    """Comparison with the training window, and performance as expected of the probabilities."""
    try:
        model = load(connection, version)
    except (ArtifactError, SchemaMismatchError) as error:
        return [], f"facts and score are not compared: {error}"
    reference, message = reference_kept(model.metadata)
    if reference is None:
        return [], message
    frame = read_newest(connection, as_of_date, cutoff)
    if frame.empty:
        return [], "no application was made of late"
    probability = model.probability(model.numbers(frame[list(model.columns)]))
    return compared(reference, frame, probability, frame["gr_id"], model.thresholds.review), None


def _open_by_day(connection: psycopg.Connection[Any], as_of_date: dt.date) -> pd.DataFrame:
    """Applications that were open on the day and on the days before, and the version that decided most of them."""
    rows = connection.execute(
        "select as_of_date, mode() within group (order by model_version), count(*) from ml.eligibility_decisions "
        "where as_of_date <= %s and as_of_date >= %s group by as_of_date order by as_of_date",
        (as_of_date, as_of_date - dt.timedelta(days=USUAL_DAYS)),
    ).fetchall()
    return pd.DataFrame(rows, columns=["as_of_date", "model_version", "rows"])


def _sources(connection: psycopg.Connection[Any]) -> list[str]:
    """Sources that tell of applications: the others' lateness is told of the models that read them."""
    rows = connection.execute("select distinct source_system from core.eligibility_applications").fetchall()
    return [str(source) for (source,) in rows]
