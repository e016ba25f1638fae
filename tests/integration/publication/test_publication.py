"""Publication is one step: everybody sees the old day or the new one, whatever happens on the way."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from gold_builder import DAY_1, DAY_2, EXPECTED, build_next, change_next, contents, publish_day

from orchestration.publication import (
    NothingToRollBackError,
    PublicationBusyError,
    PublicationError,
    PublicationRefusedError,
    audit,
    prepare_next,
    publication_lock,
    publish,
    rollback,
)
from orchestration.warehouse import Role, Warehouse


def day_in_gold(warehouse: Warehouse) -> object:
    with psycopg.connect(warehouse.bi_conninfo()) as connection:
        row = connection.execute("select snapshot_date from publication").fetchone()
    return row[0] if row else None


def schemas(warehouse: Warehouse) -> set[str]:
    with warehouse.connect(Role.OPS) as connection:
        return {row[0] for row in connection.execute("select nspname from pg_namespace where nspname like 'gold%'")}


def log(warehouse: Warehouse) -> list[tuple[str, object]]:
    with warehouse.connect(Role.OPS) as connection:
        return connection.execute(
            "select status, snapshot_date from ops.publications order by publication_id"
        ).fetchall()


def test_a_publication_replaces_gold_and_keeps_the_one_before(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    before = contents(warehouse)
    publication = publish_day(warehouse, DAY_2)
    assert day_in_gold(warehouse) == DAY_2
    assert contents(warehouse, "gold_prev") == before
    assert publication.row_counts == {"analytics_segments": 3, "publication": 1}
    assert schemas(warehouse) == {"gold", "gold_prev"}
    assert log(warehouse) == [("published", DAY_1), ("published", DAY_2)]


def test_the_third_publication_drops_the_first(warehouse: Warehouse) -> None:
    for day in (DAY_1, DAY_2, DAY_2):
        publication = publish_day(warehouse, day)
    assert publication.not_dropped == ()
    assert schemas(warehouse) == {"gold", "gold_prev"}


def test_bi_reads_gold_but_neither_the_next_nor_the_previous(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    publish_day(warehouse, DAY_2)
    with publication_lock(warehouse):
        build_next(warehouse, DAY_2)
    with psycopg.connect(warehouse.bi_conninfo(), autocommit=True) as connection:
        connection.execute("select * from gold.analytics_segments")
        for schema in ("gold_next", "gold_prev"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select * from {schema}.analytics_segments")


def test_audits_and_record_are_written_with_the_swap(warehouse: Warehouse) -> None:
    publication = publish_day(warehouse, DAY_1)
    with warehouse.connect(Role.OPS) as connection:
        rows = connection.execute(
            "select audit_name, passed from ops.audit_results where publication_id = %s",
            (publication.publication_id,),
        ).fetchall()
        recorded = connection.execute("select row_counts, swap_wait_ms, finished_at from ops.publications").fetchone()
    assert len(rows) == 9
    assert all(passed for _, passed in rows)
    assert recorded is not None
    assert recorded[0] == publication.row_counts
    assert recorded[1] == pytest.approx(publication.swap_wait_ms)


@pytest.mark.parametrize(
    ("damage", "audit_name", "says"),
    [
        ("drop table gold_next.analytics_segments", "tables_are_complete", "missing: analytics_segments"),
        ("drop table gold_next.publication", "tables_are_complete", "missing: publication"),
        ("create table gold_next.extra (id int)", "tables_are_complete", "not declared: extra"),
        ("create view gold_next.extra as select 1 as one", "tables_are_complete", "not declared: extra"),
        (
            "drop table gold_next.analytics_segments; create view gold_next.analytics_segments as select 1 as one",
            "tables_are_complete",
            "analytics_segments is a view, not a table",
        ),
        (
            "alter table gold_next.analytics_segments alter amount type bigint",
            "columns_are_as_declared",
            "analytics_segments, column 2: expected amount numeric(18,2), found amount bigint",
        ),
        (
            "alter table gold_next.analytics_segments add further int",
            "columns_are_as_declared",
            "analytics_segments, column 4: expected no further column, found further integer",
        ),
        (
            "alter table gold_next.analytics_segments drop last_updated",
            "columns_are_as_declared",
            "column 3: expected last_updated timestamp with time zone, found no further column",
        ),
        (
            "delete from gold_next.analytics_segments",
            "required_tables_have_rows",
            "analytics_segments is empty",
        ),
        (
            "update gold_next.analytics_segments set segment = 'one'",
            "keys_are_unique",
            "analytics_segments: 1 values of (segment) repeated or NULL",
        ),
        (
            "update gold_next.analytics_segments set segment = null where amount = 1",
            "keys_are_unique",
            "analytics_segments: 1 values",
        ),
        (
            "update gold_next.publication set snapshot_date = '2026-01-01'",
            "publication_is_of_the_day",
            "expected one row of 2026-03-02, found ['2026-01-01']",
        ),
        (
            "update gold_next.analytics_segments set last_updated = now() where amount = 1",
            "cutoff_is_the_same_everywhere",
            "analytics_segments: 1 rows",
        ),
        (
            "update gold_next.analytics_segments set last_updated = null where amount = 1",
            "cutoff_is_the_same_everywhere",
            "analytics_segments: 1 rows",
        ),
    ],
)
def test_a_failing_audit_leaves_gold_byte_identical_and_is_recorded(
    warehouse: Warehouse, damage: str, audit_name: str, says: str
) -> None:
    publish_day(warehouse, DAY_1)
    before = contents(warehouse)
    with publication_lock(warehouse):
        build_next(warehouse, DAY_2)
        change_next(warehouse, damage)
        results = audit(warehouse, EXPECTED, DAY_2)
        assert [result.name for result in results if not result.passed] == [audit_name]
        with pytest.raises(PublicationRefusedError) as caught:
            publish(warehouse, results)
    assert says in str(caught.value)
    assert contents(warehouse) == before
    assert [status for status, _ in log(warehouse)] == ["published", "failed"]


def test_an_older_day_is_refused_unless_it_is_forced(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_2)
    with publication_lock(warehouse):
        build_next(warehouse, DAY_1)
        with pytest.raises(PublicationRefusedError, match="gold shows 2026-03-02, 2026-03-01 is older"):
            publish(warehouse, audit(warehouse, EXPECTED, DAY_1))
        publish(warehouse, audit(warehouse, EXPECTED, DAY_1, allow_older=True))
    assert day_in_gold(warehouse) == DAY_1


def test_a_table_that_lost_most_of_its_rows_is_refused_unless_that_is_allowed(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1, rows=200)
    with publication_lock(warehouse):
        build_next(warehouse, DAY_2, rows=99)
        with pytest.raises(PublicationRefusedError, match="analytics_segments: 99 rows, gold has 200"):
            publish(warehouse, audit(warehouse, EXPECTED, DAY_2))
        publish(warehouse, audit(warehouse, EXPECTED, DAY_2, allow_collapse=True))
    assert day_in_gold(warehouse) == DAY_2


def test_a_guarded_measure_that_most_rows_lost_is_refused_unless_that_is_allowed(warehouse: Warehouse) -> None:
    guarded = [dataclasses.replace(EXPECTED[0], must_not_vanish=("amount", "declared_later")), EXPECTED[1]]
    publish_day(warehouse, DAY_1, rows=200)
    before = contents(warehouse)
    with publication_lock(warehouse):
        build_next(warehouse, DAY_2, rows=200)
        change_next(warehouse, "update gold_next.analytics_segments set amount = null where amount > 99")
        with pytest.raises(
            PublicationRefusedError, match=r"analytics_segments\.amount: known in 99 rows, in gold in 200"
        ):
            publish(warehouse, audit(warehouse, guarded, DAY_2))
        assert contents(warehouse) == before
        publish(warehouse, audit(warehouse, guarded, DAY_2, allow_collapse=True))
    assert day_in_gold(warehouse) == DAY_2


def test_nothing_is_published_without_audits_or_without_the_lock(warehouse: Warehouse) -> None:
    with publication_lock(warehouse):
        build_next(warehouse, DAY_1)
        with pytest.raises(PublicationRefusedError, match="no audit"):
            publish(warehouse, [])
        results = audit(warehouse, EXPECTED, DAY_1)
    for step in (
        lambda: publish(warehouse, results),
        lambda: prepare_next(warehouse),
        lambda: rollback(warehouse),
    ):
        with pytest.raises(PublicationError, match="Nobody holds the publication lock"):
            step()


def test_the_lock_is_free_as_soon_as_it_is_left(warehouse: Warehouse) -> None:
    for _ in range(30):
        with publication_lock(warehouse):
            pass


def test_a_second_publication_is_refused_or_waits(warehouse: Warehouse) -> None:
    with (
        publication_lock(warehouse),
        pytest.raises(PublicationBusyError, match="under way"),
        publication_lock(warehouse),
    ):
        pass
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with publication_lock(warehouse):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    with pytest.raises(PublicationBusyError), publication_lock(warehouse, wait_seconds=0.05):
        pass
    threading.Timer(0.1, leave.set).start()
    with publication_lock(warehouse, wait_seconds=10):
        pass
    holder.join()


@pytest.mark.parametrize("step", ["gold_prev -> gold_old_3", "gold -> gold_prev", "gold_next -> gold"])
def test_a_failure_between_two_renames_leaves_everything_as_it_was(warehouse: Warehouse, step: str) -> None:
    publish_day(warehouse, DAY_1)
    publish_day(warehouse, DAY_1)
    before, previous = contents(warehouse), contents(warehouse, "gold_prev")

    def fail(done: str) -> None:
        if done == step:
            raise RuntimeError(done)

    with publication_lock(warehouse):
        build_next(warehouse, DAY_2)
        with pytest.raises(RuntimeError, match=step):
            publish(warehouse, audit(warehouse, EXPECTED, DAY_2), on_step=fail)
        assert contents(warehouse) == before
        assert contents(warehouse, "gold_prev") == previous
        assert log(warehouse) == [("published", DAY_1), ("published", DAY_1)]
        publish(warehouse, audit(warehouse, EXPECTED, DAY_2))
    assert day_in_gold(warehouse) == DAY_2


KILLED_PUBLISHER = """
import os, signal, sys
from gold_builder import DAY_2, EXPECTED, build_next
from orchestration.publication import audit, publication_lock, publish
from orchestration.warehouse import Warehouse

