"""The cross-reference in a real database: reruns, merges, and two runs at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from ml.identity import (
    ExactResolver,
    IdentitySummary,
    assign_gr_ids,
    read,
    read_records,
    resolve_and_store,
    write,
)
from orchestration.warehouse import Warehouse

EARLY, LATE = dt.datetime(2014, 1, 1, tzinfo=dt.UTC), dt.datetime(2014, 2, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Rule:
    name: str
    column: str
    unique_within: str | None = None


@dataclass(frozen=True)
class Config:
    anchor_record_type: str = "client"
    identity_rules: tuple[Rule, ...] = (
        Rule("customer_ref", "customer_ref"),
        Rule("unique_phone", "phone", "client"),
    )


@pytest.fixture
def parties(warehouse: Warehouse) -> Warehouse:
    """Two clients, a caller with the telephone of one, a caller without any known one."""
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(
            "create table core.parties"
            " (party_id text, record_type text, customer_ref text, phone text, known_at timestamptz,"
            " valid_from date default '2013-12-01', deleted_on date)"
        )
    add(warehouse, ("c1", "client", None, "1", EARLY), ("c2", "client", None, "2", EARLY))
    add(warehouse, ("e1", "caller", None, "1", LATE), ("e2", "caller", None, "9", LATE))
    return warehouse


def add(warehouse: Warehouse, *rows: tuple[object, ...]) -> None:
    with warehouse.connect("assay_dbt") as connection, connection.cursor() as cursor:
        cursor.executemany("insert into core.parties (party_id, record_type, customer_ref, phone, known_at) values (%s, %s, %s, %s, %s)", rows)


def run(warehouse: Warehouse) -> IdentitySummary:
    with warehouse.connect("assay_ml") as connection:
        return resolve_and_store(connection, Config())


def current(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.connect() as connection:
        query = "select party_id, gr_id from ml.party_xref where retired_at is null"
        return dict(connection.execute(query).fetchall())


def everything(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        xref = connection.execute("select * from ml.party_xref order by party_id, recorded_at").fetchall()
        return xref + connection.execute("select * from ml.match_edges order by 1, 2, 3").fetchall()


def test_a_second_run_writes_nothing(parties: Warehouse) -> None:
    first = run(parties)
    stored = everything(parties)
    assert (first.parties, first.golden_records, first.edges, first.new_ids) == (4, 3, 1, 3)
    assert current(parties) == {
        "c1": "GR0000000001",
        "c2": "GR0000000002",
        "e1": "GR0000000001",
        "e2": "GR0000000003",
    }
    second = run(parties)
    assert (second.new_ids, second.retired, second.redirected_ids) == (0, 0, 0)
    assert everything(parties) == stored


def test_a_link_is_known_when_both_records_are(parties: Warehouse) -> None:
    run(parties)
    with parties.connect() as connection:
        known = dict(connection.execute("select party_id, known_at from ml.party_xref").fetchall())
    assert known == {"c1": EARLY, "c2": EARLY, "e1": LATE, "e2": LATE}


def test_a_merge_retires_the_younger_id_and_keeps_its_row(parties: Warehouse) -> None:
    run(parties)
    add(parties, ("e2", "caller", None, "2", LATE))
    summary = run(parties)
    assert (summary.new_ids, summary.retired, summary.redirected_ids) == (0, 1, 1)
    assert current(parties)["e2"] == "GR0000000002"
    with parties.connect() as connection:
        history = connection.execute(
            "select gr_id, retired_at is null from ml.party_xref where party_id = 'e2' order by recorded_at"
        ).fetchall()
    assert history == [("GR0000000003", False), ("GR0000000002", True)]


def test_a_phone_that_a_second_client_gets_takes_its_edge_away(parties: Warehouse) -> None:
    run(parties)
    add(parties, ("c3", "client", None, "1", LATE))
    assert run(parties).edges == 0
    assert current(parties)["c1"] == "GR0000000001"
    assert current(parties)["e1"] not in ("GR0000000001", "GR0000000003")
    with parties.connect() as connection:
        assert connection.execute("select count(*) from ml.match_edges").fetchone() == (0,)


def test_two_runs_at_once_give_what_one_gives(parties: Warehouse) -> None:
    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(run, [parties, parties]))
    assert sorted(summary.parties for summary in summaries) == [4, 4]
    assert len(everything(parties)) == 5
    assert set(current(parties).values()) == {f"GR000000000{number}" for number in (1, 2, 3)}


def test_a_change_made_from_an_old_reading_is_refused(parties: Warehouse) -> None:
    with parties.connect("assay_ml") as connection:
        resolution = ExactResolver().resolve(read_records(connection, Config()), Config())
        change = assign_gr_ids(resolution, read(connection))
    run(parties)
    with parties.connect("assay_ml") as connection, pytest.raises(psycopg.errors.UniqueViolation):
        write(connection, change)
