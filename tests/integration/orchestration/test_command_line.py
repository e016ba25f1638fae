"""The command line's promises: clear messages, no secret in them, dead runs closed, a login that is restored."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from orchestration.assets.ingestion import folder_check, known_elsewhere
from orchestration.cli.daily import checked_date
from orchestration.errors import AssayError
from orchestration.ingestion import LoadResult, load_contracts
from orchestration.instance import CLI_TAGS, close_dead_runs
from orchestration.portfolio import load_portfolio
from orchestration.settings import load_settings
from orchestration.warehouse import Warehouse, WarehouseError, open_warehouse, restore_bi_login

ASSAY = str(Path(sys.executable).parent / "assay")


def assay(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ASSAY, *arguments],
        env={**os.environ, "ASSAY_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unreadable_database_url_is_told_without_its_password(tmp_path: Path) -> None:
    done = assay("status", home=tmp_path, ASSAY_DATABASE_URL="mysql://weak:secretpw@127.0.0.1/db")
    assert done.returncode == 1
    assert "ASSAY_DATABASE_URL" in done.stderr
    assert "secretpw" not in done.stdout + done.stderr


def test_a_port_that_is_no_number_is_told(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="58x5"):
        open_warehouse(load_settings(home=tmp_path, database_url="postgresql://u@127.0.0.1:58x5/db"))


@pytest.mark.parametrize("day", [dt.date(2031, 1, 1), dt.date(1999, 12, 31)])
def test_a_day_outside_the_portfolio_is_refused_before_anything_starts(tmp_path: Path, day: dt.date) -> None:
    with pytest.raises(AssayError, match=re.escape(str(day))):
        checked_date(load_settings(home=tmp_path), day)


def test_a_message_is_not_wrapped_whatever_the_terminal(tmp_path: Path) -> None:
    missing = tmp_path / ("long name " * 20).strip()
    done = assay("run", "--portfolio", "eagle_bank", "--landing", str(missing), home=tmp_path, COLUMNS="40")
    try:
        assert done.returncode == 1
        assert str(missing) in done.stderr
    finally:
        assay("stop", home=tmp_path)


def test_a_killed_run_of_the_command_line_does_not_keep_the_queues_only_place() -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        @dg.job
        def daily() -> None: ...

        dead = instance.create_run_for_job(daily, status=dg.DagsterRunStatus.STARTED, tags=CLI_TAGS)
        other = instance.create_run_for_job(daily, status=dg.DagsterRunStatus.STARTED)
        assert close_dead_runs(instance) == 1
        assert instance.get_run_by_id(dead.run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        assert instance.get_run_by_id(other.run_id).status == dg.DagsterRunStatus.STARTED  # type: ignore[union-attr]


def test_a_bi_login_that_changed_its_password_is_restored(template_warehouse: Warehouse) -> None:
    with psycopg.connect(template_warehouse.bi_conninfo(), autocommit=True) as bi:
        bi.execute("set default_transaction_read_only = off")
        bi.execute("alter role assay_bi password 'mine now'")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(template_warehouse.bi_conninfo()).close()
    restore_bi_login(template_warehouse)
    psycopg.connect(template_warehouse.bi_conninfo()).close()


def test_a_misspelt_file_and_a_table_that_never_had_one_are_told() -> None:
    contract = load_contracts("core_banking")[0]
    results = [
        LoadResult(None, "Customers.CSV", "unmatched", message="no contract matches"),
        LoadResult("customers", None, "no_file"),
        LoadResult("bureau", None, "no_file"),
    ]
    outcome = folder_check(contract, results, {"bureau"}, known_elsewhere(load_portfolio("sample"), "core_banking"))
    assert not outcome.passed
    assert "Customers.CSV" in str(outcome.metadata["unexpected_names"].value)
    assert str(outcome.metadata["tables_without_a_file"].value) == "- customers"


def test_a_name_that_the_portfolio_ignores_is_no_surprise() -> None:
    is_known = known_elsewhere(load_portfolio("eagle_bank"), "eagle_bank")
    assert is_known("luxury_loan.csv.gz")
    assert not is_known("luxury_loans.csv.gz")
