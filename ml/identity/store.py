"""Reads party records, reads and writes ``ml.party_xref``, ``ml.match_edges`` and the ledger of their changes.

Belongs here: set-based SQL on the caller's connection (role ``assay_ml``). Nothing is decided here.
"""

from collections.abc import Sequence

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in, copy_out
from ml.identity.ledger import LEDGER_COLUMNS
from ml.identity.persistent_ids import LINK_COLUMNS, XREF_COLUMNS, XrefChange, number_of
from ml.identity.resolution import EDGE_COLUMNS, IdentityConfig

# Any fixed number, the same in every process that changes the cross-reference of a database.
LOCK_KEY = 0x1DE17177


def lock(conn: psycopg.Connection) -> None:
    """Keep every other change of the cross-reference out until the transaction ends."""
    conn.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))


def read_records(
    conn: psycopg.Connection, config: IdentityConfig, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Every version of every party record in ``core.parties``.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``.
    config : IdentityConfig
        Its rules' columns are read where ``columns`` does not say.
    columns : sequence of str, optional
        What the resolver reads: ``resolver.columns(config)``.
    """
    wanted = columns or ["party_id", "record_type", "known_at", *(rule.column for rule in config.identity_rules)]
    names = sql.SQL(", ").join(sql.Identifier(name) for name in dict.fromkeys(wanted))
    return copy_out(conn, sql.SQL("select {} from core.parties").format(names))


def read_validity(conn: psycopg.Connection) -> pd.DataFrame:
    """Per party the first day of its first version, and the day its source deleted it, if it did."""
    # The newest version says whether the source still holds the record.
    return copy_out(
        conn,
        sql.SQL(
            "select party_id, min(valid_from) as valid_from, (array_agg(case when deleted_on is not null"
            " then greatest(deleted_on, valid_from) end order by valid_from desc, known_at desc))[1] as valid_to"
            " from core.parties group by party_id"
        ),
    )


def read(conn: psycopg.Connection) -> pd.DataFrame:
    """All rows of ``ml.party_xref``, retired ones too; columns ``XREF_COLUMNS``."""
    names = sql.SQL(", ").join(map(sql.Identifier, XREF_COLUMNS))
    return copy_out(conn, sql.SQL("select {} from ml.party_xref").format(names))


def last_number(conn: psycopg.Connection) -> int:
    """Greatest number that the ledger says was ever given; 0 where none was."""
    row = conn.execute("select max(greatest(gr_id, other_gr_id)) from ops.identity_ledger").fetchone()
    return number_of(row[0]) if row and row[0] else 0


def write(conn: psycopg.Connection, change: XrefChange, edges: pd.DataFrame | None = None) -> None:
    """Store a change with its ledger events, and the edges behind it where given, in one transaction.

    Raises
    ------
    psycopg.errors.UniqueViolation
        The cross-reference changed since ``change`` was made; read it again and assign anew (``update`` does
        both).
    """
    with conn.transaction(), conn.cursor() as cursor:
        lock(conn)
        # One instant for the whole change, read after the lock: a run that waited writes later than the one before.
        moment = cursor.execute("select clock_timestamp()").fetchone()
        if not change.retired.empty:
            copy_in(
                cursor,
                "retired_links",
                "party_id text, gr_id text, superseded_at timestamptz",
                change.retired[["party_id", "gr_id", "superseded_at"]],
            )
            cursor.execute(
                "update ml.party_xref as x set retired_at = %s, superseded_at = r.superseded_at"
                " from retired_links as r"
                " where x.party_id = r.party_id and x.gr_id = r.gr_id and x.retired_at is null",
                moment,
            )
        if not change.new.empty:
            days = {column: change.new[column].dt.date for column in ("valid_from", "valid_to")}
            copy_in(
                cursor,
                "new_links",
                "party_id text, gr_id text, link_rule text, link_probability double precision, model_version text,"
                " valid_from date, valid_to date, known_at timestamptz",
                change.new[LINK_COLUMNS].assign(**days),
            )
            cursor.execute(
                "insert into ml.party_xref (party_id, gr_id, link_rule, link_probability, model_version, valid_from,"
                " valid_to, known_at, recorded_at)"
                " select party_id, gr_id, link_rule, link_probability, model_version, valid_from, valid_to, known_at,"
                " %s from new_links",
                moment,
            )
        append_events(cursor, change.events)
        if edges is not None:
            _replace_edges(cursor, edges)


def append_events(cursor: psycopg.Cursor, events: pd.DataFrame) -> None:
    """Add events (``LEDGER_COLUMNS``) to the ledger, in their order."""
    if events.empty:
        return
    numbers = {column: events[column].astype("Int64") for column in ("party_count", "override_id")}
    copy_in(
        cursor,
        "new_events",
        "event text, gr_id text, other_gr_id text, party_count bigint, cause text, override_id bigint,"
        " model_version text, known_at timestamptz, place bigint",
        events[LEDGER_COLUMNS].assign(**numbers, place=range(len(events))),
    )
    cursor.execute(
        "insert into ops.identity_ledger"
        " (event, gr_id, other_gr_id, party_count, cause, override_id, model_version, known_at)"
        " select event, gr_id, other_gr_id, party_count, cause, override_id, model_version, known_at"
        " from new_events order by place"
    )


def _replace_edges(cursor: psycopg.Cursor, edges: pd.DataFrame) -> None:
    """Bring ``ml.match_edges`` to ``edges``; what is equal stays untouched and keeps its ``created_at``."""
    copy_in(
        cursor,
        "found_edges",
        "party_id_a text, party_id_b text, rule_name text, match_probability double precision,"
        " evidence_known_at timestamptz",
        edges[EDGE_COLUMNS],
    )
    cursor.execute(
        "delete from ml.match_edges as e where not exists ("
        " select 1 from found_edges as f where"
        " (f.party_id_a, f.party_id_b, f.rule_name) = (e.party_id_a, e.party_id_b, e.rule_name)"
        " and abs(f.match_probability - e.match_probability) <= 1e-6 and f.evidence_known_at = e.evidence_known_at)"
    )
    cursor.execute(
        "insert into ml.match_edges"
        " (party_id_a, party_id_b, rule_name, match_probability, evidence_known_at, created_at)"
        " select party_id_a, party_id_b, rule_name, match_probability, evidence_known_at, clock_timestamp()"
        " from found_edges as f where not exists ("
        " select 1 from ml.match_edges as e"
        " where (f.party_id_a, f.party_id_b, f.rule_name) = (e.party_id_a, e.party_id_b, e.rule_name))"
    )
