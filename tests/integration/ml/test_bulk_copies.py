"""Frames go into PostgreSQL and come back as they were."""

import datetime as dt

import pandas as pd
import pytest
from psycopg import sql

from ml.bulk import UnknownColumnTypeError, copy_in, copy_out
from orchestration.warehouse import Warehouse

TEXTS = [
    "plain",
    "",
    None,
    'quoted "twice"',
    "comma, semicolon;",
    "two\nlines\r\n",
    "Łukasz 李 دانا",
    "\\N",
    "NULL",
    "t",
]
COLUMNS = "name text, amount double precision, number bigint, day date, seen timestamptz, told boolean"


def frame() -> pd.DataFrame:
    count = len(TEXTS)
    return pd.DataFrame(
        {
            "name": pd.Series(TEXTS, dtype=object),
            "amount": [0.1 + 0.2, 1e-300, None, *([1.5] * (count - 3))],
            "number": pd.array([2**53 + 1, None, *range(count - 2)], dtype="Int64"),
            "day": pd.Series([dt.date(1, 1, 1), None, *[dt.date(2024, 2, 29)] * (count - 2)], dtype=object),
            "seen": pd.Series(
                [pd.Timestamp("2014-01-01 00:00:00.123456", tz="UTC"), pd.NaT]
                + [pd.Timestamp("2014-07-01", tz="America/New_York")] * (count - 2)
            ).astype("datetime64[us, UTC]"),
            "told": pd.array([True, None, *[False] * (count - 2)], dtype="boolean"),
        }
    )


def round_trip(warehouse: Warehouse, rows: pd.DataFrame) -> pd.DataFrame:
    with warehouse.connect("assay_ml") as connection, connection.cursor() as cursor:
        copy_in(cursor, "things", COLUMNS, rows)
        return copy_out(connection, sql.SQL("select * from things"))


def test_every_value_comes_back_as_it_was(warehouse: Warehouse) -> None:
    back = round_trip(warehouse, frame())
    assert back["name"].tolist() == TEXTS
    assert back["amount"].fillna(-1).tolist() == frame()["amount"].fillna(-1).tolist()
    assert back["day"].tolist() == frame()["day"].tolist()
    assert back["seen"].equals(frame()["seen"])
    assert [bool(value) for value in back["told"].dropna()] == [True, *[False] * (len(TEXTS) - 2)]


def test_no_rows_come_back_as_none_with_their_types(warehouse: Warehouse) -> None:
    back = round_trip(warehouse, frame().iloc[:0])
    assert list(back.columns) == list(frame().columns)
    assert back.empty
    assert str(back["seen"].dtype) == "datetime64[us, UTC]"


def test_a_frame_joined_from_an_empty_and_a_filled_one_is_written_as_it_is(warehouse: Warehouse) -> None:
    empty = pd.DataFrame({"name": pd.Series([], dtype="str")})
    rows = pd.concat([empty, pd.DataFrame({"name": ["x"]})], ignore_index=True)
    with warehouse.connect("assay_ml") as connection, connection.cursor() as cursor:
        copy_in(cursor, "names", "name text", rows)
        assert copy_out(connection, sql.SQL("select * from names"))["name"].tolist() == ["x"]


def test_a_type_without_a_counterpart_is_told(warehouse: Warehouse) -> None:
    with (
        warehouse.connect("assay_ml") as connection,
        pytest.raises(UnknownColumnTypeError, match="column thing has type jsonb"),
    ):
        copy_out(connection, sql.SQL("select null::jsonb as thing"))
