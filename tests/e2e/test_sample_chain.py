"""The chain on the sample: everything is materialised, twice is once, a bad day never reaches BI."""

import datetime as dt
import multiprocessing
from collections.abc import Callable, Mapping, Sequence

import dagster as dg
import psycopg
import pytest

from orchestration.definitions import build_defs
from orchestration.publication import publication_lock, rollback
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.transformation.runner import DbtOutcome, DbtRunner
from orchestration.warehouse import Role

from .conftest import Chain

pytestmark = pytest.mark.xdist_group("sample")

Hashes = Mapping[str, tuple[int, str]]
BUILT = ("raw", "core", "features", "ml", "gold")


def materialised(events: Sequence[dg.DagsterEvent]) -> set[dg.AssetKey]:
    return {event.asset_key for event in events if event.event_type_value == "ASSET_MATERIALIZATION"}


def test_every_asset_is_materialised_not_merely_the_run_green(sample: Chain) -> None:
    result = sample.run()
    assert result.success
    wanted = build_defs(settings=sample.settings).resolve_asset_graph().materializable_asset_keys
    assert materialised(result.all_events) == set(wanted)


def test_every_gold_table_has_rows(sample: Chain) -> None:
    counts = {name: rows for name, (rows, _) in sample.row_hashes("gold").items()}
    assert len(counts) >= 12
    assert [name for name, rows in counts.items() if rows == 0] == []


def test_running_the_day_again_changes_no_row(sample: Chain) -> None:
    before = sample.row_hashes(*BUILT)
    assert sample.run().success
    assert sample.row_hashes(*BUILT) == before


def test_no_check_fails(sample: Chain) -> None:
    result = sample.run()
    failed = [
        f"{event.event_specific_data.asset_key.to_user_string()}: {event.event_specific_data.check_name}"
        for event in result.all_events
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and not event.event_specific_data.passed
    ]
    assert failed == []


def _run_in_a_process(values: dict[str, object], day: dt.date) -> bool:
    settings = load_settings(**values)
    runtime = Runtime(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = (
            build_defs(settings=settings, resource_overrides={"runtime": runtime})
            .resolve_job_def("daily")
            .execute_in_process(
                instance=instance,
                partition_key=day.isoformat(),
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                raise_on_error=False,
            )
        )
    return result.success


def test_two_runs_of_one_partition_at_once_leave_the_state_of_one(sample: Chain) -> None:
    before = sample.row_hashes(*BUILT)
    settings: Settings = sample.settings
    values = {"home": settings.home, "portfolio_name": settings.portfolio_name, "landing": settings.landing}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        outcomes = pool.starmap(_run_in_a_process, [(values, sample.day)] * 2)
    assert outcomes == [True, True]
    assert sample.row_hashes(*BUILT) == before


class SpoilingDbt(DbtRunner):
    """dbt that works, after which somebody spoils ``gold_next``: what audits are there to notice."""

    def __init__(self, runtime: Runtime, statement: str) -> None:
        super().__init__(runtime.settings)
        self._warehouse, self._statement = runtime.warehouse, statement

    def run(self, arguments, variables, on_node=None) -> DbtOutcome:
        outcome = super().run(arguments, variables, on_node)
        if any("gold" in argument for argument in arguments):
            with self._warehouse.connect(Role.DBT) as connection:
                connection.execute(self._statement)
        return outcome


class SpoiledRuntime(Runtime):
    """A runtime whose dbt is followed by the given statement."""

    def __init__(self, settings: Settings, statement: str) -> None:
        super().__init__(settings)
        self.dbt = SpoilingDbt(self, statement)


@pytest.mark.parametrize(
    ("statement", "audit"),
    [
        ("drop table gold_next.risk_scores", "missing"),
        ("delete from gold_next.profile_360 where gr_id > 'GR0000000050'", "fewer"),
        ("update gold_next.analytics_geographic_clustering set last_updated = now()", "last_updated"),
        ("alter table gold_next.risk_scores add column surprise integer", "surprise"),
    ],
)
def test_a_failing_audit_leaves_gold_byte_identical_and_the_run_failed(
    sample: Chain, gold_hashes: Callable[[], Hashes], statement: str, audit: str
) -> None:
    before = gold_hashes()
    result = sample.run(SpoiledRuntime(sample.settings, statement))
    assert not result.success
    assert gold_hashes() == before
    status, message = sample.query("select status, message from ops.publications order by publication_id desc limit 1")[
        0
    ]
    assert status == "failed"
    assert audit in message
    assert sample.run().success


def test_a_gold_test_that_fails_stops_the_publication(sample: Chain, gold_hashes: Callable[[], Hashes]) -> None:
    before = gold_hashes()
    with sample.runtime.warehouse.connect() as admin:
        admin.execute("create table public.kept as select * from ml.scores")
        admin.execute("alter table ml.scores drop constraint scores_probability_check")
        admin.execute("update ml.scores set probability = 1.5 where probability is not null")
    try:
        result = sample.run()
        assert not result.success
        assert gold_hashes() == before
    finally:
        with sample.runtime.warehouse.connect() as admin:
            admin.execute(
                "update ml.scores s set probability = k.probability from public.kept k where (s.model_name, "
                "s.exposure_id, s.gr_id, s.as_of_date) = (k.model_name, k.exposure_id, k.gr_id, k.as_of_date)"
            )
            admin.execute(
                "alter table ml.scores add constraint scores_probability_check check (probability between 0 and 1)"
            )
            admin.execute("drop table public.kept")
    assert sample.run().success


def test_an_older_day_is_not_published_over_a_newer_one(sample: Chain, gold_hashes: Callable[[], Hashes]) -> None:
    before = gold_hashes()
    result = sample.run(day=sample.day - dt.timedelta(days=1))
    assert not result.success
    assert gold_hashes() == before
    assert sample.run().success


def test_rollback_brings_back_the_gold_before_and_again_undoes_it(
    sample: Chain, gold_hashes: Callable[[], Hashes]
) -> None:
    assert sample.run(day=sample.day + dt.timedelta(days=1)).success
    newer = gold_hashes()
    warehouse = sample.runtime.warehouse
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == sample.day
    older = gold_hashes()
    assert older != newer
    with publication_lock(warehouse):
        assert rollback(warehouse).snapshot_date == sample.day + dt.timedelta(days=1)
    assert gold_hashes() == newer
    with publication_lock(warehouse):
        rollback(warehouse)
    assert gold_hashes() == older
    assert sample.run().success


def test_bi_sees_no_direct_identifier(sample_bi: psycopg.Connection) -> None:
    forbidden = {
        "first_name",
        "middle_name",
        "last_name",
        "full_name",
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
