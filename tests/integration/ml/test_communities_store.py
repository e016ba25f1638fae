"""Communities in a real database: days, reruns, merges of golden records, two runs at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from ml.network import CommunityConfig, CommunitySummary, detect_and_store
from orchestration.warehouse import Warehouse

FIRST, SECOND, THIRD = dt.date(2026, 9, 28), dt.date(2026, 9, 29), dt.date(2026, 9, 30)


@pytest.fixture
def network(warehouse: Warehouse) -> Warehouse:
    """A spouse and a child, two who paid each other, and payments through a hub that count nothing."""
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(
            "create table core.gr_relationships"
            " (gr_id_from text, gr_id_to text, relationship_type text, confidence numeric(5, 4));"
            "create table core.money_flows"
            " (gr_id_from text, gr_id_to text, payments_count integer, is_through_hub boolean);"
            "create table core.golden_records (gr_id text, status text);"
            "create table core.gr_redirects (gr_id_from text, gr_id_to text, retired_at timestamptz)"
        )
        connection.execute(
            "insert into core.gr_relationships values"
            " ('a', 'b', 'spouse', 0.95), ('a', 'c', 'parent', 0.95), ('c', 'a', 'child', 0.95)"
        )
        connection.execute(
            "insert into core.money_flows values ('d', 'e', 3, false), ('h', 'a', 9, true), ('h', 'd', 9, true)"
        )
    return warehouse


def run(warehouse: Warehouse, day: dt.date, config: CommunityConfig | None = None) -> CommunitySummary:
    with warehouse.connect("assay_ml") as connection:
        return detect_and_store(connection, day, config)


def change(warehouse: Warehouse, statement: str) -> None:
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(statement)


def communities(warehouse: Warehouse, day: dt.date) -> dict[str, str]:
    with warehouse.connect() as connection:
        query = "select gr_id, community_id from ml.communities where as_of_date = %s"
        return dict(connection.execute(query, (day,)).fetchall())


def everything(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        return [
            row
            for query in (
                "select gr_id, as_of_date, cluster_id, community_id, stability, members_count, links_hash"
                " from ml.communities order by 2, 1",
                "select as_of_date, community_id, event, other_community_id, members_count, shared_count"
                " from ml.community_ledger order by 1, 2",
                "select as_of_date, previous_as_of_date, scale, scale_links_count, settings, report"
                " from ml.community_runs order by 1",
            )
            for row in connection.execute(query).fetchall()
        ]


def test_a_day_run_twice_is_the_day_run_once(network: Warehouse) -> None:
    summary = run(network, FIRST)
    assert (summary.report.people, summary.report.communities, summary.sizes) == (5, 2, {2: 1, 3: 1})
    assert summary.previous_as_of_date is None
    assert communities(network, FIRST) == dict.fromkeys("abc", "C20260928-a") | dict.fromkeys("de", "C20260928-d")
    stored = everything(network)
    assert run(network, FIRST).report == summary.report
    assert everything(network) == stored


def test_a_day_carries_the_ids_of_the_latest_day_before_it(network: Warehouse) -> None:
    run(network, FIRST)
    run(network, THIRD)
    change(network, "delete from core.money_flows where gr_id_from = 'd'")
    # Between two days that are there: the later one is not its past.
    assert run(network, SECOND).previous_as_of_date == FIRST
    assert communities(network, SECOND) == dict.fromkeys("abc", "C20260928-a")
    with network.connect() as connection:
        ledger = connection.execute(
            "select event, community_id, members_count from ml.community_ledger where as_of_date = %s", (SECOND,)
        ).fetchall()
    assert ledger == [("died", "C20260928-d", 2)]
    # The third is untouched.
    assert communities(network, THIRD) == communities(network, FIRST)


def test_a_merged_golden_record_carries_its_community_on(network: Warehouse) -> None:
    change(network, "insert into core.gr_relationships values ('x', 'y', 'spouse', 1), ('x', 'z', 'parent', 1)")
    run(network, FIRST)
    # x was w all along, y was v; w and v are new to the graph.
    change(network, "insert into core.gr_redirects values ('x', 'w', now()), ('y', 'v', now())")
    change(network, "delete from core.gr_relationships where gr_id_from = 'x'")
    change(network, "insert into core.gr_relationships values ('w', 'v', 'spouse', 1)")
    run(network, SECOND)
    assert communities(network, SECOND)["w"] == "C20260928-x"
    assert communities(network, SECOND)["v"] == "C20260928-x"


def test_two_records_that_become_one_speak_with_the_voice_of_the_one_that_lives(network: Warehouse) -> None:
    run(network, FIRST)
    change(network, "insert into core.gr_redirects values ('d', 'a', now())")
    change(network, "update core.money_flows set gr_id_from = 'a' where gr_id_from = 'd'")
    summary = run(network, SECOND)
    assert summary.report.people == 4
    assert communities(network, SECOND)["a"] == "C20260928-a"


def test_an_empty_graph_is_a_run_too_and_ends_every_community(network: Warehouse) -> None:
    run(network, FIRST)
    change(network, "truncate core.gr_relationships, core.money_flows")
    summary = run(network, SECOND)
    assert (summary.report.people, summary.report.died, summary.sizes) == (0, 2, {})
    # Nothing comes back under an old id.
    change(network, "insert into core.gr_relationships values ('a', 'b', 'spouse', 0.95)")
    assert run(network, THIRD).previous_as_of_date == SECOND
    assert communities(network, THIRD) == dict.fromkeys("ab", "C20260930-a")


def test_the_scale_stays_until_the_graph_outgrows_it(network: Warehouse) -> None:
    scale = run(network, FIRST).report.scale
    change(network, "insert into core.gr_relationships values ('a', 'e', 'spouse', 1), ('b', 'e', 'parent', 1)")
    assert run(network, SECOND).report.scale == scale
    change(
        network,
        "insert into core.gr_relationships select 'p' || i, 'p' || j, 'spouse', 1"
        " from generate_series(1, 12) as i cross join generate_series(1, 12) as j where i < j",
    )
    grown = run(network, THIRD)
    assert grown.report.scale != scale
    # All is worked out anew, and the names stay.
    assert grown.report.looked_at == grown.report.people
    assert communities(network, THIRD)["a"] == "C20260928-a"


def test_a_given_scale_holds(network: Warehouse) -> None:
    assert run(network, FIRST, CommunityConfig(scale=77.0)).report.scale == 77.0


def test_two_runs_at_once_give_what_one_gives(network: Warehouse) -> None:
    run(network, FIRST)
    stored = everything(network)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: run(network, FIRST), range(2)))
    assert everything(network) == stored
