"""Frames into and out of PostgreSQL by COPY, on the caller's connection and in its transaction.

Belongs here: types and speed; a row at a time would take minutes for a million. Does not belong here: what is moved.
"""

from io import BytesIO
from typing import TYPE_CHECKING, LiteralString

import pandas as pd
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT_TYPES = ("text", "varchar", "bpchar", "uuid")


class UnknownColumnTypeError(TypeError):
    """A query gives a type that has no counterpart here; the message names column and type."""


def copy_in(
    cursor: psycopg.Cursor, table: LiteralString, columns: LiteralString, frame: pd.DataFrame, *, analyze: bool = True
) -> None:
    """Make a temporary table that ends with the transaction, and fill it.

    Parameters
    ----------
    cursor : psycopg.Cursor
        In a transaction.
    table : str
        Name of the temporary table; one of this name is replaced.
    columns : str
        Its columns as in ``create table``, in the order of the frame's.
    frame : DataFrame
        The rows; missing values become NULL.
    analyze : bool
        Gather statistics, which wide rows make slow and a join by key does not need.
    """
    import pyarrow as pa
    from pyarrow import csv

    cursor.execute(sql.SQL("drop table if exists {}").format(sql.Identifier("pg_temp", table)))
    cursor.execute(
        sql.SQL("create temporary table {} ({}) on commit drop").format(sql.Identifier(table), sql.SQL(columns))
    )
    buffer = BytesIO()
    # One chunk a column: pyarrow 26 writes zero bytes before a text column that begins with an empty chunk, as pandas'
    # concat of an empty and a filled frame leaves it.
    rows = pa.Table.from_pandas(frame, preserve_index=False).combine_chunks()
    # NULL is an empty field, the empty text a quoted one: what COPY reads as such.
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
    statement = sql.SQL("copy {} from stdin (format csv)").format(sql.Identifier("pg_temp", table))
    with cursor.copy(statement) as copy:
        copy.write(buffer.getbuffer())
    if analyze:
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier("pg_temp", table)))


def copy_out(connection: psycopg.Connection, query: sql.Composable) -> pd.DataFrame:
    """The rows of a query: text as ``object``, instants as ``datetime64[us, UTC]``, days as ``datetime.date``.

    Raises
    ------
    UnknownColumnTypeError
        A column has another type than text, number, boolean, date or timestamp with time zone.
    """
    from pyarrow import csv

    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local timezone = 'UTC'")
        cursor.execute(sql.SQL("select * from ({}) as q limit 0").format(query))
        types = {column.name: _arrow_type(column) for column in cursor.description or ()}
        with cursor.copy(sql.SQL("copy ({}) to stdout (format csv)").format(query)) as copy:
            received = b"".join(copy)
    if not received:
        return _empty(types)
    table = csv.read_csv(
        BytesIO(received),
        csv.ReadOptions(column_names=list(types), block_size=1 << 24),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return _as_object(table.to_pandas(date_as_object=True), types)


def _arrow_type(column: psycopg.Column) -> "pa.DataType":
    import pyarrow as pa

    name = psycopg.adapters.types[column.type_code].name if column.type_code in _known_types() else "?"
    if name in _TEXT_TYPES:
        return pa.string()
    known = {
        "timestamptz": pa.timestamp("us", "UTC"), "date": pa.date32(), "bool": pa.bool_(), "float8": pa.float64(),
        "float4": pa.float64(), "numeric": pa.float64(), "int2": pa.int64(), "int4": pa.int64(), "int8": pa.int64(),
    }  # fmt: skip
    if name not in known:
        raise UnknownColumnTypeError(
            f"column {column.name} has type {name} (oid {column.type_code}); cast it to one of {sorted(known)} or text"
        )
    return known[name]


def _known_types() -> set[int]:
    return {info.oid for info in psycopg.adapters.types}


def _empty(types: "dict[str, pa.DataType]") -> pd.DataFrame:
    import pyarrow as pa

    table = pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return _as_object(table.to_pandas(date_as_object=True), types)


def _as_object(frame: pd.DataFrame, types: "dict[str, pa.DataType]") -> pd.DataFrame:
    import pyarrow as pa

    for name, kind in types.items():
        if kind == pa.string():
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame
