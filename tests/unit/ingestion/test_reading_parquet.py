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


def test_a_year_that_no_text_can_write_is_one_reject_and_its_record_is_kept(
    tmp_path: Path, contract: TableContract
) -> None:
    path = tmp_path / "orders.parquet"
    far = pa.array([0, 2**31 - 1, 2_932_897], pa.int32()).cast(pa.date32())
    instants = pa.array([0, -(2**62), 2**62], pa.timestamp("us"))
    pq.write_table(table(paid_on=far, booked_at=instants), path)
    (block,) = open_reader(path, contract, file_sha256(path))
    checked = check_block(contract, block)
    assert checked.lines.tolist() == [1]
    assert [(reject.line, reject.column, reject.reason) for reject in checked.rejects] == [
        (2, "paid_on", "type"),
        (3, "paid_on", "type"),
    ]
    assert [json.loads(reject.record)["paid_on"] for reject in checked.rejects] == [
        "<value out of range: 2147483647>",
        "10000-01-01",
    ]


def test_old_instants_are_exact_also_in_far_years_and_below_a_microsecond(
    tmp_path: Path, contract: TableContract
) -> None:
    path = tmp_path / "orders.parquet"
    for instants, unit in (([0, 253_402_214_400_000_000, None], "us"), ([1_000, 1_001, None], "ns")):
        content = table(booked_at=pa.array(instants, pa.timestamp(unit)))
        pq.write_table(content, path, use_deprecated_int96_timestamps=True, row_group_size=2)
        rows, rejects, _ = rows_of(path, contract)
        assert rows_of(path, contract, block_bytes=1)[:2] == (rows, rejects)
        if unit == "us":
            assert [row[5] for row in rows] == [dt.datetime(1970, 1, 1), dt.datetime(9999, 12, 31), None]
        else:
            assert [row[5] for row in rows] == [dt.datetime(1970, 1, 1, 0, 0, 0, 1), None]
            assert rejects == [(2, "type", "booked_at")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([12125551234.0, 94107.0, 1e20]), ["12125551234", "94107", "1" + "0" * 20]),
        (pa.array([0.1, 1.5, -0.0], pa.float32()), ["0.1", "1.5", "-0"]),
        (pa.array([Decimal("1E-7"), Decimal(2), None], pa.decimal128(9, 7)), ["0.0000001", "2.0000000", None]),
        (
            pa.array([0, 1_001, None], pa.timestamp("ns")),
            ["1970-01-01 00:00:00.000000", "1970-01-01 00:00:00.000001001", None],
        ),
    ],
)
def test_a_value_of_another_type_is_the_text_that_a_person_would_write(
    read: Any, values: pa.Array, expected: Any
) -> None:
    assert [row[2] for row in read(table(name=values))[0]] == expected


def test_a_short_float_is_the_number_of_its_own_digits_whoever_stands_beside_it(read: Any) -> None:
    for kind in (pa.float16(), pa.float32()):
        assert [row[6] for row in read(table(rate=pa.array([0.1, 1.1, None], kind)))[0]] == [0.1, 1.1, None]
        assert [row[6] for row in read(table(rate=pa.array([0.1, 1.1, float("nan")], kind)))[0]] == [0.1, 1.1]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_text_either(read: Any, bad: float) -> None:
    rows, rejects, _ = read(table(name=pa.array([1.0, bad, None])))
    assert [row[2] for row in rows] == ["1", None]
    assert rejects == [(2, "type", "name")]


NATIVE = [
    {"name": "day", "data_type": "date", "format": "%d.%m.%Y", "sentinels": ["31.12.9999"]},
    {"name": "amount", "data_type": "numeric(12,2)", "decimal_mark": ",", "sentinels": ["-999", "n/a"]},
    {"name": "rate", "data_type": "double precision", "decimal_mark": ",", "sentinels": ["-9,5"]},
    {"name": "count", "data_type": "integer", "sentinels": ["99999999999", "-1"]},
    {"name": "at", "data_type": "timestamp", "sentinels": ["1900-01-01"]},
    {"name": "is_on", "data_type": "boolean", "sentinels": ["0"]},
]


@pytest.mark.parametrize("float_type", [pa.float32(), pa.float64()])
def test_spelling_rules_of_the_contract_speak_of_the_values_of_a_typed_file(
    tmp_path: Path, contract_of: Callable[..., TableContract], float_type: pa.DataType
) -> None:
    contract = contract_of(NATIVE, format={"type": "parquet"})
    content = pa.table(
        {
            "day": [dt.date(2024, 1, 2), dt.date(9999, 12, 31)],
            "amount": pa.array([Decimal("1.50"), Decimal("-999.00")], pa.decimal128(12, 2)),
            "rate": pa.array([2.5, -9.5], float_type),
            "count": pa.array([7, 99_999_999_999], pa.int64()),
            "at": pa.array([dt.datetime(2024, 7, 1, 10), dt.datetime(1899, 12, 31, 23)], pa.timestamp("us", "UTC")),
            "is_on": [False, False],
        }
    )
    path = tmp_path / "orders.parquet"
    pq.write_table(content, path)
    rows, rejects, _ = rows_of(path, contract)
    assert rows == [
        (1, dt.date(2024, 1, 2), Decimal("1.50"), 2.5, 7, dt.datetime(2024, 7, 1, 12), False),
        (2, None, None, None, None, None, False),
    ]
    assert not rejects


