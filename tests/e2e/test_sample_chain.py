"""The chain on the sample: everything is materialised, twice is once, a bad day never reaches BI."""

import datetime as dt
import multiprocessing
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psycopg
import pyarrow.parquet as pq
import pytest

from ml.synthetic.world import WorldConfig, read_manifest, write_world
from orchestration.cli.daily import failed_checks
from orchestration.definitions import build_defs
from orchestration.publication import publication_lock, rollback
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.transformation.runner import DbtOutcome, DbtRunner
from orchestration.warehouse import Role
from tests.e2e.chain import TRAINING, Chain

pytestmark = pytest.mark.xdist_group("sample")

BUILT = ("raw", "core", "features", "ml", "gold")


def start_a_process() -> None:
    """Nothing: where this is called the libraries are there, and a run begins at once."""


def run_in_a_process(values: Mapping[str, object], day: dt.date) -> list[str]:
    """Run the day; what failed, in words."""
    settings = load_settings(**values)
    runtime = Runtime(settings, TRAINING)
    defs = build_defs(settings=settings, resource_overrides={"runtime": runtime})
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("daily").execute_in_process(
            instance=instance,
            partition_key=day.isoformat(),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
    failures = [event for event in result.all_events if event.is_failure]
    return [f"{event.step_key}: {event.message} {event.event_specific_data}" for event in failures]


@dataclass
class SecondRun:
    """What a run of the same day found and left, beside which another process ran the day, too."""

    result: dg.ExecuteInProcessResult
    failures_beside: list[str]
    before: Mapping[str, tuple[int, str]]
    after: Mapping[str, tuple[int, str]]


@pytest.fixture(scope="module")
def second(sample: Chain) -> SecondRun:
    before, settings = sample.row_hashes(*BUILT), sample.settings
    values = {"home": settings.home, "portfolio_name": settings.portfolio_name, "landing": settings.landing}
    # A pool would end its idle workers by a signal, which Dagster's handler in them may swallow: the test would hang.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(start_a_process).result()
        beside = pool.submit(run_in_a_process, values, sample.day)
        result = sample.run()
        failures = beside.result()
    return SecondRun(result, failures, before, sample.row_hashes(*BUILT))


def test_every_asset_is_materialised_not_merely_the_run_green(sample: Chain, second: SecondRun) -> None:
    assert second.result.success
    wanted = build_defs(settings=sample.settings).resolve_asset_graph().materializable_asset_keys
    seen = {e.asset_key for e in second.result.all_events if e.event_type_value == "ASSET_MATERIALIZATION"}
    assert seen == set(wanted)


def test_no_check_fails_and_every_check_is_evaluated(sample: Chain, second: SecondRun) -> None:
    evaluated = {
        event.event_specific_data.asset_check_key: event.event_specific_data.passed
        for event in second.result.all_events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert [key.name for key, passed in evaluated.items() if not passed] == []
    graph = build_defs(settings=sample.settings).resolve_asset_graph()
    assert set(evaluated) == set(graph.asset_check_keys)


def test_running_the_day_again_even_twice_at_once_changes_no_row(second: SecondRun) -> None:
    assert second.result.success
    assert second.failures_beside == []
    assert second.after == second.before


def test_the_unit_tests_of_the_sql_pass(sample: Chain) -> None:
    ran, failures = sample.unit_tests()
    assert failures == []
    assert ran >= 10


def test_every_gold_table_has_rows(second: SecondRun) -> None:
    counts = {name: rows for name, (rows, _) in second.after.items() if name.startswith("gold.")}
    assert len(counts) == 28
    # Nobody's id has been retired yet.
    assert [name for name, rows in counts.items() if rows == 0] == ["gold.gr_redirects"]


class SpoilingDbt(DbtRunner):
    """dbt that works, before or after which somebody spoils what it builds: what audits and tests should notice."""

    def __init__(self, runtime: Runtime, *, before: str | None = None, after: str | None = None) -> None:
        super().__init__(runtime.settings)
        self._warehouse, self._before, self._after = runtime.warehouse, before, after

    def run(self, arguments, variables, on_node=None) -> DbtOutcome:
        for statement, place in ((self._before, "before"), (None, "dbt"), (self._after, "after")):
            if place == "dbt":
                outcome = super().run(arguments, variables, on_node)
            elif statement is not None:
                with self._warehouse.connect(Role.DBT) as connection:
                    connection.execute(statement)
        return outcome


class SpoiledRuntime(Runtime):
    """A runtime whose dbt is preceded or followed by a statement."""

    def __init__(self, settings: Settings, *, before: str | None = None, after: str | None = None) -> None:
        super().__init__(settings, TRAINING)
        self.dbt = SpoilingDbt(self, before=before, after=after)


@pytest.mark.parametrize(
    "spoilt",
    [
        {
            "drop table gold_next.risk_scores": "missing: risk_scores",
            "alter table gold_next.profile_360 add column surprise integer": "found surprise integer",
        },
        {
            "delete from gold_next.profile_360 where gr_id > 'GR0000000050'": "profile_360",
            "update gold_next.analytics_geographic_clustering set last_updated = now()": (
                "analytics_geographic_clustering"
            ),
        },
    ],
    ids=["a missing table, an undeclared column", "collapsed rows, another cut-off"],
)
def test_a_failing_audit_leaves_gold_byte_identical_and_the_run_failed(sample: Chain, spoilt: dict[str, str]) -> None:
    before = sample.row_hashes("gold")
    assert not sample.run(SpoiledRuntime(sample.settings, after="; ".join(spoilt)), only_gold=True).success
    assert sample.row_hashes("gold") == before
    ((status, message),) = sample.query(
        "select status, message from ops.publications order by publication_id desc limit 1"
    )
    assert status == "failed"
    assert [told for told in spoilt.values() if told not in message] == []


def test_a_failing_dbt_test_of_gold_stops_the_publication(sample: Chain) -> None:
    before = sample.row_hashes("gold")
    spoil = "update core.profile_360 set churn_risk_pct = 250 where gr_id = (select min(gr_id) from core.profile_360)"
    assert not sample.run(SpoiledRuntime(sample.settings, before=spoil), only_gold=True).success
    assert sample.row_hashes("gold") == before
    ((status,),) = sample.query("select status from ops.publications order by publication_id desc limit 1")
    assert status == "failed"


def test_gold_is_not_published_from_the_profiles_of_another_day(sample: Chain) -> None:
    before = sample.row_hashes("gold")
    assert not sample.run(day=sample.day - dt.timedelta(days=1), only_gold=True).success
    assert sample.row_hashes("gold") == before


def deliver_until(sample: Chain, day: dt.date) -> None:
    """The next days of the sample's world."""
    manifest = read_manifest(sample.settings.landing)
    assert manifest is not None
    there = {name: value for name, value in manifest.identity.items() if name != "generator_version"}
    config = WorldConfig(**{**there, "start": dt.date.fromisoformat(str(there["start"])), "until": day})
    write_world(config, sample.settings.landing, sample.settings.home / "truth" / "sample")


def covered_until(sample: Chain) -> dt.date:
    ((day,),) = sample.query("select max(covered_to) from core.coverage where subject = 'transactions'")
    return day


@pytest.fixture(scope="module")
def damaged(sample: Chain) -> Path:
    """A file of the day after the business date, of which half came."""
    day = sample.day + dt.timedelta(days=1)
    deliver_until(sample, day)
    path = sample.settings.landing / "core_banking" / f"transactions_{day}.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    (sample.settings.home / path.name).write_bytes(whole)
    return path


def test_a_day_whose_file_is_damaged_is_not_published(sample: Chain, damaged: Path) -> None:
    before = sample.row_hashes("gold")
    result = sample.run(day=sample.day + dt.timedelta(days=1))
    assert not result.success
    assert sample.row_hashes("gold") == before
    failing = failed_checks(result.all_events)
    assert any("core_banking__transactions" in line for line in failing), failing
    ((message,),) = sample.query("select message from ops.publications order by publication_id desc limit 1")
    assert "profile_360.transactions_90d_count: known in 0 rows" in message
    assert covered_until(sample) == sample.day


@pytest.fixture(scope="module")
def next_day(sample: Chain, damaged: Path) -> dt.date:
    """The day after the business date, delivered in order and run."""
    shutil.copyfile(sample.settings.home / damaged.name, damaged)
    day = sample.day + dt.timedelta(days=1)
    assert sample.run(day=day).success
    return day


def test_the_next_day_is_loaded_and_published_once_its_files_are_in_order(sample: Chain, next_day: dt.date) -> None:
    written = pq.read_table(sample.settings.landing / "core_banking" / f"transactions_{next_day}.parquet")
    assert sample.query(f"select count(*) from core.transactions where event_date = '{next_day}'") == [
        (written.num_rows,)
    ]
    assert covered_until(sample) == next_day
    assert sample.query("select snapshot_date from gold.publication") == [(next_day,)]
    assert sample.query("select count(*) > 100 from gold.profile_360 where transactions_90d_count > 0") == [(True,)]


def test_rollback_shows_the_day_before_and_an_older_day_is_not_published(sample: Chain, next_day: dt.date) -> None:
    newer = sample.row_hashes("gold")
    warehouse = sample.runtime.warehouse
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == sample.day
    older = sample.row_hashes("gold")
    assert older != newer
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == next_day
    assert sample.row_hashes("gold") == newer
    assert not sample.run().success, "an older day must not replace a newer one"
    ((message,),) = sample.query("select message from ops.publications order by publication_id desc limit 1")
    assert f"gold shows {next_day}, {sample.day} is older" in message
    assert sample.row_hashes("gold") == newer
    with publication_lock(warehouse):
        rollback(warehouse)
    assert sample.row_hashes("gold") == older


def test_bi_sees_no_direct_identifier(sample_bi: psycopg.Connection) -> None:
    forbidden = {
        "first_name",
        "middle_name",
        "last_name",
        "phone",
        "email",
        "address_line",
        "national_id",
        "birth_date",
    }
    columns = sample_bi.execute(
        "select column_name from information_schema.columns where table_schema = 'gold'"
    ).fetchall()
    assert columns
    assert forbidden.isdisjoint({name for (name,) in columns})


def test_scores_have_reasons_in_words(sample_bi: psycopg.Connection) -> None:
    rows = sample_bi.execute("select probability, reason_1 from risk_scores where score_status = 'scored'").fetchall()
    assert len(rows) > 20
    assert all(0 < probability < 1 for probability, _ in rows)
    assert all(reason and " " in reason for _, reason in rows)
