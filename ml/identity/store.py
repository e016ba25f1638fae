"""Reads party records, reads and writes ``ml.party_xref`` and ``ml.match_edges``.

Belongs here: set-based SQL on the caller's connection (role ``assay_ml``). Nothing is decided here.
"""

from dataclasses import dataclass
from typing import LiteralString

import pandas as pd
import psycopg
from psycopg import sql

from ml.identity.exact import ExactResolver
from ml.identity.persistent_ids import LINK_COLUMNS, XREF_COLUMNS, XrefChange, assign_gr_ids
from ml.identity.resolution import EDGE_COLUMNS, IdentityConfig, Resolution, Resolver

# Any fixed number, the same in every process that changes the cross-reference of a database.
LOCK_KEY = 0x1DE17177


@dataclass(frozen=True)
class IdentitySummary:
    """Counts of one resolution: parties, golden records, links, and what changed in the cross-reference."""

    parties: int
    golden_records: int
    edges: int
    conflicts: int
    unknown_references: int
    new_ids: int
    retired: int
    redirected_ids: int


def read_records(conn: psycopg.Connection, config: IdentityConfig) -> pd.DataFrame:
    """Every version of every party record in ``core.parties``, with the columns that the rules need."""
    columns = list(dict.fromkeys(["party_id", "record_type", "known_at", *(r.column for r in config.identity_rules)]))
    query = sql.SQL("select {} from core.parties").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    return _frame(conn, query, columns, ["known_at"])


def read(conn: psycopg.Connection) -> pd.DataFrame:
    """All rows of ``ml.party_xref``, retired ones too; columns ``XREF_COLUMNS``."""
    query = sql.SQL("select {} from ml.party_xref").format(sql.SQL(", ").join(map(sql.Identifier, XREF_COLUMNS)))
    return _frame(conn, query, XREF_COLUMNS, ["known_at", "recorded_at", "retired_at"])


def update(conn: psycopg.Connection, resolver: Resolver, config: IdentityConfig) -> tuple[Resolution, XrefChange]:
    """Resolve all records and store what changed, in one transaction: two runs at once give one result.

    Returns
    -------
    Resolution, XrefChange
        For counts in the asset's metadata; a second call gives an empty change.
    """
    with conn.transaction():
        _lock(conn)
        resolution = resolver.resolve(read_records(conn, config), config)
        change = assign_gr_ids(resolution, read(conn))
        write(conn, change, resolution.edges)
    return resolution, change


def resolve_and_store(
    conn: psycopg.Connection, config: IdentityConfig, resolver: Resolver | None = None
) -> IdentitySummary:
    """Resolve with the exact rules (or ``resolver``), store the change and say in counts what happened."""
    known = set(read(conn)["gr_id"])
    resolution, change = update(conn, resolver or ExactResolver(), config)
    return IdentitySummary(
        parties=len(resolution.entities),
        golden_records=int(resolution.entities["entity"].nunique()),
        edges=len(resolution.edges),
        conflicts=len(resolution.conflicts),
        unknown_references=resolution.unknown_references,
        new_ids=len(set(change.new["gr_id"]) - known),
        retired=len(change.retired),
        redirected_ids=len(change.redirects),
    )


def write(conn: psycopg.Connection, change: XrefChange, edges: pd.DataFrame | None = None) -> None:
    """Store a change, and the edges behind it where given, in one transaction under an advisory lock.

    Raises
    ------
    psycopg.errors.UniqueViolation
        The cross-reference changed since ``change`` was made; read it again and assign anew (``update`` does
        both).
    """
    with conn.transaction(), conn.cursor() as cursor:
        _lock(conn)
        if not change.retired.empty:
            _copy(cursor, "retired_links", "party_id text, gr_id text", change.retired[["party_id", "gr_id"]])
            cursor.execute(
                "update ml.party_xref as x set retired_at = clock_timestamp() from retired_links as r"
                " where x.party_id = r.party_id and x.gr_id = r.gr_id and x.retired_at is null"
            )
        if not change.new.empty:
            _copy(
                cursor,
                "new_links",
                "party_id text, gr_id text, link_rule text, known_at timestamptz",
                change.new[LINK_COLUMNS],
            )
            cursor.execute(
                "insert into ml.party_xref (party_id, gr_id, link_rule, known_at, recorded_at)"
                " select party_id, gr_id, link_rule, known_at, clock_timestamp() from new_links"
            )
        if edges is not None:
            _replace_edges(cursor, edges)


def _replace_edges(cursor: psycopg.Cursor, edges: pd.DataFrame) -> None:
    """Bring ``ml.match_edges`` to ``edges``; what is equal stays untouched and keeps its ``created_at``."""
    _copy(
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
        " and (f.match_probability, f.evidence_known_at) = (e.match_probability, e.evidence_known_at))"
    )
    cursor.execute(
        "insert into ml.match_edges"
        " (party_id_a, party_id_b, rule_name, match_probability, evidence_known_at, created_at)"
        " select party_id_a, party_id_b, rule_name, match_probability, evidence_known_at, clock_timestamp()"
        " from found_edges as f where not exists ("
        " select 1 from ml.match_edges as e"
        " where (f.party_id_a, f.party_id_b, f.rule_name) = (e.party_id_a, e.party_id_b, e.rule_name))"
    )


def _lock(conn: psycopg.Connection) -> None:
    conn.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))


def _copy(cursor: psycopg.Cursor, table: LiteralString, columns: LiteralString, rows: pd.DataFrame) -> None:
    name = sql.Identifier("pg_temp", table)
    cursor.execute(sql.SQL("drop table if exists {}").format(name))
    definition = sql.SQL("create temporary table {} ({}) on commit drop")
    cursor.execute(definition.format(sql.Identifier(table), sql.SQL(columns)))
    with cursor.copy(sql.SQL("copy {} from stdin").format(name)) as copy:
        for row in rows.itertuples(index=False, name=None):
            copy.write_row(row)


def _frame(conn: psycopg.Connection, query: sql.Composed, columns: list[str], instants: list[str]) -> pd.DataFrame:
    with conn.cursor() as cursor:
        rows = cursor.execute(query).fetchall()
    frame = pd.DataFrame.from_records(rows, columns=columns)
    for column in frame.columns:
        if column in instants:
            frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
        else:
            frame[column] = frame[column].astype(object)
    return frame