def test_a_sentinel_is_no_value_of_a_column_that_must_have_one(
    tmp_path: Path, contract_of: Callable[..., TableContract]
) -> None:
    column = {"name": "id", "data_type": "bigint", "sentinels": ["-1"], "nullable": False}
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"id": [1, -1]}), path)
    rows, rejects, _ = rows_of(path, contract_of([column], format={"type": "parquet"}))
    assert (rows, rejects) == ([(1, 1)], [(2, "not_null", "id")])


def test_a_number_may_still_be_a_date_by_the_format_of_the_contract(
    tmp_path: Path, contract_of: Callable[..., TableContract]
) -> None:
    path = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"day": [930101, 930230]}), path)
    column = {"name": "day", "data_type": "date", "format": "%y%m%d"}
    rows, rejects, _ = rows_of(path, contract_of([column], format={"type": "parquet"}))
    assert (rows, rejects) == ([(1, dt.date(1993, 1, 1))], [(2, "type", "day")])


def test_summer_is_known_beyond_2037(tmp_path: Path, contract_of: Callable[..., TableContract]) -> None:
    noon = dt.datetime(2045, 7, 1, 12)
    path = tmp_path / "orders.parquet"
    columns = [{"name": "at", "data_type": "timestamptz"}, {"name": "local", "data_type": "timestamp"}]
    pq.write_table(pa.table({"at": [noon], "local": pa.array([noon], pa.timestamp("ms", "UTC"))}), path)
    rows, _, _ = rows_of(path, contract_of(columns, format={"type": "parquet"}))
    assert rows == [(1, dt.datetime(2045, 7, 1, 10, tzinfo=dt.UTC), dt.datetime(2045, 7, 1, 14))]


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


def test_a_file_that_begins_as_something_else_is_unreadable(read: Any) -> None:
    stream = io.BytesIO()
    pq.write_table(table(), stream)
    with pytest.raises(UnreadableFileError, match="does not begin as Parquet"):
        read(b"XXXX" + stream.getvalue()[4:])


def test_a_file_that_changes_while_it_is_read_is_unreadable(tmp_path: Path, contract: TableContract) -> None:
    path = tmp_path / "orders.parquet"
    pq.write_table(table(), path)
    with pytest.raises(UnreadableFileError, match="changed"):
        list(open_reader(path, contract, "0" * 64))


def test_blocks_are_bounded_by_the_bytes_of_their_values(tmp_path: Path, contract: TableContract) -> None:
    """A long text that repeats is a few bytes in the file and all its length in memory."""
    count = 20_000
    same = {"amount": pa.nulls(count), "paid_on": pa.nulls(count)}
    path = tmp_path / "orders.parquet"
    for name in (pa.array(["x" * 1_000] * count), pa.array(["x" * 1_000] * count).dictionary_encode()):
        pq.write_table(pa.table({"id": range(count), "name": name, **same}), path)
        sizes = [
            (len(block.lines), sum(values.nbytes for values in block.columns.values()))
            for block in open_reader(path, contract, file_sha256(path))
        ]
        assert sum(rows for rows, _ in sizes) == count
        assert max(size for _, size in sizes) < 20 << 20
        assert len(sizes) > 1


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


# What a source may mean by a value of each type: values that fit and values that do not.
_TICKS = st.one_of(
    st.integers(-(2**62), 2**62),
    st.integers(0, 2_000_000_000).map(lambda second: second * 1_000_000),
    st.sampled_from([0, 1, 86_400_000_000, 1_711_849_800_000_000, 253_402_300_799_999_999, 253_402_300_800_000_000]),
)
_DRIFTED: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats() | st.integers(-5, 5).map(float)),
    (pa.float32(), st.floats(width=32) | st.sampled_from([0.5, 2.0])),
    (pa.decimal128(38, 9), st.decimals(-(10**12), 10**12, places=9) | st.integers(-5, 5).map(Decimal)),
    (pa.bool_(), st.booleans()),
    (pa.date32(), st.sampled_from([0, 20_000, 2_932_896, 2_932_897, -719_162, -719_163, 2**31 - 1, -(2**31)])),
    *((pa.timestamp(unit, zone), _TICKS) for unit in ("ms", "us", "ns") for zone in (None, "UTC")),
]
_TARGETS = [
    "text",
    "integer",
    "bigint",
    "numeric(12,2)",
    "double precision",
    "date",
    "timestamp",
    "timestamptz",
    "boolean",
]
_SENTINELS = {"date": "1970-01-01", "timestamp": "1970-01-01", "timestamptz": "1970-01-01", "boolean": "?", "text": "0"}


