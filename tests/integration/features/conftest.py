"""dbt over a population of the test's own: rollup, golden records, profile and features, in a database of its
own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transformation.environment import run_environment
from orchestration.warehouse import Warehouse
from tests.integration.features.population import AS_OF

Build = Callable[..., None]
MODELS = ("core.rollups", "core.identity", "core.measures", "core.profile", "core.flags", "features")


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt keeps its manifest, so that the project is parsed once."""
    return tmp_path_factory.mktemp("dbt_target")


@pytest.fixture(scope="module")
def build(module_warehouse: Warehouse, module_warehouse_settings: Settings, dbt_target: Path) -> Build:
    """``build()`` runs the models for ``AS_OF``; ``build("--full-refresh")`` from nothing, ``models`` only some."""

    def run(*arguments: str, models: tuple[str, ...] = MODELS) -> None:
        variables = run_environment(module_warehouse_settings, module_warehouse.dbt_env(), AS_OF)
        command = [
            str(Path(sys.executable).with_name("dbt")), "run", "--select", *models, *arguments,
            "--project-dir", str(DBT_PROJECT_DIR), "--target-path", str(dbt_target),
            "--log-path", str(dbt_target), "--no-use-colors",
        ]  # fmt: skip
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:]

    return run
