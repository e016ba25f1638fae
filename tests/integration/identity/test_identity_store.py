"""The cross-reference in a real database: reruns, merges, and two runs at once."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from ml.identity import ExactResolver, assign_gr_ids, read, read_records, write
from orchestration.warehouse import Warehouse
from tests.integration.identity.people import EARLY, LATE, Config, add, current, run


def everything(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        xref = connection.execute("select * from ml.party_xref order by party_id, recorded_at").fetchall()
        xref += connection.execute("select * from ops.identity_ledger order by ledger_id").fetchall()
        xref += connection.execute("select * from ops.identity_review_queue order by review_id").fetchall()
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
    assert len(everything(parties)) == 8  # four records, three births, one link
    assert set(current(parties).values()) == {f"GR000000000{number}" for number in (1, 2, 3)}


def test_a_change_made_from_an_old_reading_is_refused(parties: Warehouse) -> None:
    with parties.connect("assay_ml") as connection:
        resolution = ExactResolver().resolve(read_records(connection, Config()), Config())
        change = assign_gr_ids(resolution, read(connection))
    run(parties)
    with parties.connect("assay_ml") as connection, pytest.raises(psycopg.errors.UniqueViolation):
        write(connection, change)


def test_a_change_that_fails_leaves_no_trace_in_the_ledger(parties: Warehouse) -> None:
    with parties.connect("assay_ml") as connection:
        resolution = ExactResolver().resolve(read_records(connection, Config()), Config())
        change = assign_gr_ids(resolution, read(connection))
    run(parties)
    before = everything(parties)
    with parties.connect("assay_ml") as connection, pytest.raises(psycopg.errors.UniqueViolation):
        write(connection, change)
    assert everything(parties) == before


def test_pairs_have_the_order_of_python_whatever_the_collation_of_the_database(parties: Warehouse) -> None:
    # On most servers "a0" sorts before "A1"; Python, which writes and reads the pairs, sorts capitals first.
    with parties.connect() as connection:
        rows = connection.execute(
            "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint where contype = 'c'"
            " and pg_get_constraintdef(oid) ~ '_a[^<]*<[^<]*_b'"
        ).fetchall()
    assert {table for table, _ in rows} == {"ml.match_edges", "ml.linkage_edges", "ops.identity_overrides"}
    for table, check in rows:
        assert check == 'CHECK (((party_id_a COLLATE "C") < (party_id_b COLLATE "C")))', table
