"""What the generator writes is what the contracts of the three sources ask for: tables, formats, columns, keys."""

import pytest

from ml.synthetic.world import FORMATS, WorldConfig, generate
from orchestration.ingestion.contract import load_contracts
from tests.unit.world.test_world_invariants import KEYS

SOURCES = ("core_banking", "crm", "benefit_registry")
CONTRACTS = {f"{source}.{contract.name}": contract for source in SOURCES for contract in load_contracts(source)}


@pytest.fixture(scope="module")
def made() -> dict[str, list[str]]:
    tables = generate(WorldConfig(people=2_500, until=WorldConfig().start.replace(month=12, day=31)))
    return {name: table.column_names for name, table in tables.items() if not name.startswith("truth.")}


def test_every_table_has_a_contract_and_every_contract_a_table(made: dict[str, list[str]]) -> None:
    assert set(made) == set(CONTRACTS)
    assert set(FORMATS) <= set(CONTRACTS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_format_columns_and_key_are_those_of_the_contract(made: dict[str, list[str]], name: str) -> None:
    contract = CONTRACTS[name]
    assert contract.format.type == FORMATS.get(name, "csv")
    assert [column.header_name for column in contract.columns] == made[name]
    assert list(contract.key) == KEYS[name]
    extension = FORMATS.get(name, "csv")
    assert contract.matches(f"{contract.name}_2026-09-30.{extension}")
