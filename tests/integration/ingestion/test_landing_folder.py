"""What the asset of a source tells of its landing folder as a whole."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.assets.ingestion import FOLDER_CHECK, ingestion_assets
from orchestration.ingestion.contract import load_contracts
from orchestration.runtime import Runtime
from orchestration.settings import load_settings
from orchestration.warehouse import Warehouse


@pytest.fixture
def runtime(warehouse: Warehouse, template_warehouse: Warehouse, server_home: Path, tmp_path: Path) -> Runtime:
    """Of the portfolio ``sample``, with a landing folder of its own where crm shares the folder of all sources."""
    settings = load_settings(
        home=server_home, database_url=warehouse.url(), dagster_url=template_warehouse.dagster_url(), landing=tmp_path
    )
    return Runtime(settings)


def folder_check_of(runtime: Runtime, **options: Any) -> dg.AssetCheckEvaluation:
    result = dg.materialize([ingestion_assets("crm")], resources={"runtime": runtime}, **options)
    (found,) = [check for check in result.get_asset_check_evaluations() if check.check_name == FOLDER_CHECK]
    return found


def test_a_misspelt_name_is_told_and_a_name_of_another_source_is_not(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "Peeple_2026-01-01.ndjson").write_text("")
    (tmp_path / "accounts_2026-01-01.csv").write_text("")
    others = [contract for contract in load_contracts("core_banking") if contract.matches("accounts_2026-01-01.csv")]
    assert others, "the example must be a name of another source"
    first = dg.AssetKey(["raw", load_contracts("crm")[0].identifier])
    for selection in (None, [first]):
        check = folder_check_of(runtime, selection=selection)
        assert not check.passed
        names = str(check.metadata["unexpected_names"].value)
        assert names.startswith("- `Peeple_2026-01-01.ndjson")
        assert names.count("\n") == 0


def test_a_folder_of_known_names_has_no_unexpected_one(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "accounts_2026-01-01.csv").write_text("")
    assert str(folder_check_of(runtime).metadata["unexpected_names"].value) == "none"
