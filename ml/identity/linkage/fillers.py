"""Birthdays that stand for one that is not known: 1900-01-01, 9999-12-31.

Belongs here: finding them by how many people have them.
Does not belong here: records that are placeholders as a whole (``records``).
"""

from dataclasses import replace

import duckdb
import pandas as pd
import pyarrow as pa

from ml.identity.linkage import cleaning
from ml.identity.linkage.kinds import Column

# Of people who are born independently, the day of most has a few more than ordinary days; ten deviations are no chance.
_DEVIATIONS = 10
_TIMES = 3  # as many as on an ordinary day, whatever the season and the size of the table
_ORDINARY = 0.9  # nine in ten days have no more people than what is called ordinary
# First and last days of years, and the days of an empty cell and of all ones: many are born on other days, too, where
# ages are rounded or births are of one cohort, and those are birthdays.
_CONVENTIONAL = "(right(d.day, 4) IN ('0101', '1231') OR d.day IN ('18991230', '19111111'))"
_NAMED = ("given_name", "family_name", "full_name")
_LETTERS = 3  # of a name, so that one person with many records and mistyped names counts once


def without_fillers(
    con: duckdb.DuckDBPyConnection, texts: pd.DataFrame, columns: tuple[Column, ...]
) -> tuple[tuple[Column, ...], list[str]]:
    """The columns, those of birthdays with their fillers, and a warning for each filler.

    A filler is a conventional day on which many more people are born than on others. Ordinary is what the column itself
    shows: where all have but the year, every first of January has many.
    """
    names = [column.name for column in columns if column.kind in _NAMED]
    made, notes = [], []
    for column in columns:
        if column.kind == "birth_date" and names:
            for day, held in _found(con, texts, column, names):
                column = replace(column, fillers=(*column.fillers, day))
                notes.append(
                    f"column {column.name!r}: {day[:4]}-{day[4:6]}-{day[6:]} stands in {held} of {len(texts)} records, "
                    "in many more than are born on one day; it is taken as missing"
                )
        made.append(column)
    return tuple(made), notes


def _found(
    con: duckdb.DuckDBPyConnection, texts: pd.DataFrame, column: Column, names: list[str]
) -> list[tuple[str, int]]:
    """Days that are fillers, with the records that hold them."""
    raw = [texts[column.name], *(texts[name].str.slice(0, _LETTERS) for name in names)]
    table = {f"r{i}": pa.array(one.astype(object).where(one.notna(), None), pa.string()) for i, one in enumerate(raw)}
    con.register("filled_records", pa.table(table))
    who = ", ".join(list(table)[1:])
    rows = con.execute(
        f"WITH born AS (SELECT {cleaning.date_of('r0', column.formats)} AS day, concat_ws('|', {who}) AS who "
        "FROM filled_records), "
        "days AS (SELECT day, count(DISTINCT who) AS people, count(*) AS held FROM born WHERE day IS NOT NULL "
        "GROUP BY day), "
        f"ordinary AS (SELECT quantile_disc(people, {_ORDINARY}) AS people FROM days) "
        "SELECT d.day, d.held FROM days d, ordinary o "
        f"WHERE {_CONVENTIONAL} "
        f"AND d.people > greatest({_TIMES} * o.people, o.people + {_DEVIATIONS} * sqrt(o.people)) ORDER BY d.day"
    ).fetchall()
    con.unregister("filled_records")
    return [(str(day), int(held)) for day, held in rows]
