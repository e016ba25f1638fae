"""Frames out of the warehouse for training and scoring, scores into it: set-based SQL on the caller's
connection.

Belongs here: which loans are trained on, which are scored on a day, and how scores are stored. Nothing is
learnt here.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in
from ml.forecasts import Written, replace_forecasts

KEYS = ("loan_id", "gr_id", "as_of_date", "knowledge_cutoff")


def read_training_frame(
    connection: psycopg.Connection[Any],
    features: Sequence[str],
    *,
    outcomes_known_by: dt.datetime,
    granted_from: dt.date | None = None,
) -> pd.DataFrame:
    """Loans whose outcome was known, with their features as of the day before they were granted.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    features : sequence of str
        Columns of ``features.origination_features``; read as float64.
    outcomes_known_by : datetime
        Outcomes that became known later do not exist for the model.
    granted_from : date, optional
        First vintage to learn from.

    Returns
    -------
    pandas.DataFrame
        One row a loan, by loan: keys, ``granted_on``, ``is_bad``, ``outcome_known_at``, the features. Loans
        outside the sources' coverage are left out: of them nothing is known that could be learnt. ``gr_id`` is the
        one that holds the record now, so that loans of one person stay together whatever their id was then.
    """
    query = sql.SQL(
        "select f.loan_id, coalesce(r.gr_id_to, f.gr_id), f.as_of_date, f.knowledge_cutoff, f.granted_on, o.is_bad, "
        "o.known_at, {features} from features.origination_features as f "
        "left join core.gr_redirects as r on r.gr_id_from = f.gr_id "
        "join features.origination_outcomes as o on o.loan_id = f.loan_id "
        "where o.known_at <= %(known_by)s and f.is_history_covered "
        "and (%(from)s::date is null or f.granted_on >= %(from)s) order by f.loan_id"
    ).format(features=_as_floats(features))
    with connection.cursor() as cursor:
        cursor.execute(query, {"known_by": outcomes_known_by, "from": granted_from})
        columns = [*KEYS, "granted_on", "is_bad", "outcome_known_at", *features]
        return _typed(pd.DataFrame(cursor.fetchall(), columns=columns), features)


def read_scoring_frame(
    connection: psycopg.Connection[Any], features: Sequence[str], model_name: str, as_of_date: dt.date
) -> pd.DataFrame:
    """Loans to score on a day: those granted on the next one, and open ones that were never scored.

    Each is scored as of the day before its own granting, whatever day the run is about.
    """
    query = sql.SQL(
        "select f.loan_id, f.gr_id, f.as_of_date, f.knowledge_cutoff, {features} "
        "from features.origination_features as f join core.loans as l on l.loan_id = f.loan_id "
        "where f.as_of_date = %(day)s or (f.as_of_date < %(day)s and l.matures_on > %(day)s and not exists ("
        "select 1 from ml.scores as s where s.model_name = %(model)s and s.exposure_id = f.loan_id)) "
        "order by f.loan_id"
    ).format(features=_as_floats(features))
    with connection.cursor() as cursor:
        cursor.execute(query, {"day": as_of_date, "model": model_name})
        return _typed(pd.DataFrame(cursor.fetchall(), columns=[*KEYS, *features]), features)


def frame_sha256(frame: pd.DataFrame, *parts: object) -> str:
    """Hash of a frame's values and of whatever else decides a training: equal hashes, equal model."""
    digest = hashlib.sha256(json.dumps([str(part) for part in parts]).encode())
    digest.update(",".join(map(str, frame.columns)).encode())
    digest.update(
        pd.util.hash_pandas_object(frame.astype(object).where(frame.notna(), None).astype(str), index=False)
        .to_numpy()
        .tobytes()
    )
    return digest.hexdigest()


# Columns of ml.scores as a temporary table takes them; scored_at is the database's.
_KEY_COLUMNS = {"model_name": "text", "exposure_id": "text", "gr_id": "text", "as_of_date": "date"}
_VALUE_COLUMNS = {
    "knowledge_cutoff": "timestamptz", "model_version": "text", "target": "text", "horizon_days": "integer",
    "score_status": "text", "probability": "float8", "risk_band": "text", "is_retrospective": "boolean",
    "reasons": "jsonb", "exposure_amount": "numeric(18, 2)", "expected_loss_amount": "numeric(18, 2)",
    "is_outside_population": "boolean", "contact_status": "text", "contact_rank": "integer",
}  # fmt: skip


def write_scores(connection: psycopg.Connection[Any], scores: pd.DataFrame) -> Written:
    """Insert scores, or replace those of the same exposure and day; an equal score stays untouched.

    What was forecast on the day is never replaced by a look back, see :func:`ml.forecasts.replace_forecasts`.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    scores : pandas.DataFrame
        Columns of ``ml.scores`` without ``scored_at``, those absent are NULL; ``reasons`` as JSON text.

    Returns
    -------
    Written
        Rows that were inserted or changed, and those kept. The caller's transaction commits them.
    """
    columns = {**_KEY_COLUMNS, **_VALUE_COLUMNS}
    rows = scores.reindex(columns=list(columns))
    # Whole numbers with gaps are floats to pandas, and 30.0 is no integer to COPY.
    rows = rows.astype({"horizon_days": "Int64", "contact_rank": "Int64"})
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(cursor, "new_scores", ", ".join(f"{name} {kind}" for name, kind in columns.items()), rows)
        return replace_forecasts(
            cursor,
            sql.Identifier("ml", "scores"),
            sql.Identifier("new_scores"),
            list(_KEY_COLUMNS),
            list(_VALUE_COLUMNS),
            "scored_at",
        )


def remove_other_scores(
    connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date, exposure_ids: Sequence[str]
) -> int:
    """Remove a model's scores of a day that are of other exposures: at risk no more, as a file that came late tells.

    Returns
    -------
    int
        Rows that were removed.
    """
    return connection.execute(
        "delete from ml.scores where model_name = %s and as_of_date = %s and not exposure_id = any(%s)",
        (model_name, as_of_date, list(exposure_ids)),
    ).rowcount


def _as_floats(features: Sequence[str]) -> sql.Composed:
    # numeric would come as Decimal: a Python object a cell.
    return sql.SQL(", ").join(sql.SQL("f.{}::float8").format(sql.Identifier(name)) for name in features)


def _typed(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(features, "float64"))
