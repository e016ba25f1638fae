"""Strings into typed values: what is accepted, what is refused and why."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ingestion.checking import MAX_KEY_BYTES, MAX_ROW_KEY_BYTES, check_block, check_column
from orchestration.ingestion.contract import ColumnContract, TableContract
from orchestration.ingestion.rows import RowBlock
from orchestration.ingestion.temporal import local_to_utc, utc_to_local

PRAGUE = "Europe/Prague"


def convert(data_type: str, value: str | None, *, nullable: bool = True, **meta: Any) -> Any:
    """The typed value, or the reason code of the fault."""
    column = ColumnContract(name="c", data_type=data_type, **meta)
    typed, faults = check_column(column, pa.array([value, "?"], pa.string())[:1], time_zone=PRAGUE, nullable=nullable)
    reasons = [reason for reason, mask in faults.items() if mask[0]]
    assert len(reasons) <= 1
    return reasons[0] if reasons else typed[0].as_py()


@pytest.mark.parametrize(
    ("data_type", "text", "expected"),
    [
        ("integer", "12", 12),
        ("integer", " +12 ", 12),
        ("integer", "-0012", -12),
        ("integer", "12.0", 12),
        ("integer", "12.5", "type"),
        ("integer", "0x1F", "type"),
        ("integer", "1e3", "type"),
        ("integer", "１２", "type"),
        ("integer", "2147483647", 2147483647),
        ("integer", "2147483648", "range"),
        ("integer", "-2147483648", -2147483648),
        ("bigint", "9223372036854775807", 9223372036854775807),
        ("bigint", "-9223372036854775808", -9223372036854775808),
        ("bigint", "9223372036854775808", "range"),
        ("bigint", "0000000000000000000000042", 42),
        ("bigint", "-" + "0" * 5_000 + "9223372036854775808", -(2**63)),
        ("bigint", "9" * 5_000, "range"),
        ("integer", "-" + "9" * 5_000 + ".0", "range"),
        ("numeric(5,2)", "9" * 5_000, "range"),
        ("double precision", "9" * 5_000, "range"),
        ("numeric(5,2)", "123.45", Decimal("123.45")),
        ("numeric(5,2)", "+.5", Decimal("0.50")),
        ("numeric(5,2)", "5.", Decimal("5.00")),
        ("numeric(5,2)", "123.4500", Decimal("123.45")),
        ("numeric(5,2)", "123.456", "precision"),
        ("numeric(5,2)", "1234.5", "range"),
        ("numeric(5,2)", "1.2e2", Decimal("120.00")),
        ("numeric(5,2)", "1e9", "range"),
        ("numeric(5,2)", "1e-3", "precision"),
        ("numeric(5,2)", "NaN", "type"),
        ("numeric(5,2)", "1,5", "type"),
        ("numeric(3,0)", "7.000", Decimal(7)),
        (
            "numeric(38,10)",
            "1234567890123456789012345678.0123456789",
            Decimal("1234567890123456789012345678.0123456789"),
        ),
        ("numeric(38,10)", "9" * 28 + "." + "9" * 10 + "e0", Decimal("9" * 28 + "." + "9" * 10)),
        ("double precision", "1e-5", 1e-5),
        ("double precision", "nan", "type"),
        ("double precision", "inf", "type"),
        ("double precision", "1e999", "range"),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("boolean", "2", "type"),
        ("date", "2024-02-29", dt.date(2024, 2, 29)),
        ("date", "2023-02-29", "type"),
        ("date", "2024-2-9", "type"),
        ("date", "0000-01-01", "type"),
        ("date", "2024-02-29 ", dt.date(2024, 2, 29)),
        ("timestamp", "2024-02-29T23:59:58.5", dt.datetime(2024, 2, 29, 23, 59, 58, 500000)),
        ("timestamp", "2024-02-29", dt.datetime(2024, 2, 29)),
        ("timestamp", "2024-02-29 24:00:00", "type"),
        ("timestamp", "2024-02-29T10:00:00Z", "type"),
        ("timestamptz", "2024-07-01 12:00", dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)),
        ("timestamptz", "2024-01-01 12:00:00", dt.datetime(2024, 1, 1, 11, tzinfo=dt.UTC)),
        ("timestamptz", "2024-01-01T12:00:00-05:30", dt.datetime(2024, 1, 1, 17, 30, tzinfo=dt.UTC)),
        ("timestamptz", "2024-01-01T12:00:00Z", dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)),
        ("timestamptz", "2500-07-01 12:00", dt.datetime(2500, 7, 1, 10, tzinfo=dt.UTC)),
        ("timestamptz", "0001-01-01 00:00", "type"),
        ("timestamptz", "9999-12-31 23:59-01:00", "type"),
        ("timestamptz", "9999-12-31 23:59", dt.datetime(9999, 12, 31, 22, 59, tzinfo=dt.UTC)),
        ("date", "10000-01-01", "type"),
        ("text", "  x ", "x"),
        ("text", "", None),
        ("date", "", None),
    ],
)
def test_a_value_becomes_what_its_type_says(data_type: str, text: str, expected: Any) -> None:
    assert convert(data_type, text) == expected


def test_a_local_time_that_comes_twice_is_the_first_and_one_that_is_left_out_is_refused() -> None:
    assert convert("timestamptz", "2024-10-27 02:30") == dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)
    assert convert("timestamptz", "2024-03-31 02:30") == "type"


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%y%m%d", "930101", dt.date(1993, 1, 1)),
        ("%y%m%d", "680101", dt.date(2068, 1, 1)),
        ("%y%m%d", "690101", dt.date(1969, 1, 1)),
        ("%y%m%d", "93011", "type"),
        ("%m/%d/%Y", "12/3/1990", dt.date(1990, 12, 3)),
        ("%d.%m.%Y", "31.4.1990", "type"),
        ("%d-%m-%Y", "03-07-2014", dt.date(2014, 7, 3)),
        ("%d-%m-%Y", "03x07x2014", "type"),
    ],
)
def test_dates_follow_the_format_of_the_contract(form: str, text: str, expected: Any) -> None:
    assert convert("date", text, format=form) == expected


def test_two_digit_years_count_from_where_the_contract_says() -> None:
    assert convert("date", "680101", format="%y%m%d", two_digit_years_from=1900) == dt.date(1968, 1, 1)


@settings(max_examples=200, deadline=None)
@given(
    day=st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)),
    form=st.sampled_from(["%y%m%d", "%d/%m/%y", "%Y.%m.%d"]),
)
def test_formats_mean_what_strptime_means(day: dt.date, form: str) -> None:
    text = day.strftime(form)
    assert convert("date", text, format=form) == dt.datetime.strptime(text, form).date()


@pytest.mark.parametrize(
    ("data_type", "text", "meta", "expected"),
    [
        ("text", "NO_COMPLAINT", {"sentinels": ["NO_COMPLAINT"]}, None),
        ("bigint", " -1 ", {"sentinels": ["-1"]}, None),
        ("text", "", {"keep_empty": True}, ""),
        ("text", " x ", {"trim": False}, " x "),
        ("text", "C", {"allowed": ["A", "B"]}, "allowed"),
        ("integer", "3", {"allowed": [1, 3]}, 3),
        ("integer", "2", {"allowed": [1, 3]}, "allowed"),
        ("numeric(8,2)", "1.50", {"allowed": [1.5]}, Decimal("1.50")),
        ("integer", "11", {"min": 0, "max": 10}, "range"),
        ("numeric(8,2)", "-0.01", {"min": 0}, "range"),
        ("double precision", "0.5", {"min": 0, "max": 1}, 0.5),
        ("date", "1992-12-31", {"min": dt.date(1993, 1, 1)}, "range"),
        (
            "timestamptz",
            "1993-01-01 00:30",
            {"min": dt.date(1993, 1, 1)},
            dt.datetime(1992, 12, 31, 23, 30, tzinfo=dt.UTC),
        ),
        ("double precision", "1,5", {"decimal_mark": ","}, 1.5),
        ("numeric(8,2)", "1.500,5", {"decimal_mark": ","}, "type"),
    ],
)
def test_the_contract_limits_values(data_type: str, text: str, meta: dict[str, Any], expected: Any) -> None:
    assert convert(data_type, text, **meta) == expected


@pytest.mark.parametrize("text", ["", "  ", "-1", None])
def test_no_value_where_one_must_be_is_not_null(text: str | None) -> None:
    assert convert("integer", text, nullable=False, sentinels=["-1"]) == "not_null"


@settings(max_examples=200, deadline=None)
@given(value=st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False))
def test_numeric_keeps_exactly_what_it_can_hold(value: Decimal) -> None:
    result = convert("numeric(10,3)", str(value))
    fits = abs(value) < 10**7 and value == value.quantize(Decimal("0.001"))
    assert (result == value) if fits else (result in ("range", "precision"))


@settings(max_examples=200, deadline=None)
@given(value=st.integers(-(2**70), 2**70))
def test_bigint_keeps_exactly_what_it_can_hold(value: int) -> None:
    expected = value if -(2**63) <= value < 2**63 else "range"
    assert convert("bigint", str(value)) == expected


def test_keys_have_room_in_the_index_each_and_together(contract_of: Callable[..., TableContract]) -> None:
    names = [f"k{number}" for number in range(5)]
    contract = contract_of([{"name": name, "data_type": "text"} for name in names], key=names)
    assert (MAX_KEY_BYTES, MAX_ROW_KEY_BYTES) == (500, 2_000)
    sizes = [(500, 500, 500, 499, 1), (500, 500, 500, 499, 2), (501, 1, 1, 1, 1), (1, 1, 1, 1, 500)]
    # Bytes count, not characters.
    texts = [["é" * (size // 2) + "a" * (size % 2) for size in row] for row in sizes]
    columns = {name: pa.array([row[at] for row in texts]) for at, name in enumerate(names)}
    checked = check_block(contract, RowBlock(columns, np.arange(1, 5), [], str))
    assert checked.lines.tolist() == [1, 4]
    assert sorted((reject.line, reject.column, reject.reason) for reject in checked.rejects) == [
        (2, "k4", "range"),
        (3, "k0", "range"),
    ]


@settings(max_examples=100, deadline=None)
@given(
    local=st.lists(st.datetimes(dt.datetime(1, 1, 5), dt.datetime(9999, 12, 25)), min_size=1, max_size=5),
    zone=st.sampled_from([PRAGUE, "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]),
)
def test_times_move_between_zones_as_python_moves_them_one_by_one(local: list[dt.datetime], zone: str) -> None:
    utc, exists = local_to_utc(np.array(local, "datetime64[us]"), zone)
    for at, one in enumerate(local):
        expected = one.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
        assert utc[at].item() == expected
        there = utc_to_local(utc[at : at + 1], zone)[0].item()
        assert (there == one) == exists[at]
