"""Pairs of records compared: the levels of all comparisons as one number, by the SQL that Splink writes.

Belongs here: comparing candidate or random pairs, and reading the packed levels.
Does not belong here: probabilities.
"""

import duckdb
import numpy as np

from ml.identity.linkage.database import scalar
from ml.identity.linkage.levels import Comparison

_BITS = 4


def case_statements(comparisons: tuple[Comparison, ...]) -> list[str]:
    """``CASE ... END AS gamma_<key>`` of each comparison; -1 is missing, 0 the worst level."""
    from splink import SettingsCreator
    from splink.comparison_library import CustomComparison

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[CustomComparison(**one.splink(with_measures=True)) for one in comparisons],
    ).get_settings("duckdb")
    return [one._case_statement for one in settings.comparisons]


def compare(con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], pairs: str, into: str) -> None:
    """Write the table ``into`` (``l, r, levels``) for the table ``pairs`` (``l, r``)."""
    if not comparisons:
        con.execute(f"CREATE OR REPLACE TABLE {into} (l INTEGER, r INTEGER, levels BIGINT)")
        return
    names = [name for one in comparisons for name in (*one.record_sql, *one.rare_words)]
    sides = ", ".join(f'a.{name} AS "{name}_l", b.{name} AS "{name}_r"' for name in names)
    packed = " + ".join(f"((gamma_{one.key} + 1)::BIGINT << {_BITS * k})" for k, one in enumerate(comparisons))
    measured = "".join(f', {sql} AS "{name}"' for one in comparisons for name, sql in one.measures.items())
    cases = ", ".join(case_statements(comparisons))
    con.execute(
        f"CREATE OR REPLACE TABLE {into} AS WITH sides AS (SELECT l, r, {sides} FROM {pairs} p "
        f"JOIN record a ON a.rid = p.l JOIN record b ON b.rid = p.r), measured AS (SELECT *{measured} FROM sides), "
        f"compared AS (SELECT l, r, {cases} FROM measured) "
        f"SELECT l, r, {packed} AS levels FROM compared"
    )


def unpack(levels: np.ndarray, comparisons: tuple[Comparison, ...]) -> np.ndarray:
    """Level by pair and comparison: -1 missing, 0 the best."""
    columns = []
    for k, one in enumerate(comparisons):
        gamma = ((levels >> (_BITS * k)) & (2**_BITS - 1)) - 1
        columns.append(np.where(gamma < 0, -1, len(one.levels) - 1 - gamma))
    return np.stack(columns, axis=1) if columns else np.empty((len(levels), 0), dtype=np.int64)


def patterns(con: duckdb.DuckDBPyConnection, table: str) -> tuple[np.ndarray, np.ndarray]:
    """The different packed levels of a table, sorted, and how many pairs have each."""
    found = con.execute(f"SELECT levels, count(*) AS pairs FROM {table} GROUP BY levels ORDER BY levels").fetchnumpy()
    return np.asarray(found["levels"], dtype=np.int64), np.asarray(found["pairs"], dtype=np.int64)


def make_random(con: duckdb.DuckDBPyConnection, records: int, seed: int, wanted: int = 600_000) -> int:
    """Write ``random_pair`` (``l, r``): all pairs of few records, else pairs at drawn distances in the order of ids.

    Pairs are of the table ``telling``.

    Returns
    -------
    int
        Pairs.
    """
    if records * (records - 1) // 2 <= wanted:
        sql = "SELECT a.rid AS l, b.rid AS r FROM record a JOIN record b ON a.rid < b.rid"
    else:
        distances = np.random.default_rng(seed).choice(
            np.arange(1, records // 2), size=min(records // 2 - 1, max(1, wanted // records)), replace=False
        )
        listed = ", ".join(str(distance) for distance in np.sort(distances))
        sql = (
            f"SELECT least(rid, other) AS l, greatest(rid, other) AS r FROM (SELECT rid, (rid + d)::INTEGER % "
            f"{records} AS other "
            f"FROM record, (SELECT unnest([{listed}]) AS d))"
        )
    con.execute(
        f"CREATE OR REPLACE TABLE random_pair AS SELECT p.l, p.r FROM ({sql}) p SEMI JOIN telling a ON a.rid = p.l "
        "SEMI JOIN telling b ON b.rid = p.r"
    )
    return int(scalar(con, "SELECT count(*) FROM random_pair"))
