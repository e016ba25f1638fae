"""A handful of records in ``core.parties``, and the ways tests look at what became of them."""

import datetime as dt
from dataclasses import dataclass

from ml.identity import IdentitySummary, resolve_and_store
from orchestration.warehouse import Warehouse

EARLY, LATE = dt.datetime(2014, 1, 1, tzinfo=dt.UTC), dt.datetime(2014, 2, 1, tzinfo=dt.UTC)
FIRST_DAY = dt.date(2014, 3, 1)


@dataclass(frozen=True)
class Rule:
    name: str
    column: str
    unique_within: str | None = None


@dataclass(frozen=True)
class Config:
    anchor_record_type: str = "client"
    linkage: None = None
    identity_rules: tuple[Rule, ...] = (
        Rule("customer_ref", "customer_ref"),
        Rule("unique_phone", "phone", "client"),
    )


def create(warehouse: Warehouse) -> None:
    """An empty ``core.parties`` with the columns that the rules read."""
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(
            "create table core.parties"
            " (party_id text, record_type text, customer_ref text, phone text, known_at timestamptz,"
            " valid_from date default '2013-12-01', deleted_on date)"
        )


def add(warehouse: Warehouse, *rows: tuple[object, ...]) -> None:
    with warehouse.connect("assay_dbt") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into core.parties (party_id, record_type, customer_ref, phone, known_at)"
            " values (%s, %s, %s, %s, %s)",
            rows,
        )


def cutoff(day: int) -> dt.datetime:
    """Knowledge cut-off of a numbered day: the next one at two."""
    return dt.datetime.combine(FIRST_DAY + dt.timedelta(days=day + 1), dt.time(2), tzinfo=dt.UTC)


def run(warehouse: Warehouse, day: int | None = None) -> IdentitySummary:
    """One run; of a numbered day, or of now."""
    given = {} if day is None else {"as_of_date": FIRST_DAY + dt.timedelta(days=day), "knowledge_cutoff": cutoff(day)}
    with warehouse.connect("assay_ml") as connection:
        return resolve_and_store(connection, Config(), **given)


def current(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.connect() as connection:
        query = "select party_id, gr_id from ml.party_xref where retired_at is null"
        return dict(connection.execute(query).fetchall())


def same(warehouse: Warehouse, *parties: str) -> bool:
    """Whether all of them are one golden record now."""
    ids = current(warehouse)
    return len({ids[party] for party in parties}) == 1


def as_of(warehouse: Warehouse, on_day: dt.date, known_by: dt.datetime) -> dict[str, str]:
    """Who each record was on a day, as known by an instant."""
    with warehouse.connect("assay_dbt") as connection:
        query = "select party_id, gr_id from ml.party_xref_as_of(%s, %s)"
        return dict(connection.execute(query, (on_day, known_by)).fetchall())


def ledger(warehouse: Warehouse, *, after: int = 0) -> list[tuple[str, str | None, str | None, int | None, str]]:
    """Events in order, without those up to a number."""
    with warehouse.connect() as connection:
        return connection.execute(
            "select event, gr_id, other_gr_id, party_count, cause from ops.identity_ledger where ledger_id > %s"
            " order by ledger_id",
            (after,),
        ).fetchall()


def last_event(warehouse: Warehouse) -> int:
    with warehouse.connect() as connection:
        row = connection.execute("select coalesce(max(ledger_id), 0) from ops.identity_ledger").fetchone()
        return row[0] if row else 0


def queue(warehouse: Warehouse) -> list[tuple[str, str, str, str]]:
    with warehouse.connect() as connection:
        return connection.execute(
            "select kind, party_id_a, party_id_b, review_status from ops.identity_review_queue order by review_id"
        ).fetchall()