warehouse = Warehouse(host=sys.argv[1], port=int(sys.argv[2]), user="postgres", password="", 
                      database=sys.argv[3], is_embedded=True, bi_host="", bi_password=None, dagster="")
with publication_lock(warehouse):
    build_next(warehouse, DAY_2)
    publish(warehouse, audit(warehouse, EXPECTED, DAY_2),
            on_step=lambda step: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_publisher_leaves_gold_as_it_was_and_the_lock_free(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    before = contents(warehouse)
    folder = str(Path(__file__).parent)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_PUBLISHER, warehouse.host, str(warehouse.port), warehouse.database],
        env=os.environ | {"PYTHONPATH": folder},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert contents(warehouse) == before
    with publication_lock(warehouse, wait_seconds=10):
        build_next(warehouse, DAY_2)
        publish(warehouse, audit(warehouse, EXPECTED, DAY_2))
    assert log(warehouse) == [("published", DAY_1), ("published", DAY_2)]


def test_rollback_shows_the_day_before_and_twice_the_latest_again(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    publish_day(warehouse, DAY_2)
    first, second = contents(warehouse, "gold_prev"), contents(warehouse)
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == DAY_1
    assert contents(warehouse) == first
    assert day_in_gold(warehouse) == DAY_1
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == DAY_2
    assert contents(warehouse) == second
    assert day_in_gold(warehouse) == DAY_2
    assert log(warehouse)[2:] == [("rolled_back", DAY_1), ("rolled_back", DAY_2)]


def test_rollback_says_so_when_there_is_nothing_to_go_back_to(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    with publication_lock(warehouse), pytest.raises(NothingToRollBackError, match="only one publication"):
        rollback(warehouse)
    assert day_in_gold(warehouse) == DAY_1


def test_an_idle_reader_holds_up_no_publication_and_its_tables_are_dropped_later(
    warehouse: Warehouse,
) -> None:
    publish_day(warehouse, DAY_1)
    with psycopg.connect(warehouse.bi_conninfo()) as reader:
        reader.execute("select count(*) from gold.analytics_segments").fetchone()
        publish_day(warehouse, DAY_1)
        publication = publish_day(warehouse, DAY_2)
        assert [kept.split(":")[1] for kept in publication.not_dropped] == [" a session still reads it"]
        assert day_in_gold(warehouse) == DAY_2
        reader.rollback()
    assert publish_day(warehouse, DAY_2).not_dropped == ()
    assert schemas(warehouse) == {"gold", "gold_prev"}


def test_a_foreign_view_on_gold_is_reported_and_never_dropped(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    with warehouse.connect(Role.DBT) as connection:
        connection.execute("create view core.somebodys as select * from gold.analytics_segments")
    publish_day(warehouse, DAY_1)
    publication = publish_day(warehouse, DAY_2)
    assert "something in another schema is built on it" in publication.not_dropped[0]
    with warehouse.connect(Role.DBT) as connection:
        connection.execute("select * from core.somebodys")


def test_readers_see_one_day_or_the_other_during_swaps(warehouse: Warehouse) -> None:
    publish_day(warehouse, DAY_1)
    stop = threading.Event()
    reads: list[int] = []
    mixed: list[object] = []

    def read() -> None:
        with psycopg.connect(warehouse.bi_conninfo(), autocommit=True) as connection:
            while not stop.is_set():
                rows = connection.execute(
                    "select distinct p.data_cutoff = s.last_updated from analytics_segments as s, publication as p"
                ).fetchall()
                reads.append(1)
                if rows != [(True,)]:
                    mixed.append(rows)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in (DAY_1, DAY_2, DAY_2, DAY_2):
        publish_day(warehouse, day)
    stop.set()
    for reader in readers:
        reader.join()
    assert mixed == []
    assert len(reads) > 20
