"""Landing files: the same bytes for the same configuration, complete or not there at all."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from ml.synthetic import SampleConfig, ensure_landing, generate, is_current, landing, write_landing


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def small() -> SampleConfig:
    return SampleConfig(people=60, seed=7)


def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, small: SampleConfig) -> None:
    for name in ("one", "two"):
        write_landing(generate(small), tmp_path / name, small)
    other = dataclasses.replace(small, seed=8)
    write_landing(generate(other), tmp_path / "other", other)
    assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "two")
    assert fingerprints(tmp_path / "one") != fingerprints(tmp_path / "other")


def test_a_current_folder_is_left_alone(tmp_path: Path, small: SampleConfig) -> None:
    assert ensure_landing(small, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert ensure_landing(small, tmp_path) == []
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_missing_file_or_another_version_is_made_anew(tmp_path: Path, small: SampleConfig) -> None:
    ensure_landing(small, tmp_path)
    before = fingerprints(tmp_path)
    (tmp_path / "loans.csv").unlink()
    assert not is_current(tmp_path, small)
    ensure_landing(small, tmp_path)
    record = tmp_path / landing.RECORD_NAME
    record.write_text(json.dumps({**json.loads(record.read_text()), "generator_version": 0}))
    assert not is_current(tmp_path, small)
    ensure_landing(small, tmp_path)
    assert fingerprints(tmp_path) == before


def test_files_read_back_as_what_was_generated(tmp_path: Path, small: SampleConfig) -> None:
    tables = generate(small)
    write_landing(tables, tmp_path, small)
    read = pd.read_csv(tmp_path / "transactions.csv.gz", dtype={"amount": str}, parse_dates=["booked_at"])
    made = tables["transactions"]
    assert read["amount"].str.fullmatch(r"\d+\.\d{2}").all()
    assert ((read["amount"].astype(float) * 100).round() == made["amount"]).all()
    assert (read["booked_at"] == made["booked_at"]).all()


def test_the_whole_sample_is_small(tmp_path: Path, tables: dict[str, pd.DataFrame], config: SampleConfig) -> None:
    files = write_landing(tables, tmp_path, config)
    assert sum(path.stat().st_size for path in files) < 5_000_000