@st.composite
def drifted_columns(draw: st.DrawFn) -> tuple[str, pa.Array, bool]:
    target = draw(st.sampled_from(_TARGETS))
    kind, values = draw(st.sampled_from(_DRIFTED))
    drawn = draw(st.lists(st.none() | values, min_size=1, max_size=8))
    if pa.types.is_date(kind):
        array = pa.array(drawn, pa.int32()).cast(kind)
    elif pa.types.is_timestamp(kind):
        array = pa.array(drawn, pa.int64()).cast(kind)
    else:
        array = pa.array(drawn, kind)
    return target, array, draw(st.booleans())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drifted=drifted_columns())
def test_what_becomes_of_a_value_does_not_depend_on_its_neighbours_or_its_block(
    drifted: tuple[str, pa.Array, bool], tmp_path: Path, contract_of_session: Callable[..., TableContract]
) -> None:
    target, values, has_sentinel = drifted
    column = {"name": "v", "data_type": target, "sentinels": [_SENTINELS.get(target, "0")] if has_sentinel else []}
    contract = contract_of_session([column], format={"type": "parquet"})
    path = tmp_path / "orders.parquet"
    one_by_one: tuple[list[Any], list[Any]] = ([], [])
    for line in range(1, len(values) + 1):
        pq.write_table(pa.table({"v": values.slice(line - 1, 1)}), path, version="2.6")
        rows, rejects, _ = rows_of(path, contract)
        one_by_one[0].extend((line, repr(row[1])) for row in rows)
        one_by_one[1].extend((line, *reject[1:]) for reject in rejects)
    pq.write_table(pa.table({"v": values}), path, version="2.6")
    for block_bytes in (1, 1_000, 1 << 20):
        rows, rejects, _ = rows_of(path, contract, block_bytes)
        assert [(line, repr(value)) for line, value in rows] == one_by_one[0]
        assert rejects == sorted(one_by_one[1], key=repr)


TYPED = [
    {"name": "id", "data_type": "bigint", "nullable": False, "min": -10},
    {"name": "amount", "data_type": "numeric(12,2)", "sentinels": ["-1", "-1.00", "-1.000"]},
    {"name": "rate", "data_type": "double precision", "max": 1e6},
    {"name": "paid_on", "data_type": "date"},
    {"name": "booked_at", "data_type": "timestamptz"},
    {"name": "local_at", "data_type": "timestamp", "sentinels": ["1970-01-01T00:00:00"]},
    {"name": "is_new", "data_type": "boolean"},
    {"name": "code", "data_type": "text", "allowed": ["1", "2"]},
]
_LOCAL = st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)) | st.sampled_from(
    [
        dt.datetime(2024, 3, 31, 2, 30),
        dt.datetime(2024, 10, 27, 2, 30),
        dt.datetime(1970, 1, 1),
        dt.datetime(2045, 7, 1),
    ]
)
TYPED_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20) | st.none(),
            "amount": st.none() | st.decimals(-(10**11), 10**11, places=3) | st.integers(-2, 2).map(Decimal),
            "rate": st.none() | st.floats(-1e7, 1e7) | st.just(float("nan")),
            "paid_on": st.none() | st.dates(),
            "booked_at": st.none() | _LOCAL,
            "local_at": st.none() | _LOCAL,
            "is_new": st.none() | st.booleans(),
            "code": st.none() | st.integers(0, 3),
        }
    ),
    min_size=1,
    max_size=12,
)
_PARQUET_TYPES = {
    "id": pa.int64(), "amount": pa.decimal128(20, 3), "rate": pa.float64(), "paid_on": pa.date32(),
    "booked_at": pa.timestamp("us"), "local_at": pa.timestamp("us"), "is_new": pa.bool_(), "code": pa.float64(),
}  # fmt: skip


def as_text(value: Any) -> str | None:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=TYPED_ROWS)
def test_typed_rows_load_and_reject_as_the_same_rows_written_as_text(
    rows: list[dict[str, Any]], tmp_path: Path, contract_of_session: Callable[..., TableContract]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(_PARQUET_TYPES)
    writer.writerows([[as_text(row[name]) or "" for name in _PARQUET_TYPES] for row in rows])
    (tmp_path / "orders.csv").write_text(text.getvalue())
    lines = [json.dumps({name: as_text(value) for name, value in row.items()}) + "\n" for row in rows]
    (tmp_path / "orders.ndjson").write_text("".join(lines))
    typed = {
        # Pandas makes floats of whole numbers with gaps.
        name: pa.array([row[name] for row in rows], pa.int64() if name == "code" else kind).cast(kind)
        for name, kind in _PARQUET_TYPES.items()
    }
    pq.write_table(pa.table(typed), tmp_path / "orders.parquet")
    results = []
    for kind, offset in (("csv", 1), ("ndjson", 0), ("parquet", 0)):
        contract = contract_of_session(TYPED, format={"type": kind})
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


def test_an_instant_whose_local_time_is_in_no_year_of_ours_is_a_reject(read: Any) -> None:
    late = dt.datetime(9999, 12, 31, 23, 30, tzinfo=dt.UTC)  # the next year in Prague
    rows, rejects, _ = read(table(booked_at=pa.array([None, late, None], pa.timestamp("us", "UTC"))))
    assert [row[0] for row in rows] == [1, 3]
    assert rejects == [(2, "type", "booked_at")]
