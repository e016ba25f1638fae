"""Parquet files into rows: types kept or drifted, damaged and cut files, and the same rows in every format."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.checking import check_block
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.reading import open_reader
from orchestration.ingestion.rows import StoppedFileError
from orchestration.ingestion.text_blocks import UnreadableFileError, file_sha256

COLUMNS = [
    {"name": "id", "data_type": "bigint", "nullable": False},
    {"name": "name", "data_type": "text"},
    {"name": "amount", "data_type": "numeric(12,2)", "min": 0},
    {"name": "paid_on", "data_type": "date"},
    {"name": "booked_at", "data_type": "timestamp", "required": False},
    {"name": "rate", "data_type": "double precision", "required": False},
]
DAY = dt.date(2026, 1, 31)


def rows_of(path: Path, contract: TableContract, block_bytes: int = 1 << 20) -> tuple[list[Any], list[Any], list[str]]:
    """Rows as (line, values...), rejects as (line, reason, column), warnings."""
    reader = open_reader(path, contract, file_sha256(path), block_bytes)
    rows: list[Any] = []
    rejects: list[Any] = []
    for block in reader:
        checked = check_block(contract, block)
        values = [checked.table.column(column.name).to_pylist() for column in contract.columns]
        rows += zip(checked.lines.tolist(), *values, strict=True)
        rejects += [(reject.line, reject.reason, reject.column) for reject in checked.rejects]
    return rows, sorted(rejects, key=repr), reader.warnings


@pytest.fixture
def contract(contract_of: Callable[..., TableContract]) -> TableContract:
    return contract_of(COLUMNS, format={"type": "parquet"})


def table(**changes: Any) -> pa.Table:
    columns: dict[str, Any] = {
        "id": pa.array([1, 2, 3], pa.int64()),
        "name": pa.array(["a", None, " c "]),
        "amount": pa.array([Decimal("1.50"), Decimal("2.25"), None], pa.decimal128(12, 2)),
        "paid_on": pa.array([DAY, DAY, None]),
    }
    return pa.table({name: values for name, values in (columns | changes).items() if values is not None})


@pytest.fixture
def read(tmp_path: Path, contract: TableContract) -> Callable[..., tuple[list[Any], list[Any], list[str]]]:
    def go(content: pa.Table | bytes, **options: Any) -> Any:
        path = tmp_path / "orders.parquet"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            pq.write_table(content, path, row_group_size=2)
        return rows_of(path, contract, **options)

    return go


def test_rows_keep_their_types_and_count_from_one(read: Any) -> None:
    rows, rejects, warnings = read(table())
    assert rows == [
        (1, 1, "a", Decimal("1.50"), DAY, None, None),
        (2, 2, None, Decimal("2.25"), DAY, None, None),
        (3, 3, "c", None, None, None, None),
    ]
    assert (rejects, warnings) == ([], [])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("id", pa.array(["1", "2", "3"])),
        ("id", pa.array([1, 2, 3], pa.uint8())),
        ("id", pa.array([1.0, 2.0, 3.0])),
        ("name", pa.array(["a", None, " c "]).dictionary_encode()),
        ("name", pa.array(["a", None, " c "], pa.large_string())),
        ("amount", pa.array([1.5, 2.25, None])),
        ("amount", pa.array(["1.50", "2.25", ""])),
        ("amount", pa.array([Decimal("1.5000"), Decimal("2.2500"), None], pa.decimal256(40, 4))),
        ("paid_on", pa.array(["2026-01-31", "2026-01-31", None])),
        ("paid_on", pa.array([DAY, DAY, None], pa.date64())),
    ],
)
def test_a_type_that_drifted_without_harm_gives_the_same_rows(read: Any, column: str, values: pa.Array) -> None:
    assert read(table(**{column: values})) == read(table())


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("id", pa.array(["1", "x", "3"]), "type"),
        ("id", pa.array([1, None, 3]), "not_null"),
        ("id", pa.array([1, 2**63, 3], pa.uint64()), "range"),
        ("id", pa.array([1.0, 2.5, 3.0]), "type"),
        ("name", pa.array(["a", "b\x00", "c"]), "nul"),
        ("amount", pa.array([1.5, 2.125, None]), "precision"),
        ("amount", pa.array([1.5, float("nan"), None]), "type"),
        ("amount", pa.array([Decimal("1.50"), Decimal("-2.25"), None], pa.decimal128(12, 2)), "range"),
        ("paid_on", pa.array(["2026-01-31", "31.01.2026", None]), "type"),
        ("rate", pa.array([1.5, float("inf"), None]), "type"),
    ],
)
def test_a_bad_value_rejects_its_row_only(read: Any, column: str, values: pa.Array, reason: str) -> None:
    rows, rejects, _ = read(table(**{column: values}))
    assert [row[0] for row in rows] == [1, 3]
    assert rejects == [(2, reason, column)]


def test_bytes_that_are_no_text_reject_their_row_only(read: Any) -> None:
    raw = pa.array([b"a", b"\xff\xfe", b"c"], pa.binary())
    names = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    rows, rejects, _ = read(table(name=names))
    assert [row[0] for row in rows] == [1, 3]
    assert rejects == [(2, "encoding", "name")]


def test_an_instant_becomes_local_time_of_the_source(read: Any) -> None:
    noon = dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)
    rows, _, _ = read(table(booked_at=pa.array([noon] * 3, pa.timestamp("ms", "UTC"))))
    assert {row[5] for row in rows} == {dt.datetime(2026, 7, 1, 12)}  # Europe/Prague


def test_a_missing_required_column_stops(read: Any) -> None:
    with pytest.raises(StoppedFileError, match="missing_column: the file lacks amount"):
        read(table(amount=None))


def test_a_doubled_column_stops(read: Any) -> None:
    content = table()
    with pytest.raises(StoppedFileError, match="doubled_column: the file has id"):
        read(content.append_column("id", content.column("id")))


@pytest.mark.parametrize("values", [pa.array([[1], [2], [3]]), pa.array([b"1", b"2", b"3"]), pa.array([{"a": 1}] * 3)])
def test_a_type_that_can_never_fit_stops(read: Any, values: pa.Array) -> None:
    with pytest.raises(StoppedFileError, match="type: column id is"):
        read(table(id=values))


def test_an_unexpected_column_warns_and_is_not_read(read: Any) -> None:
    rows, _, warnings = read(table(secret=pa.array(["x"] * 3)))
    assert len(rows) == 3
    assert warnings == ["unexpected_column: not loaded, unknown to the contract: 'secret'"]


def test_a_file_without_rows_has_none(read: Any) -> None:
    assert read(table().slice(0, 0)) == ([], [], [])


def test_a_file_cut_anywhere_is_unreadable(read: Any) -> None:
    stream = io.BytesIO()
    pq.write_table(table(), stream)
    data = stream.getvalue()
    for end in range(0, len(data), 37):
        with pytest.raises(UnreadableFileError):
            read(data[:end])


def test_a_damaged_page_is_unreadable_and_shows_nothing_of_it(read: Any) -> None:
    stream = io.BytesIO()
    names = pa.array([f"Jana Novakova {number}" for number in range(3)])
    pq.write_table(table(name=names), stream, write_page_checksum=True, compression="none", use_dictionary=False)
    with pytest.raises(UnreadableFileError) as caught:
        read(stream.getvalue().replace(b"Jana Novakova 1", b"Jana Novakova X"))
    assert "Jana" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_records_can_be_read_again_by_their_line(tmp_path: Path, contract: TableContract) -> None:
    path = tmp_path / "orders.parquet"
    pq.write_table(table(), path, row_group_size=2)
    reader = open_reader(path, contract, file_sha256(path), 1)
    ((line, text),) = reader.records_at(frozenset({3}))
    assert (line, json.loads(text)) == (3, {"id": 3, "name": " c ", "amount": None, "paid_on": None})


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.one_of(st.integers(-(2**70), 2**70).map(str), st.sampled_from(["", "x", "1.0", "1.5"])),
            "name": st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"))),
            "amount": st.one_of(st.none(), st.decimals(-10, 10**12, places=3).map(str), st.just("1e3")),
            "paid_on": st.one_of(st.none(), st.dates().map(str), st.just("2026-02-30")),
        }
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_the_same_rows_in_every_format_load_and_reject_alike(
    rows: list[dict[str, str | None]], tmp_path: Path, contract_of_session: Callable[..., TableContract]
) -> None:
    names = list(rows[0])
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows([["" if row[name] is None else row[name] for name in names] for row in rows])
    (tmp_path / "orders.csv").write_text(text.getvalue())
    (tmp_path / "orders.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(
        pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names}),
        tmp_path / "orders.parquet",
    )
    results = []
    for kind, offset in (("csv", 1), ("ndjson", 0), ("parquet", 0)):
        contract = contract_of_session(COLUMNS, format={"type": kind})
        good, rejects, _ = rows_of(tmp_path / f"orders.{kind}", contract)
        results.append(
            (
                [(line - offset, *rest) for line, *rest in good],
                sorted((line - offset, *rest) for line, *rest in rejects),
            )
        )
    assert results[0] == results[1] == results[2]


def test_times_without_a_zone_are_local_times_of_the_source_whatever_their_unit(
    tmp_path: Path, contract_of: Callable[..., TableContract]
) -> None:
    contract = contract_of(
        [{"name": "id", "data_type": "bigint"}, {"name": "at", "data_type": "timestamptz"}], format={"type": "parquet"}
    )
    # Noon; an hour that comes twice in autumn (the first counts); one that the spring leaves out (no time).
    local = [dt.datetime(2024, 7, 1, 12), dt.datetime(2024, 10, 27, 2, 30), dt.datetime(2024, 3, 31, 2, 30)]
    utc = [dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC), dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)]
    for unit in ("s", "ms", "us", "ns"):
        path = tmp_path / f"{unit}.parquet"
        pq.write_table(pa.table({"id": [1, 2, 3], "at": pa.array(local, pa.timestamp(unit))}), path)
        rows, rejects, _ = rows_of(path, contract)
        assert [row[2] for row in rows] == utc
        assert rejects == [(3, "type", "at")]
        pq.write_table(pa.table({"id": [1], "at": pa.array(local[:1], pa.timestamp(unit))}), path)
        assert rows_of(path, contract)[0] == [(1, 1, utc[0])]


def test_midnights_are_dates_and_other_hours_are_not(tmp_path: Path, contract: TableContract) -> None:
    midnight = dt.datetime(2026, 1, 31)
    path = tmp_path / "orders.parquet"
    pq.write_table(table(paid_on=pa.array([midnight, midnight, None], pa.timestamp("ns"))), path)
    rows, rejects, _ = rows_of(path, contract)
    assert [row[4] for row in rows] == [DAY, DAY, None]
    assert not rejects
    pq.write_table(table(paid_on=pa.array([midnight, midnight.replace(hour=1), None], pa.timestamp("ns"))), path)
    rows, rejects, _ = rows_of(path, contract)
    assert [row[4] for row in rows] == [DAY, None]
    assert rejects == [(2, "type", "paid_on")]
