"""Files, formats and folders; the same seed gives the same values, and the past does not depend on the last day."""

import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from ml.synthetic.businesses import FORMATS, BusinessConfig, generate, write_businesses
from ml.synthetic.manifest import MANIFEST, WorldError, read_manifest
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.table_contract import TableContract
from tests.unit.businesses.conftest import SOURCES, Tables, frame

CONTRACTS = {f"{source}.{each.name}": each for source in SOURCES for each in load_contracts(source)}


@pytest.fixture(scope="module")
def made() -> Tables:
    return {name: frame(table) for name, table in generate(BusinessConfig()).items()}


def digest(tables: Tables) -> dict[str, int]:
    return {name: int(pd.util.hash_pandas_object(rows).sum()) for name, rows in tables.items()}


def test_every_table_has_a_contract_and_every_contract_a_table() -> None:
    made = {name for name in generate(BusinessConfig(businesses=1)) if not name.startswith("truth.")}
    assert made == set(CONTRACTS)
    assert set(FORMATS) <= made


@pytest.mark.parametrize(("name", "contract"), CONTRACTS.items())
def test_columns_formats_and_names_are_those_of_the_contract(
    folders: tuple[Path, Path], made: Tables, name: str, contract: TableContract
) -> None:
    assert contract.format.type == FORMATS.get(name, "csv")
    assert [column.header_name for column in contract.columns] == list(made[name].columns)
    source, table = name.split(".")
    (path,) = (each for each in (folders[0] / source).iterdir() if contract.matches(each.name))
    assert path.name == f"{table}_2025-12-31.{FORMATS.get(name, 'csv')}"


def test_files_hold_what_is_generated(ten: Tables, made: Tables) -> None:
    for name in CONTRACTS:
        left = made[name].sort_values(list(CONTRACTS[name].key)).reset_index(drop=True)
        right = ten[name].sort_values(list(CONTRACTS[name].key)).reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_the_same_seed_gives_the_same_values_and_another_seed_others(made: Tables) -> None:
    again = {name: frame(table) for name, table in generate(BusinessConfig()).items()}
    assert digest(again) == digest(made)
    other = {name: frame(table) for name, table in generate(BusinessConfig(seed=1)).items()}
    for name in CONTRACTS:
        assert digest(other)[name] != digest(made)[name], name


@pytest.mark.parametrize("until", [dt.date(2024, 2, 29), dt.date(2025, 11, 17)])
def test_the_last_day_only_decides_how_much_is_delivered(made: Tables, until: dt.date) -> None:
    part = {name: frame(table) for name, table in generate(BusinessConfig(until=until)).items()}
    for name, contract in CONTRACTS.items():
        both = part[name].merge(made[name], how="left", indicator=True)
        assert (both["_merge"] == "both").all(), name
        assert not part[name].duplicated(list(contract.key)).any()
    assert len(part["msme_bank.transactions"]) < len(made["msme_bank.transactions"])
    last = pd.Timestamp(until)
    assert part["gst_network.gst_returns"]["filed_on"].max() <= last
    assert part["gst_network.gst_invoices"]["reported_on"].max() <= last
    assert part["msme_bank.transactions"]["booked_at"].max().normalize() <= last
    assert part["msme_bank.payments_made"]["paid_date"].max() <= last


def test_a_later_last_day_adds_files_and_changes_none(tmp_path: Path, made: Tables) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    write_businesses(BusinessConfig(until=dt.date(2025, 3, 3)), landing, truth)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*_2025-03-03.*")}
    written = write_businesses(BusinessConfig(), landing, truth)
    assert all(path.read_bytes() == data for path, data in before.items())
    assert 0 < written.rows["msme_bank.transactions"] < len(made["msme_bank.transactions"])
    parts = [pd.read_parquet(path) for path in (landing / "msme_bank").glob("transactions_*.parquet")]
    assert sorted(pd.concat(parts)["txn_id"]) == sorted(made["msme_bank.transactions"]["txn_id"])


def test_a_second_call_does_nothing_and_another_set_is_refused(tmp_path: Path) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    config = BusinessConfig(businesses=3, until=dt.date(2024, 1, 31))
    assert write_businesses(config, landing, truth).rows
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert not write_businesses(config, landing, truth).rows
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path in before} == before
    with pytest.raises(WorldError, match="seed 20251231 there, 6 asked for"):
        write_businesses(dataclasses.replace(config, seed=6), landing, truth)
    with pytest.raises(WorldError, match="businesses 3 there, 4 asked for"):
        write_businesses(dataclasses.replace(config, businesses=4), landing, truth)
    with pytest.raises(WorldError, match="the past stays"):
        write_businesses(dataclasses.replace(config, until=dt.date(2024, 1, 30)), landing, truth)
    with pytest.raises(WorldError, match="must not lie in the landing folder"):
        write_businesses(config, tmp_path / "new", tmp_path / "new" / "truth")
    manifest = read_manifest(landing)
    assert manifest is not None
    assert manifest.until == config.until


def test_a_killed_run_leaves_no_part_files_and_is_taken_up(tmp_path: Path) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    config = BusinessConfig(businesses=3)

    def kill(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_businesses(config, landing, truth, on_delivery=kill)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != MANIFEST]
    assert write_businesses(config, landing, truth).rows


def test_landing_files_tell_no_truth(folders: tuple[Path, Path]) -> None:
    names = {path.parent.name for path in folders[0].rglob("*") if path.is_file() and path.name != MANIFEST}
    assert names == set(SOURCES)
    for name, contract in CONTRACTS.items():
        assert not {"profile", "kinds", "inflation_factor"} & {column.name for column in contract.columns}, name


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("seed", -1, "seed is -1"),
        ("businesses", 0, "businesses is 0"),
        ("first_period", dt.date(2022, 12, 2), "expected the first day of a month"),
        ("periods", 3, "periods is 3"),
        ("until", dt.date(2026, 1, 1), "expected 2022-12-01 to 2025-12-31"),
        ("until", dt.date(2022, 11, 30), "until is 2022-11-30"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_with_what_is_expected(setting: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BusinessConfig(**{setting: value})  # type: ignore[arg-type]
