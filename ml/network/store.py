"""Reads links from ``core``, reads and writes ``ml.communities``, its ledger and its runs.

Belongs here: set-based SQL on the caller's connection (role ``assay_ml``). Nothing is decided here.
"""

import datetime as dt
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import LiteralString

import pandas as pd
import psycopg
from psycopg import sql

from ml.network.carrying import LEDGER_COLUMNS
from ml.network.config import CommunityConfig
from ml.network.detection import MEMBER_COLUMNS, PREVIOUS_COLUMNS, CommunityReport, CommunityResult, detect
from ml.network.links import OTHER_TYPE_WEIGHT, PAYMENT_STEPS, TYPE_WEIGHTS, links
from ml.network.scale import is_outgrown

# Any fixed number, the same in every process that writes communities of a database.
LOCK_KEY = 0x1DE17178


@dataclass(frozen=True)
class CommunitySummary:
    """What one day's run found, on which earlier day it built, and how many communities have each number of people."""

    report: CommunityReport
    previous_as_of_date: dt.date | None
    sizes: dict[int, int]


def read_links(conn: psycopg.Connection) -> pd.DataFrame:
    """Links as of the day that ``core`` was built for; see ``links``."""
    relationships = _frame(
        conn,
        # Kinship outlasts death; a community is of the living.
        "select gr_id_from, gr_id_to, relationship_type, confidence::float8 from core.gr_relationships"
        " where gr_id_from not in (select gr_id from core.golden_records where status = 'deceased')"
        " and gr_id_to not in (select gr_id from core.golden_records where status = 'deceased')",
        ["gr_id_from", "gr_id_to", "relationship_type", "confidence"],
    )
    flows = _frame(
        conn,
        "select gr_id_from, gr_id_to, payments_count from core.money_flows where not is_through_hub",
        ["gr_id_from", "gr_id_to", "payments_count"],
    )
    return links(relationships, flows)


def read_previous(conn: psycopg.Connection, as_of_date: dt.date) -> tuple[dt.date | None, pd.DataFrame]:
    """The latest run before a day, and its communities under today's golden records.

    A golden record merged away since is followed to the one it is now; where both were in communities, the one that
    lives speaks for them.
    """
    row = conn.execute("select max(as_of_date) from ml.community_runs where as_of_date < %s", (as_of_date,)).fetchone()
    before = None if row is None else row[0]
    found = _frame(
        conn,
        "select distinct on (now_id) now_id, community_id, stability, links_hash from ("
        " select coalesce(r.gr_id_to, c.gr_id) as now_id, c.gr_id, c.community_id, c.stability, c.links_hash"
        " from ml.communities as c left join core.gr_redirects as r on r.gr_id_from = c.gr_id"
        " where c.as_of_date = %s) as followed"
        " order by now_id, (gr_id <> now_id), gr_id",
        PREVIOUS_COLUMNS,
        (before,),
    )
    return before, found


def detect_and_store(
    conn: psycopg.Connection, as_of_date: dt.date, config: CommunityConfig | None = None
) -> CommunitySummary:
    """Work out the communities of a day from ``core``, carry the ids of the day before, and store them.

    In one transaction under an advisory lock: running it twice, or two at once, gives what one run gives.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``.
    as_of_date : date
        The day that ``core.gr_relationships`` and ``core.money_flows`` were built for.
    config : CommunityConfig, optional
        Settings.
    """
    config = config or CommunityConfig()
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        before, previous = read_previous(conn, as_of_date)
        edges = read_links(conn)
        kept = None if config.scale else _kept_scale(conn, before, len(edges))
        if kept is None:
            # At another scale nothing of the day before holds but the names.
            previous = previous[["gr_id", "community_id"]]
        scale, scale_links = kept or (config.scale, len(edges))
        result = detect(edges, previous, replace(config, scale=scale), as_of_date=as_of_date)
        write(conn, as_of_date, before, config, result, scale_links)
    communities = result.members.drop_duplicates("community_id")
    sizes = Counter(sorted(communities["members_count"].tolist()))
    return CommunitySummary(result.report, before, dict(sizes))


def _kept_scale(conn: psycopg.Connection, before: dt.date | None, links_count: int) -> tuple[float, int] | None:
    """Scale of the day before and the number of links it was chosen for; None where there is none or it is outgrown."""
    row = conn.execute(
        "select scale, scale_links_count from ml.community_runs where as_of_date = %s and scale is not null", (before,)
    ).fetchone()
    return None if row is None or is_outgrown(row[1], links_count) else (row[0], row[1])


def write(
    conn: psycopg.Connection,
    as_of_date: dt.date,
    previous_as_of_date: dt.date | None,
    config: CommunityConfig,
    result: CommunityResult,
    scale_links_count: int,
) -> None:
    """Replace a day: its communities, its part of the ledger and its run. The caller holds lock and transaction."""
    with conn.cursor() as cursor:
        for table in ("communities", "community_ledger", "community_runs"):
            statement = sql.SQL("delete from ml.{} where as_of_date = %s")
            cursor.execute(statement.format(sql.Identifier(table)), (as_of_date,))
        _copy(cursor, "communities", as_of_date, result.members[MEMBER_COLUMNS])
        _copy(cursor, "community_ledger", as_of_date, result.ledger_events[LEDGER_COLUMNS])
        settings = asdict(config) | {
            "type_weights": dict(TYPE_WEIGHTS),
            "other_type_weight": OTHER_TYPE_WEIGHT,
            "payment_steps": PAYMENT_STEPS,
        }
        cursor.execute(
            "insert into ml.community_runs"
            " (as_of_date, previous_as_of_date, scale, scale_links_count, settings, report)"
            " values (%s, %s, %s, %s, %s::jsonb, %s::jsonb)",
            (
                as_of_date,
                previous_as_of_date,
                result.report.scale,
                scale_links_count,
                json.dumps(settings),
                json.dumps(asdict(result.report)),
            ),
        )
    # The profiles of the same day read it next.
    conn.execute("analyze ml.communities")


def _copy(cursor: psycopg.Cursor, table: LiteralString, as_of_date: dt.date, rows: pd.DataFrame) -> None:
    columns = ["as_of_date", *rows.columns]
    statement = sql.SQL("copy ml.{} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    absent = rows.astype(object).where(rows.notna(), None)
    with cursor.copy(statement) as copy:
        for row in absent.itertuples(index=False, name=None):
            copy.write_row((as_of_date, *row))


def _frame(
    conn: psycopg.Connection, query: LiteralString, columns: list[str], parameters: tuple[object, ...] = ()
) -> pd.DataFrame:
    with conn.cursor() as cursor:
        rows = cursor.execute(query, parameters).fetchall()
    frame = pd.DataFrame.from_records(rows, columns=columns)
    for column in frame.columns:
        if column in ("confidence", "stability"):
            frame[column] = frame[column].astype("float64")
        elif column in ("links_hash", "payments_count"):
            frame[column] = frame[column].astype("int64")
        else:
            frame[column] = frame[column].astype(object)
    return frame
