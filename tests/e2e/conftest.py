"""The whole way of the data, run for real: one published sample and one published bank a test session.

All tests of one portfolio share its run, so they belong to one worker: each module is marked with its group.
"""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from rich.console import Console

from orchestration.cli.daily import prepare_portfolio
from orchestration.definitions import build_defs
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from orchestration.warehouse import Role, stop_warehouse

REAL_DATA = PROJECT_ROOT.parent / "shared" / "data"

# What differs between two equal runs: wall clocks, run-time ids, lineage of loads.
VOLATILE = {
    "published_at", "created_at", "recorded_at", "scored_at", "set_at", "_loaded_at", "loaded_at", "finished_at",
}  # fmt: skip


@dataclass
class Chain:
    """A portfolio that was run: settings, runtime, Dagster instance, ways to run it again and to look at it."""

    settings: Settings
    runtime: Runtime
    instance: dg.DagsterInstance

    @property
    def day(self) -> dt.date:
        """The portfolio's business date."""
        return self.settings.portfolio.default_as_of_date()

    def run(self, runtime: Runtime | None = None, day: dt.date | None = None) -> dg.ExecuteInProcessResult:
        """Run the daily job of the business date, or of another day or with another runtime."""
        defs = build_defs(settings=self.settings, resource_overrides={"runtime": runtime or self.runtime})
        return defs.resolve_job_def("daily").execute_in_process(
            instance=self.instance,
            partition_key=(day or self.day).isoformat(),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )

    def row_hashes(self, *schemas: str) -> Mapping[str, tuple[int, str]]:
        """Rows and an order-free hash of every table of the schemas, without wall clocks."""
        hashes: dict[str, tuple[int, str]] = {}
        with self.runtime.warehouse.connect() as connection:
            tables = connection.execute(
                "select table_schema, table_name, array_agg(quote_ident(column_name) order by ordinal_position) "
                "filter (where column_name <> all(%s)) from information_schema.columns "
                "join information_schema.tables using (table_schema, table_name) "
                "where table_schema = any(%s) and table_type = 'BASE TABLE' group by 1, 2",
                (sorted(VOLATILE), list(schemas)),
            ).fetchall()
            for schema, table, columns in tables:
                row = connection.execute(
                    f"select count(*), coalesce(md5(string_agg(h, '' order by h)), '') "
                    f'from (select md5(row({", ".join(columns)})::text) as h from "{schema}"."{table}") as t'
                ).fetchone()
                hashes[f"{schema}.{table}"] = (row[0], row[1])
        return hashes

    def query(self, statement: str, role: Role | None = None) -> list[tuple]:
        """Rows of one statement."""
        with self.runtime.warehouse.connect(role) as connection:
            return connection.execute(statement).fetchall()


def _chain(name: str, **given: object) -> Iterator[Chain]:
    home = Path(tempfile.mkdtemp(prefix="assay-e-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name=name, **given)
    runtime = Runtime(settings)
    try:
        prepare_portfolio(runtime, Console(quiet=True))
        with open_instance(runtime) as instance:
            yield Chain(settings, runtime, instance)
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def sample() -> Iterator[Chain]:
    """The sample portfolio, run once for its business date."""
    for chain in _chain("sample"):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture(scope="session")
def bank() -> Iterator[Chain]:
    """The real bank, run once; skipped where its files are not at hand."""
    landing = REAL_DATA / "eagle_bank"
    if not landing.is_dir():
        pytest.skip(f"real inputs are absent: {landing}")
    for chain in _chain("eagle_bank", landing=landing):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture
def sample_bi(sample: Chain) -> Iterator[psycopg.Connection]:
    """A session of the BI login on the published sample."""
    with psycopg.connect(sample.runtime.warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def bank_bi(bank: Chain) -> Iterator[psycopg.Connection]:
    """A session of the BI login on the published bank."""
    with psycopg.connect(bank.runtime.warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def gold_hashes(sample: Chain) -> Callable[[], Mapping[str, tuple[int, str]]]:
    """Hashes of gold as BI sees it."""
    return lambda: sample.row_hashes("gold")
