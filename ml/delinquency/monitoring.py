"""Watching a default model on a day: the day's rows and scores against the training window of the version that scored.

Belongs here: which rows are held against which window, and what becomes an alert. The measures are ``ml.drift``'s,
when it runs is the caller's business.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from ml import registry
from ml.bulk import copy_out
from ml.delinquency.errors import ArtifactError
from ml.delinquency.lifecycle import flagged_from
from ml.delinquency.model import TrainedModel
from ml.delinquency.watched import ORIGINATION, ORIGINATION_DAYS, PREDELINQUENCY, rows_of_day
from ml.drift import Reference, compare, expected_performance, late_sources, realised_performance, volume
from ml.drift.comparing import COLUMNS
from ml.drift.store import days_late, lateness_before, read_scores, volumes_before, write_monitoring
from ml.registry.events import record_event
from ml.registry.lookup import alias_version


@dataclass(frozen=True)
class Watched:
    """What watching a model on a day gave.

    Attributes
    ----------
    model_name : str
    model_version : str or None
        None where the model has no champion.
    found : pandas.DataFrame
        Rows of ``ml.model_monitoring`` of the day.
    written : int
        Rows inserted, changed or removed.
    message : str or None
        Why less than everything could be said.
    """

    model_name: str
    model_version: str | None
    found: pd.DataFrame
    written: int
    message: str | None = None

    def named(self, level: str) -> list[str]:
        """Subject, measure and value of a level's rows, the largest value first."""
        loud = self.found[self.found["level"] == level].sort_values("value", ascending=False, na_position="first")
        named = zip(loud["subject"], loud["measure"], loud["value"].astype(float), strict=True)
        return [
            f"{subject} {measure}" + ("" if np.isnan(value) else f" {value:.3g}") for subject, measure, value in named
        ]


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
        return Watched(model_name, None, pd.DataFrame(columns=list(COLUMNS)), 0, "not watched: there is no champion")
    late = days_late(connection, as_of_date, cutoff)
    parts = [late_sources(late, lateness_before(connection, model_name, as_of_date))]
    message = None
    if model_name != ORIGINATION:
        # Applicants come as they come; running loans are there every day.
        parts.append(volume(len(scores), volumes_before(connection, model_name, as_of_date)))
    try:
        _, model = registry.load(connection, model_name, version=version)
        compared, message = _compared(connection, model, scores[scores["model_version"] == version], as_of_date)
        parts += compared
    except ArtifactError as error:
        message = f"features and score are not compared: {error}"
    keys = {"model_name": model_name, "model_version": version}
    found = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else parts[0]
    found = found.assign(**keys, as_of_date=as_of_date)
    written = write_monitoring(connection, found)
    realised = realised_of(connection, model_name, cutoff)
    written += write_monitoring(connection, realised)
    for row in found[found["level"] == "alert"].itertuples():
        record_event(
            connection, model_name, "drift_alert", from_version=version, as_of_date=as_of_date,
            subject=f"{row.subject} {row.measure}", acted_by="model monitoring",
            reason=f"{row.measure} of {row.subject} is {row.value}, reference {row.reference_value}",
        )  # fmt: skip
    return Watched(model_name, version, found, written, message)


def _version_that_scored(connection: psycopg.Connection[Any], model_name: str, scores: pd.DataFrame) -> str | None:
    if scores.empty:
        return alias_version(connection, model_name)
    # After a rollback within the window the newest day speaks.
    return str(scores.sort_values(["as_of_date", "model_version"])["model_version"].iloc[-1])


def _compared(
    connection: psycopg.Connection[Any], model: TrainedModel, scores: pd.DataFrame, as_of_date: dt.date
) -> tuple[Sequence[pd.DataFrame], str | None]:
    """Comparison with the training window, and performance as expected of the scores."""
    kept = model.metadata.get("reference")
    if kept is None:
        return [], "features and score are not compared: the version was trained before references were kept"
    reference = Reference.from_dict(kept)
    frame = rows_of_day(connection, model, as_of_date)
    both = frame.merge(scores[["exposure_id", "probability"]], on="exposure_id", how="inner")
    if both.empty:
        return [], "no row was scored"
    compared = compare(reference, both, score=both["probability"], group=both["gr_id"])
    expected = expected_performance(both["probability"], threshold=flagged_from(model))
    told = pd.DataFrame(
        {
            "subject_kind": "performance",
            "subject": "score",
            "measure": [f"{name}_estimated" for name in expected],
            "value": list(expected.values()),
            "reference_value": [reference.performance.get(name) for name in expected],
            "level": "ok",
            "rows_reference": None if reference.score is None else reference.score.rows,
            "rows_actual": len(both),
        }
    )
    return [compared, told], None


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
    found = []
    for (version, day), part in rows.groupby(["model_version", "as_of_date"], sort=True):
        figures = realised_performance(part["is_bad"].to_numpy(dtype=float), part["probability"].to_numpy(dtype=float))
        keys: dict[str, Any] = {"model_name": model_name, "model_version": version, "as_of_date": day}
        found.append(figures.assign(subject_kind="performance", subject="score", rows_actual=len(part), **keys))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()
