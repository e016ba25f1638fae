"""The real bank's files and databases with its data up to the daily rollup."""

import contextlib
import dataclasses
import datetime as dt
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import sql

from orchestration.ingestion import LoadResult, ingest
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from orchestration.warehouse import Warehouse, open_warehouse
from tests.dbt import Dbt, Manifests
from tests.integration.conftest import fresh_warehouse
from tests.servers import spare_the_disk

# Read at import: later no test sees the caller's ASSAY_ variables.
_REAL_DATA = Path(os.environ.get("ASSAY_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
MODELS = ("path:models/staging/eagle_bank", "path:models/core/inputs", "path:models/core/rollups")
BUSINESS_DATE = dt.date(2014, 3, 31)
CORE_TABLES = (
    *(
        "account_balances",
        "account_daily_activity",
        "account_holders",
        "account_owners",
        "accounts",
        "bureau_reports",
        "contacts",
    ),
    *(
        "coverage",
        "districts",
        "loans",
        "outcomes",
        "parties",
        "payments_due",
        "payments_made",
        "relationships",
    ),
    "transactions",
)


@dataclass(frozen=True)
class Bank:
    """One database of the bank and the settings dbt runs it with."""

    warehouse: Warehouse
    settings: Settings

    def dbt(self, command: str, *flags: str, select: Sequence[str] = MODELS) -> None:
        """Run dbt on the staging, input and rollup models; fails with dbt's own messages."""
        Dbt(self.warehouse, self.settings)(BUSINESS_DATE, command, "--select", *select, *flags)

    def rows(self, query: str) -> list[tuple]:
        """Result of a query."""
        with self.warehouse.connect() as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def value(self, query: str) -> object:
        """The one value of a query."""
        ((value,),) = self.rows(query)
        return value

    def hashes(self) -> dict[str, object]:
        """Hash of each core table's rows in any order, without the load's number, which is no content."""
        return {table: self.value(self._hash_query(table)) for table in CORE_TABLES}

    def _hash_query(self, table: str) -> str:
        columns = self.value(
            "select string_agg(quote_ident(column_name), ', ' order by ordinal_position) "
            "from information_schema.columns "
            f"where table_schema = 'core' and table_name = '{table}' and column_name <> 'load_id'"
        )
        row_hashes = f"select md5(row({columns})::text) as row_hash from core.{table}"
        return f"select md5(string_agg(row_hash, '' order by row_hash)) from ({row_hashes}) as hashed"


@pytest.fixture(scope="session")
def bank_files() -> Path:
    """Folder of the bank's files."""
    folder = _REAL_DATA / "eagle_bank"
    if not folder.is_dir():
        pytest.skip(f"the real bank's files are not here: no folder {folder}; ASSAY_REAL_DATA names another one")
    return folder


@pytest.fixture(scope="session")
def empty_bank(server_home: Path, bank_files: Path) -> Warehouse:
    """A migrated, empty database of the portfolio; others are copied from it."""
    warehouse = open_warehouse(load_settings(home=server_home, portfolio_name="eagle_bank", landing=bank_files))
    spare_the_disk(warehouse)
    return warehouse


@contextlib.contextmanager
def exchanged(one: Warehouse, other: Warehouse) -> Iterator[None]:
    """Two databases with each other's names, for as long as the context lasts.

    The dbt manifest holds the database's name; under one name two databases share one manifest, and the project is
    parsed once.
    """
    spare = f"{one.database}_aside"
    there = ((one.database, spare), (other.database, one.database), (spare, other.database))

    def rename(steps: Sequence[tuple[str, str]]) -> None:
        with dataclasses.replace(one, database="postgres").connect(autocommit=True) as admin:
            for old, new in steps:
                query = sql.SQL("alter database {} rename to {}")
                admin.execute(query.format(sql.Identifier(old), sql.Identifier(new)))

    rename(there)
    try:
        yield
    finally:
        rename([(new, old) for old, new in reversed(there)])


@pytest.fixture(scope="session")
def new_bank(
    empty_bank: Warehouse, bank_files: Path, manifests: Manifests, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    """A database of these tests' own, without data, and a home of its own for its dbt manifest."""
    with fresh_warehouse(empty_bank) as warehouse:
        settings = load_settings(
            home=tmp_path_factory.mktemp("home"),
            portfolio_name="eagle_bank",
            landing=bank_files,
            database_url=warehouse.url(),
            dagster_url=empty_bank.dagster_url(),
        )
        manifests.give(settings)
        yield Bank(warehouse, settings)


@pytest.fixture(scope="session")
def loads(new_bank: Bank, bank_files: Path) -> list[LoadResult]:
    """Results of loading all files at once."""
    return ingest(new_bank.warehouse, "eagle_bank", bank_files)


@pytest.fixture(scope="session")
def bank(new_bank: Bank, loads: list[LoadResult]) -> Bank:
    """The bank with all files loaded, built and tested by dbt. Nothing changes it any more."""
    # Cautious: tests of later stages, whose tables are not built here, refer to core as well.
    new_bank.dbt("build", "--indirect-selection", "cautious")
    return new_bank


@pytest.fixture(scope="session")
def built_hashes(bank: Bank) -> dict[str, object]:
    """What the bank's core tables hold."""
    return bank.hashes()
