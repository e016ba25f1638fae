"""A world is delivered in one step or in many, and is the same world."""

import dataclasses
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from ml.synthetic.manifest import MANIFEST
from ml.synthetic.world import WorldConfig, WorldError, read_manifest, write_world

START = dt.date(2025, 10, 1)
CONFIG = WorldConfig(seed=5, people=300, start=START, until=dt.date(2025, 12, 9))


def until(day: str) -> WorldConfig:
    return dataclasses.replace(CONFIG, until=dt.date.fromisoformat(day))


def contents(root: Path) -> dict[str, list[str]]:
    """Sorted rows of each table, whatever files they stand in."""
    rows: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*_????-??-??.*")):
        if path.suffix == ".npz":
            continue
        name = f"{path.parent.name}.{path.name.rsplit('_', 1)[0]}"
        if path.suffix == ".parquet":
            lines = [json.dumps(row, default=str) for row in pq.read_table(path).to_pylist()]
        else:
            lines = path.read_text().splitlines()[1 if path.suffix == ".csv" else 0 :]
        rows.setdefault(name, []).extend(lines)
    return {name: sorted(lines) for name, lines in rows.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("whole")
    write_world(CONFIG, folder / "landing", folder / "truth")
    return contents(folder)


@pytest.mark.parametrize(
    "steps",
    [
        ["2025-10-31"],
        ["2025-10-01"],
        ["2025-11-15"],
        ["2025-11-29", "2025-11-30", "2025-12-01"],
        ["2025-12-07", "2025-12-08"],
    ],
    ids=lambda steps: "+".join(steps),
)
def test_a_world_continued_in_steps_is_the_world_made_at_once(
    tmp_path: Path, whole: dict[str, list[str]], steps: list[str]
) -> None:
    before: dict[Path, bytes] = {}
    for day in [*steps, "2025-12-09"]:
        write_world(until(day), tmp_path / "landing", tmp_path / "truth")
        assert all(path.read_bytes() == data for path, data in before.items()), "the past was written anew"
        before = {
            path: path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file() and path.name != MANIFEST and path.suffix != ".npz"
        }
    assert contents(tmp_path) == whole


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    config = until("2025-10-03")
    assert write_world(config, tmp_path / "landing", tmp_path / "truth").rows
    assert not write_world(config, tmp_path / "landing", tmp_path / "truth").rows


def test_a_run_that_was_killed_is_taken_up_where_the_last_one_ended(
    tmp_path: Path, whole: dict[str, list[str]]
) -> None:
    write_world(until("2025-11-10"), tmp_path / "landing", tmp_path / "truth")
    deliveries = 0

    def kill(_: object) -> None:
        nonlocal deliveries
        deliveries += 1
        if deliveries == 18:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_world(CONFIG, tmp_path / "landing", tmp_path / "truth", on_delivery=kill)
    assert not [path for path in tmp_path.rglob(".*.part") if path.is_file()]
    write_world(CONFIG, tmp_path / "landing", tmp_path / "truth")
    assert contents(tmp_path) == whole


def test_another_world_an_earlier_day_and_a_truth_in_the_landing_folder_are_refused(tmp_path: Path) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    write_world(until("2025-10-03"), landing, truth)
    with pytest.raises(WorldError, match="seed 5 there, 6 asked for"):
        write_world(dataclasses.replace(until("2025-10-04"), seed=6), landing, truth)
    with pytest.raises(WorldError, match="until 2025-10-03; asked for until 2025-10-02"):
        write_world(until("2025-10-02"), landing, truth)
    with pytest.raises(WorldError, match="must not lie in the landing folder"):
        write_world(CONFIG, tmp_path / "new", tmp_path / "new" / "truth")
    manifest = read_manifest(landing)
    assert manifest is not None
    assert manifest.until == dt.date(2025, 10, 3)


@pytest.mark.parametrize(
    ("name", "times"),
    [
        (MANIFEST, 1),
        (MANIFEST, 2),
        ("transactions_2025-10-31.parquet", 1),
        ("balances_2025-10-31.npz", 1),
        (MANIFEST, 3),  # the truth's, when a month is whole
        (MANIFEST, 4),  # then the landing folder's
        ("transactions_2025-11-20.parquet", 1),
        (MANIFEST, 5),
        (MANIFEST, 6),
    ],
)
def test_a_run_killed_before_a_file_gets_its_name_is_taken_up_with_another_last_day(
    tmp_path: Path, name: str, times: int
) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    write_world(until("2025-10-10"), landing, truth)
    killed = f"""
import datetime as dt, os, pathlib
from ml.synthetic.world import WorldConfig, write_world
rename, count = pathlib.Path.replace, 0
def replace(self, target):
    global count
    count += target.name == {name!r}
    if count == {times}:
        os._exit(9)
    return rename(self, target)
pathlib.Path.replace = replace
config = WorldConfig(seed=5, people=300, start=dt.date(2025, 10, 1), until=dt.date(2025, 11, 20))
write_world(config, pathlib.Path({str(landing)!r}), pathlib.Path({str(truth)!r}))
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    write_world(until("2025-10-31"), landing, truth)
    write_world(until("2025-10-31"), tmp_path / "whole", tmp_path / "whole_truth")
    assert contents(landing) == contents(tmp_path / "whole")
    assert contents(truth) == {
        f"truth.{name.split('.')[1]}": rows for name, rows in contents(tmp_path / "whole_truth").items()
    }


def test_files_of_no_world_a_damaged_manifest_and_a_truth_of_another_are_refused(tmp_path: Path) -> None:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    (landing / "core_banking").mkdir(parents=True)
    foreign = landing / "core_banking" / "customers_2025-09-30.csv"
    foreign.write_text("customer_no\n1\n")
    with pytest.raises(WorldError, match=r"1 files of no world, the first is customers_2025-09-30\.csv"):
        write_world(until("2025-10-03"), landing, truth)
    assert foreign.read_text() == "customer_no\n1\n"
    foreign.unlink()
    write_world(until("2025-10-03"), landing, truth)
    with pytest.raises(WorldError, match="its truth until None"):
        write_world(until("2025-10-04"), landing, tmp_path / "elsewhere")
    with pytest.raises(WorldError, match="seed 5 there, 6 asked for"):
        write_world(dataclasses.replace(until("2025-10-04"), seed=6), tmp_path / "new", truth)
    for damaged in ("{", "[]", "{}", '{"identity": 3, "until": null}'):
        (landing / MANIFEST).write_text(damaged)
        with pytest.raises(WorldError, match=r"\.world\.json is damaged"):
            write_world(until("2025-10-04"), landing, truth)


def test_files_of_people_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_world(until("2025-10-02"), tmp_path / "landing", tmp_path / "truth")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".npz"]
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_written_files_hold_the_generated_values(tmp_path: Path) -> None:
    from ml.synthetic.world import generate

    config = until("2025-10-05")
    write_world(config, tmp_path / "landing", tmp_path / "truth")
    tables = generate(config)
    customers = pa_csv.read_csv(tmp_path / "landing" / "core_banking" / "customers_2025-10-05.csv")
    assert customers.column("ssn").to_pylist() == tables["core_banking.customers"].column("ssn").to_pylist()
    lines = (tmp_path / "landing" / "crm" / "persons_2025-10-05.ndjson").read_text().splitlines()
    persons = [json.loads(line) for line in lines]
    assert [row["email"] for row in persons] == tables["crm.persons"].column("email").to_pylist()
    booked = pq.read_table(tmp_path / "landing" / "core_banking" / "transactions_2025-10-05.parquet")
    assert booked.column("amount").type == pa.decimal128(18, 2)
    assert booked.column("amount").to_pylist() == tables["core_banking.transactions"].column("amount").to_pylist()


def test_json_lines_escape_what_json_has_to() -> None:
    from ml.synthetic.landing_files import ndjson_lines

    rows = pa.table({"a": pa.array(['say "hi"', "back\\slash", None]), "b": pa.array([1, None, 3])})
    lines = ndjson_lines(rows).decode().splitlines()
    assert [json.loads(line) for line in lines] == rows.to_pylist()
