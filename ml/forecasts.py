"""What a model says of a day into its table, so that a look back never takes the place of what was said then.

Belongs here: how such rows replace each other. What they hold is the caller's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql


class Written(NamedTuple):
    """Rows inserted or changed, and rows that stayed because only a look back would have replaced them."""

    rows: int
    kept: int


def replace_forecasts(
    cursor: psycopg.Cursor[Any],
    table: sql.Identifier,
    fresh: sql.Identifier,
    keys: Sequence[str],
    values: Sequence[str],
    stamp: str,
) -> Written:
    """Insert rows, or replace those of the same key; an equal one stays untouched.

    So does one that was said before its outcome was known where the new one is retrospective: a version that has
    learnt from later outcomes says nothing of what was decided then. Any other version may replace it, as after a
    rollback.

    Parameters
    ----------
    cursor : psycopg.Cursor
        In a transaction.
    table : psycopg.sql.Identifier
        With ``keys`` as primary key, and ``values`` of which ``is_retrospective`` is one.
    fresh : psycopg.sql.Identifier
        Table of the same columns that holds the new rows.
    keys, values : sequence of str
        Columns.
    stamp : str
        Column that says when a row was written.
    """

    def named(columns: Sequence[str], prefix: str = "") -> sql.Composed:
        return sql.SQL(", ").join(sql.SQL(prefix) + sql.Identifier(name) for name in columns)

    cursor.execute(
        sql.SQL(
            "select count(*) from {fresh} as n join {table} as s using ({keys}) "
            "where n.is_retrospective and not s.is_retrospective"
        ).format(fresh=fresh, table=table, keys=named(keys))
    )
    row = cursor.fetchone()
    assert row is not None
    cursor.execute(
        sql.SQL(
            "insert into {table} as s ({names}) select {names} from {fresh} "
            "on conflict ({keys}) do update set ({targets}, {stamp}) = ({excluded}, now()) "
            "where ({stored}) is distinct from ({excluded}) and (s.is_retrospective or not excluded.is_retrospective)"
        ).format(
            table=table,
            fresh=fresh,
            names=named([*keys, *values]),
            keys=named(keys),
            targets=named(values),
            stamp=sql.Identifier(stamp),
            excluded=named(values, "excluded."),
            stored=named(values, "s."),
        )
    )
    return Written(cursor.rowcount, int(row[0]))
