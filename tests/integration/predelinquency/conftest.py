"""dbt over borrowers of the test's own, for any day, in a database of its own."""

import dataclasses
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transformation.environment import run_environment
from orchestration.warehouse import Warehouse
from tests.integration.predelinquency.borrowers import write_world

MODELS = ("core.rollups", "core.identity", "features")


@dataclasses.dataclass(frozen=True)
class RunDay:
    """``run_day(day)`` builds the models as of a day; further arguments go to dbt."""

    warehouse: Warehouse
    settings: Settings
    target: Path

    def __call__(self, day: dt.date, *arguments: str, select: tuple[str, ...] = MODELS) -> None:
        variables = run_environment(self.settings, self.warehouse.dbt_env(), day)
        command = [
            str(Path(sys.executable).with_name("dbt")), "run", "--select", *select, *arguments,
            "--project-dir", str(DBT_PROJECT_DIR), "--target-path", str(self.target), "--log-path", str(self.target),
            "--no-use-colors",
        ]  # fmt: skip
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:]

    def compiled(self, model: str) -> str:
        """SQL of a model as the last run that had it made it."""
        return next((self.target / "compiled").rglob(f"{model}.sql")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run_day(
    module_warehouse: Warehouse, module_warehouse_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> RunDay:
    """dbt on the module's database."""
    return RunDay(module_warehouse, module_warehouse_settings, tmp_path_factory.mktemp("dbt_target"))


@pytest.fixture(scope="module")
def borrowers(module_warehouse: Warehouse) -> Warehouse:
    """The database with everything that the bank knows, nothing built yet."""
    with module_warehouse.connect("assay_dbt") as dbt, module_warehouse.connect("assay_ml") as ml:
        write_world(dbt, ml)
    return module_warehouse
