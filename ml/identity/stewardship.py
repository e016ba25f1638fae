"""Decisions, review queue and clock of identity in the database; what they mean is in ``overrides``.

Belongs here: set-based SQL on the caller's connection (role ``assay_ml``) and in its transaction.
"""

import datetime as dt

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in, copy_out
from ml.identity.ledger import LEDGER_COLUMNS
from ml.identity.overrides import DECISION_COLUMNS, REVIEW_COLUMNS
from ml.identity.store import append_events


def advance_clock(
    conn: psycopg.Connection, as_of_date: dt.date, knowledge_cutoff: dt.datetime
) -> tuple[dt.date, dt.datetime]:
    """The newest day and cut-off ever resolved, this run included.

    An older day that runs again must not take back what a newer one found, nor backdate what it finds itself:
    identity moves with the newest day, and every cut-off reads what was known by it.
    """
    row = conn.execute(
        "insert into ml.identity_clock as clock (as_of_date, knowledge_cutoff) values (%s, %s)"
        " on conflict (is_only) do update set as_of_date = greatest(clock.as_of_date, excluded.as_of_date),"
        " knowledge_cutoff = greatest(clock.knowledge_cutoff, excluded.knowledge_cutoff)"
        " where clock.as_of_date < excluded.as_of_date or clock.knowledge_cutoff < excluded.knowledge_cutoff"
        " returning as_of_date, knowledge_cutoff",
        (as_of_date, knowledge_cutoff),
    ).fetchone()
    if row is None:
        row = conn.execute("select as_of_date, knowledge_cutoff from ml.identity_clock").fetchone()
    if row is None:
        raise LookupError("ml.identity_clock lost its row within a transaction; expected exactly one")
    return row[0], row[1]


def read_decisions(conn: psycopg.Connection) -> pd.DataFrame:
    """All decisions, revoked and expired ones too: ``DECISION_COLUMNS``."""
    decisions = copy_out(
        conn,
        sql.SQL(
            "select o.override_id, o.kind, o.party_id_a, o.party_id_b, o.valid_until,"
            " o.revoked_at is not null as is_revoked,"
            " min(l.known_at) filter (where l.event = 'override_applied') as applied_known_at,"
            " count(l.event) filter (where l.event = 'override_expired') > 0 as is_expiry_told"
            " from ops.identity_overrides as o left join ops.identity_ledger as l on l.override_id = o.override_id"
            " group by o.override_id, o.kind, o.party_id_a, o.party_id_b, o.valid_until, o.revoked_at"
            " order by o.override_id"
        ),
    )
    return decisions[DECISION_COLUMNS]


def keep_reviews(cursor: psycopg.Cursor, reviews: pd.DataFrame, as_of_date: dt.date) -> pd.DataFrame:
    """Bring the review queue to the contradictions that are there now.

    Returns
    -------
    DataFrame
        Of ``reviews``, those that were not open before.
    """
    numbers = {column: reviews[column].astype("Int64") for column in ("override_id", "against_override_id")}
    copy_in(
        cursor,
        "found_reviews",
        "review_key text, kind text, party_id_a text, party_id_b text, rule_name text, override_id bigint,"
        " against_override_id bigint",
        reviews[REVIEW_COLUMNS].assign(**numbers),
    )
    was_open = {
        row[0]
        for row in cursor.execute(
            "select review_key from ops.identity_review_queue inner join found_reviews using (review_key)"
            " where review_status = 'open'"
        )
    }
    cursor.execute(
        "insert into ops.identity_review_queue as q (review_key, kind, party_id_a, party_id_b, rule_name, override_id,"
        " against_override_id, review_status, first_seen_on, last_seen_on)"
        " select review_key, kind, party_id_a, party_id_b, rule_name, override_id, against_override_id, 'open',"
        " %(day)s, %(day)s from found_reviews order by review_key"
        " on conflict (review_key) do update set review_status = 'open', closed_on = null,"
        " last_seen_on = greatest(q.last_seen_on, excluded.last_seen_on),"
        " against_override_id = excluded.against_override_id"
        " where q.review_status = 'closed' or q.last_seen_on < excluded.last_seen_on"
        " or q.against_override_id is distinct from excluded.against_override_id",
        {"day": as_of_date},
    )
    cursor.execute(
        "update ops.identity_review_queue as q set review_status = 'closed', closed_on = %s"
        " where q.review_status = 'open'"
        " and not exists (select 1 from found_reviews as f where f.review_key = q.review_key)",
        (as_of_date,),
    )
    return reviews[~reviews["review_key"].isin(was_open)]


def record_training(conn: psycopg.Connection, model_version: str, known_at: dt.datetime, cause: str) -> None:
    """Say in the ledger that a linkage model was trained: ids may change because of it.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``; in the transaction that stores the model.
    model_version : str
        The new version.
    known_at : datetime
        Knowledge cut-off of the records it has learnt from.
    cause : str
        Why it was trained, in a word: ``first_run``, ``schedule``, ``drift``.
    """
    event = pd.DataFrame(
        [{"event": "model_trained", "cause": cause, "model_version": model_version, "known_at": known_at}]
    )
    with conn.transaction(), conn.cursor() as cursor:
        append_events(cursor, event.reindex(columns=LEDGER_COLUMNS))
