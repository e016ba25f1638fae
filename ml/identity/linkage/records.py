"""Records as DuckDB tables: cleaned, with what comparisons and blocking read, one row per record.

Belongs here: the table ``record`` and its term frequencies.
Does not belong here: pairs.

The table ``record`` has ``rid`` (a dense number), ``id`` (what orders the sides of a pair), the columns of
``Comparison.record_sql`` and ``<column>_tf``, the share of records of other people that hold the same term.
"""

from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd
import pyarrow as pa

from ml.identity.linkage import cleaning
from ml.identity.linkage.database import scalar
from ml.identity.linkage.kinds import Column
from ml.identity.linkage.levels import Comparison


def load(
    con: duckdb.DuckDBPyConnection,
    table: str,
    keys: pd.Series,
    texts: pd.DataFrame,
    columns: tuple[Column, ...],
    comparisons: tuple[Comparison, ...],
    first_rid: int = 0,
) -> None:
    """Write a table of cleaned records, without term frequencies.

    Parameters
    ----------
    con, columns, comparisons
        Where to write, what columns hold, what comparisons read.
    table : str
        Its name; replaced where it exists.
    keys : Series
        What orders the records (``ids.sort_keys``), in that order.
    texts : DataFrame
        ``cleaning.texts_of`` of the same rows.
    first_rid : int
        Number of the first record.
    """
    raw = {"rid": pa.array(range(first_rid, first_rid + len(keys)), pa.int32()), "id": pa.array(keys)}
    for j, column in enumerate(columns):
        raw[f"r{j}"] = pa.array(texts[column.name].astype(object).where(texts[column.name].notna(), None), pa.string())
    con.register("raw_records", pa.table(raw))
    firsts = ["rid", "id"]
    joins = ""
    for j, column in enumerate(columns):
        firsts += [f"{sql} AS f{j}_{name}" for name, sql in cleaning.features(column, f"r{j}").items()]
        if column.kind == "given_name":
            joins += f" LEFT JOIN nickname n{j} ON n{j}.name = f{j}_v"
    con.register("nickname_table", cleaning.nickname_table())
    con.execute("CREATE OR REPLACE TEMP TABLE nickname AS SELECT name, root FROM nickname_table")
    selected = ["rid", "id"]
    selected += [f"{sql} AS {name}" for one in comparisons for name, sql in one.record_sql.items()]
    con.execute(
        f"CREATE OR REPLACE TABLE {table} AS WITH cleaned AS (SELECT {', '.join(firsts)} FROM raw_records) "
        f"SELECT {', '.join(selected)} FROM cleaned{joins}"
    )
    con.unregister("raw_records")
    con.unregister("nickname_table")


def common_words(
    con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], count: int
) -> dict[str, list[str]]:
    """By column of rare words: the words that so many records hold that they are not rare, sorted."""
    found = {}
    for one in comparisons:
        for name, words in one.rare_words.items():
            rows = con.execute(
                f"SELECT word FROM (SELECT unnest({words}) AS word FROM record) GROUP BY word "
                f"HAVING count(*) > {max(8.0, count / 1000)} ORDER BY word"
            ).fetchall()
            found[name] = [word for (word,) in rows]
    return found


def add_rare_words(
    con: duckdb.DuckDBPyConnection,
    table: str,
    comparisons: tuple[Comparison, ...],
    common: Mapping[str, Sequence[str]],
) -> None:
    """Give each record its words without the common ones."""
    for one in comparisons:
        for name, words in one.rare_words.items():
            con.register("common_words", pa.table({"word": pa.array(list(common[name]), pa.string())}))
            con.execute(
                f"CREATE OR REPLACE TABLE {table} AS WITH kept AS (SELECT rid, list(word ORDER BY word) AS words FROM "
                f"(SELECT rid, unnest({words}) AS word FROM {table}) w ANTI JOIN common_words c ON c.word = w.word "
                f"GROUP BY rid) SELECT t.*, CASE WHEN t.{words} IS NOT NULL THEN coalesce(k.words, []) END AS {name} "
                f"FROM {table} t LEFT JOIN kept k ON k.rid = t.rid"
            )
            con.unregister("common_words")


def mark_placeholders(con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], limit: int) -> int:
    """Write ``telling`` (``rid``): the records without those that more than ``limit`` others equal in everything.

    Test Test, born 1900-01-01, five thousand times: such records say nothing about how often strangers agree.

    Returns
    -------
    int
        Records that are left out.
    """
    names = [name for one in comparisons for name in one.record_sql]
    if not names:
        con.execute("CREATE OR REPLACE TEMP TABLE telling AS SELECT rid FROM record")
        return 0
    content = f"hash({', '.join(names)})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE telling AS SELECT rid FROM record "
        f"QUALIFY count(*) OVER (PARTITION BY {content}) <= {limit}"
    )
    return int(scalar(con, "SELECT (SELECT count(*) FROM record) - (SELECT count(*) FROM telling)"))


def count_terms(
    con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], source: str = "record"
) -> dict[str, tuple[pd.DataFrame, int]]:
    """By record column: ``term, held`` of the terms that several records hold, and how many records hold any."""
    counted = {}
    for comparison in comparisons:
        for name in comparison.terms:
            terms = con.execute(
                f"SELECT {name} AS term, count(*) AS held FROM {source} WHERE {name} IS NOT NULL GROUP BY 1 HAVING "
                f"held > 1 "
                "ORDER BY held DESC, term"
            ).df()
            counted[name] = (terms, int(scalar(con, f"SELECT count({name}) FROM {source}")))
    return counted


def add_frequencies(
    con: duckdb.DuckDBPyConnection,
    table: str,
    comparisons: tuple[Comparison, ...],
    shares: Mapping[str, Mapping[str, float]],
    rare: Mapping[str, float],
) -> None:
    """Give every term its share of other people's records; terms that are not listed are ``rare``."""
    selected, joins = ["t.*"], ""
    for comparison in comparisons:
        for name in comparison.terms:
            known = pa.table(
                {
                    "term": pa.array(list(shares[name]), pa.string()),
                    "share": pa.array(list(shares[name].values()), pa.float64()),
                }
            )
            con.register(f"known_{name}", known)
            joins += f" LEFT JOIN known_{name} k_{name} ON k_{name}.term = t.{name}"
            selected.append(f"coalesce(k_{name}.share, {rare[name]!r}) AS {name}_tf")
    con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(selected)} FROM {table} t{joins}")
    for comparison in comparisons:
        for name in comparison.terms:
            con.unregister(f"known_{name}")
