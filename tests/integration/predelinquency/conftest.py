"""dbt over borrowers of the test's own, for any day, in a database of its own."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transformation.environment import run_environment
from orchestration.warehouse import Warehouse
from tests.integration.predelinquency.borrowers import write_world

RunDay = Callable[..., None]
MODELS = ("account_daily_activity", "core.identity", "features")


@pytest.fixture(scope="module")
def run_day(
    module_warehouse: Warehouse, module_warehouse_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> RunDay:
    """``run_day(day)`` builds the models as of a day; further arguments go to dbt."""
    target = tmp_path_factory.mktemp("dbt_target")

    def run(day: dt.date, *arguments: str, select: tuple[str, ...] = MODELS) -> None:
        variables = run_environment(module_warehouse_settings, module_warehouse.dbt_env(), day)
        command = [
            str(Path(sys.executable).with_name("dbt")), "run", "--select", *select, *arguments,
            "--project-dir", str(DBT_PROJECT_DIR), "--target-path", str(target), "--log-path", str(target),
            "--no-use-colors",
        ]  # fmt: skip
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:]

    return run


@pytest.fixture(scope="module")
def borrowers(module_warehouse: Warehouse) -> Warehouse:
    """The database with everything that the bank knows, nothing built yet."""
    with module_warehouse.connect("assay_dbt") as dbt, module_warehouse.connect("assay_ml") as ml:
        write_world(dbt, ml)
    return module_warehouse
