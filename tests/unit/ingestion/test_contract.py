"""Contracts: faults are told all at once with their place; the hash counts what decides a load."""

from pathlib import Path

import pytest

from orchestration.ingestion.contract import ContractError, load_contracts, validate_source

GOOD = """
version: 2
sources:
  - name: shop
    schema: raw
    config: {meta: {time_zone: Europe/Prague, currency: CZK}}
    tables:
      - name: orders
        identifier: shop__orders
        description: One row an order.
        config:
          meta:
            contract_version: 1
            file_pattern: 'orders(?:_(?P<delivered_on>\\d{4}-\\d{2}-\\d{2}))?\\.csv'
            format: {type: csv, delimiter: ";"}
            delivery: append
            key: [order_id]
        columns:
          - {name: order_id, data_type: bigint, description: Key., data_tests: [not_null]}
          - {name: paid_on, data_type: date, config: {meta: {format: "%y%m%d", header: "A2"}}}
"""


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path


def write(staging: Path, text: str) -> Path:
    path = staging / "shop" / "_shop__sources.yml"
    path.write_text(text)
    return path


def hash_of(staging: Path, text: str) -> str:
    write(staging, text)
    (contract,) = load_contracts("shop", staging)
    return contract.contract_hash


def test_a_good_contract_is_read_with_its_defaults(staging: Path) -> None:
    write(staging, GOOD)
    (contract,) = load_contracts("shop", staging)
    assert contract.columns[1].header_name == "A2"
    assert contract.reject_budget == 0.01
    assert not contract.is_nullable(contract.columns[0])
    assert str(contract.delivered_on("orders_2024-01-31.csv")) == "2024-01-31"
    assert contract.delivered_on("orders.csv") is None
    assert not contract.matches("orders.csv.bak")
    assert validate_source("shop", staging) == "shop: 1 contracts with 2 columns are valid"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("data_type: bigint", "data_type: int"),
            r"columns\[order_id\].data_type: seen 'int'; expected text, integer",
        ),
        (
            ("header:", "heading:"),
            r"columns\[paid_on\].config.meta.heading: seen 'A2'; expected one of allowed",
        ),
        (("%y%m%d", "%y%b"), r"columns\[paid_on\]: expected a format of the directives"),
        (
            ("delivery: append", "delivery: snapshot"),
            r"tables\[orders\]: expected a group \(\?P<snapshot_on>",
        ),
        (("delivery: append", "delivery: hourly"), r"config.meta.delivery: seen 'hourly'; expected"),
        (("key: [order_id]", "key: [nothing]"), r"these are not: \['nothing'\]"),
        (("Europe/Prague", "Europe/Pragu"), r"time_zone: seen 'Europe/Pragu'; expected a zone"),
        (("identifier: shop__orders", "identifier: orders"), r"expected identifier shop__orders, not orders"),
        (('delimiter: ";"', 'delimiter: ";;"'), r"format.delimiter: seen ';;'; expected one ASCII character"),
        (("name: order_id", "name: _file"), r"expected a name that is not one of ours"),
        (("contract_version: 1", "contract_version: '{{ v }}'"), r"holds Jinja"),
        (("schema: raw", "schema: gold"), r"schema: seen 'gold'; expected 'raw'"),
        (("description: One", "descriptoin: One"), r"tables\[orders\].descriptoin: seen an unknown key"),
    ],
)
def test_a_fault_is_told_with_file_place_and_what_is_expected(
    staging: Path, change: tuple[str, str], told: str
) -> None:
    path = write(staging, GOOD.replace(*change))
    with pytest.raises(ContractError, match=told) as caught:
        load_contracts("shop", staging)
    assert str(caught.value).startswith(f"{path}: ")


def test_all_faults_are_told_at_once(staging: Path) -> None:
    write(staging, GOOD.replace("data_type: bigint", "data_type: int").replace("header:", "heading:"))
    with pytest.raises(ContractError, match="2 fault"):
        load_contracts("shop", staging)


def test_a_missing_file_is_told(staging: Path) -> None:
    with pytest.raises(ContractError, match="there is no such file"):
        load_contracts("shop", staging)


def test_the_hash_leaves_descriptions_and_tests_out_and_counts_the_rest(staging: Path) -> None:
    base = hash_of(staging, GOOD)
    assert hash_of(staging, GOOD.replace("Key.", "The key.").replace("One row", "A row")) == base
    assert hash_of(staging, GOOD.replace(", data_tests: [not_null]", "")) == base
    assert hash_of(staging, GOOD.replace("%y%m%d", "%Y%m%d")) != base
    assert hash_of(staging, GOOD.replace("Europe/Prague", "UTC")) != base


def test_a_number_series_is_part_of_the_hash_only_where_there_is_one(staging: Path) -> None:
    # As of 2026-11-28, before there were series: with another hash every stored file would be read again.
    assert hash_of(staging, GOOD).startswith("fab3f871935c3584")
    named = GOOD.replace("description: Key.,", "description: Key., config: {meta: {number_series: order}},")
    assert named != GOOD
    assert hash_of(staging, named) != hash_of(staging, GOOD)
