"""Values that stand for one that is not known: 1900-01-01, 999999999, none@none.com, Baby.

Belongs here: finding them by how many people have them.
Does not belong here: records that are placeholders as a whole (``records``).
"""

from dataclasses import replace

import duckdb
import pandas as pd
import pyarrow as pa

from ml.identity.linkage import cleaning
from ml.identity.linkage.database import scalar
from ml.identity.linkage.kinds import Column

# Of people who are born independently, the day of most has a few more than ordinary days; ten deviations are no chance.
_DEVIATIONS = 10
_TIMES = 3  # as many as on an ordinary day, whatever the season and the size of the table
_ORDINARY = 0.9  # nine in ten days have no more people than what is called ordinary
# First and last days of years, and the days of an empty cell and of all ones: many are born on other days, too, where
# ages are rounded or births are of one cohort, and those are birthdays. Names that say that there is none yet.
_UNNAMED = (
    "baby", "babyboy", "babygirl", "baby boy", "baby girl", "infant", "newborn", "test", "doe", "no name", "noname",
    "fnu", "lnu", "nn", "n n", "anonymous", "unnamed", "tbd", "tba",
)  # fmt: skip
_SAME_SIGN = "(length(value) >= 5 AND replace(value, left(value, 1), '') = '')"
_CONVENTIONAL = {
    "birth_date": "(right(value, 4) IN ('0101', '1231') OR value IN ('18991230', '19111111'))",
    "id_number": f"({_SAME_SIGN} OR value IN ('123456789', '1234567890'))",
    "phone": f"({_SAME_SIGN} OR value IN ('123456789', '234567890'))",
    "email": "false",
} | dict.fromkeys(("given_name", "family_name"), "(value IN (" + ", ".join(f"'{name}'" for name in _UNNAMED) + "))")
# Any other value is a filler where people have it as often as none of the rest: a hospital's day of admission, a number
# of nines and zeros. Surnames of a whole country are no fillers, so names are not judged in this way.
# Of the people with a value: many are born on one day where a cohort is, of a number each should be one person's.
_LEAST_SHARE = {"birth_date": 0.1, "id_number": 0.02, "phone": 0.02, "email": 0.02}
_LEAST_PEOPLE = 20
_ABOVE_THE_REST = 15  # times the most frequent value that is no filler
_MOST = 5  # fillers of a column
_WHO = ("given_name", "family_name", "full_name", "organisation")
_LETTERS = 3  # of a name, so that one person with many records and mistyped names counts once


def without_fillers(
    con: duckdb.DuckDBPyConnection, texts: pd.DataFrame, columns: tuple[Column, ...]
) -> tuple[tuple[Column, ...], list[str]]:
    """The columns with their fillers, and a warning for each filler.

    A filler is a conventional value that many more people have than others, or any value that people of a multitude of
    names have and that nothing else comes near. Ordinary is what the column itself shows: where all have but the year,
    every first of January has many.
    """
    made, notes = [], []
    asked = {one.name: f"r{i}" for i, one in enumerate(columns) if one.kind in (*_WHO, *_CONVENTIONAL)}
    if not asked:
        return columns, []
    raw = {sql: texts[name].astype(object).where(texts[name].notna(), None) for name, sql in asked.items()}
    con.register("filled_records", pa.table({sql: pa.array(one, pa.string()) for sql, one in raw.items()}))
    for column in columns:
        names = [one.name for one in columns if one.kind in _WHO and one.name != column.name]
        if column.kind in ("given_name", "family_name"):
            names += [one.name for one in columns if one.kind == "birth_date"]
        if column.kind in _CONVENTIONAL and names and not column.shared:
            for value, held in _found(con, column, asked[column.name], [asked[name] for name in names]):
                column = replace(column, fillers=(*column.fillers, value))
                notes.append(
                    f"column {column.name!r}: {_shown(column, value)} stands in {held} of {len(texts)} records, "
                    "for many more people than share such a value; it is taken as missing"
                )
        made.append(column)
    con.unregister("filled_records")
    return tuple(made), notes


def _shown(column: Column, value: str) -> str:
    """A filler as it is told: a number or a mailbox may be somebody's after all."""
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if column.kind == "birth_date" else "one value"


def _found(con: duckdb.DuckDBPyConnection, column: Column, at: str, names: list[str]) -> list[tuple[str, int]]:
    """Values that are fillers, with the records that hold them."""
    who = ", ".join(f"left({name}, {_LETTERS})" for name in names)
    (value,) = cleaning.features(replace(column, fillers=()), at).values()
    # The numbers of most tables are shared by few: that is seen without counting who has them.
    largest = scalar(
        con,
        "SELECT coalesce(max(held), 0) FROM (SELECT count(*) AS held FROM "
        f"(SELECT {value} AS value FROM filled_records) WHERE value IS NOT NULL GROUP BY value)",
    )
    if largest <= _DEVIATIONS:
        return []
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE value_holder AS SELECT value, count(DISTINCT who) AS people, count(*) AS held "
        f"FROM (SELECT {value} AS value, concat_ws('|', {who}) AS who FROM filled_records) WHERE value IS NOT NULL "
        "GROUP BY value"
    )
    rows = con.execute(
        f"WITH ordinary AS (SELECT quantile_disc(people, {_ORDINARY}) AS people FROM value_holder) "
        "SELECT v.value, v.held FROM value_holder v, ordinary o "
        f"WHERE {_CONVENTIONAL[column.kind]} AND v.people > greatest({_TIMES} * o.people, "
        f"o.people + {_DEVIATIONS} * sqrt(o.people)) ORDER BY v.value"
    ).fetchall()
    known = {str(value) for value, _ in rows}
    if column.kind in _LEAST_SHARE:
        most = con.execute(
            "SELECT value, held, people, sum(people) OVER () FROM value_holder ORDER BY people DESC, value "
            f"LIMIT {_MOST + len(known) + 1}"
        ).fetchall()
        rest = [row for row in most if row[0] not in known]
        # The last one that is so far above the next, and all before it.
        for count in range(min(_MOST, len(rest) - 1), 0, -1):
            _, _, people, all_ = rest[count - 1]
            if people >= max(_LEAST_PEOPLE, _LEAST_SHARE[column.kind] * all_, _ABOVE_THE_REST * rest[count][2]):
                rows += [(value, held) for value, held, _, _ in rest[:count]]
                break
    con.execute("DROP TABLE value_holder")
    return sorted((str(value), int(held)) for value, held in rows)
