"""Audits of ``gold_next`` before it becomes gold. What a row must look like is a dbt test; here: the
whole.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from orchestration.publication.manifest import ExpectedTable
from orchestration.publication.schemas import GOLD, NEXT, relations, row_counts, schema_exists
from orchestration.warehouse import Role, Warehouse

PUBLICATION_TABLE = "publication"
CUTOFF_COLUMN = "last_updated"
# A source that lost half of its rows between two days is a broken delivery, not a business event: a first guess of
# 2026-11, to be tightened once there are publications of many days to look at. Tables of few rows move by more.
COLLAPSE_SHARE = 0.5
COLLAPSE_FROM_ROWS = 100


@dataclasses.dataclass(frozen=True)
class AuditResult:
    """What one audit found: expected against found, names and counts only."""

    name: str
    passed: bool
    details: str


def audit(
    warehouse: Warehouse,
    expected: Sequence[ExpectedTable],
    as_of_date: dt.date,
    *,
    allow_older: bool = False,
    allow_collapse: bool = False,
) -> list[AuditResult]:
    """Compare ``gold_next`` with what a publication of ``as_of_date`` must be. Changes nothing.

    Parameters
    ----------
    warehouse : Warehouse
        The database.
    expected : sequence of ExpectedTable
        From ``expected_tables(manifest)``.
    as_of_date : date
        The day that is published.
    allow_older : bool
        Publish a day before the one that gold shows.
    allow_collapse : bool
        Accept tables with fewer than half the rows they have in gold, and measures that are gone.

    Returns
    -------
    list of AuditResult
        Always the same audits in the same order. An audit that can't be made because tables are missing
        fails.
    """
    with warehouse.connect(Role.DBT) as connection:
        found = relations(connection, NEXT)
        there = [table for table in expected if found.get(table.name) == "table"]
        results = [_tables_are_complete(found, expected), _columns_are_as_declared(connection, there)]
        # The rest reads columns, which only declared tables surely have.
        if all(result.passed for result in results):
            counts = row_counts(connection, NEXT)
            return [
                *results,
                _required_tables_have_rows(counts, expected),
                _keys_are_unique(connection, expected),
                _publication_is_of_the_day(connection, as_of_date),
                _cutoff_is_the_same_everywhere(connection, expected),
                _day_is_not_older(connection, as_of_date, allowed=allow_older),
                _rows_did_not_collapse(counts, _present_counts(connection), allowed=allow_collapse),
                _measures_did_not_vanish(connection, expected, allowed=allow_collapse),
            ]
        return results


def _tables_are_complete(found: dict[str, str], expected: Sequence[ExpectedTable]) -> AuditResult:
    names = {table.name for table in expected}
    problems = [f"missing: {name}" for name in sorted(names - found.keys())]
    problems += [f"not declared: {name}" for name in sorted(found.keys() - names)]
    # A view would go on reading core while tomorrow's run rebuilds it.
    problems += [
        f"{name} is a {found[name]}, not a table" for name in sorted(names & found.keys()) if found[name] != "table"
    ]
    if PUBLICATION_TABLE not in names:
        problems.append(f"the dbt project declares no {PUBLICATION_TABLE}")
    return _result("tables_are_complete", problems, f"{len(names)} tables, as declared")


def _columns_are_as_declared(connection: psycopg.Connection[Any], tables: Sequence[ExpectedTable]) -> AuditResult:
    problems = []
    for table in tables:
        rows = connection.execute(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod)
            from pg_attribute as a
            join pg_class as c on c.oid = a.attrelid
            join pg_namespace as n on n.oid = c.relnamespace
            where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped
            order by a.attnum
            """,
            (NEXT, table.name),
        ).fetchall()
        declared = [(name, _type_name(connection, data_type)) for name, data_type in table.columns]
        if rows != declared:
            place = next((i for i, pair in enumerate(zip(rows, declared, strict=False)) if pair[0] != pair[1]), None)
            place = min(len(rows), len(declared)) if place is None else place
            want = " ".join(declared[place]) if place < len(declared) else "no further column"
            have = " ".join(rows[place]) if place < len(rows) else "no further column"
            problems.append(f"{table.name}, column {place + 1}: expected {want}, found {have}")
    return _result("columns_are_as_declared", problems, f"{sum(len(t.columns) for t in tables)} columns, as declared")


def _type_name(connection: psycopg.Connection[Any], declared: str) -> str:
    """PostgreSQL's own spelling of a declared type: ``timestamptz`` is ``timestamp with time zone``."""
    base, parenthesis, modifier = declared.partition("(")
    row = connection.execute("select format_type(to_regtype(%s), null)", (base.strip(),)).fetchone()
    if row is None or row[0] is None or row[0] == "-":
        return f"unknown type {declared!r}"
    return f"{row[0]}({modifier.replace(' ', '')}" if parenthesis else str(row[0])


def _required_tables_have_rows(counts: dict[str, int], expected: Sequence[ExpectedTable]) -> AuditResult:
    required = [table.name for table in expected if table.is_required]
    problems = [f"{name} is empty" for name in required if counts[name] == 0]
    return _result("required_tables_have_rows", problems, f"{len(required)} tables")


def _keys_are_unique(connection: psycopg.Connection[Any], expected: Sequence[ExpectedTable]) -> AuditResult:
    problems = []
    keyed = [table for table in expected if table.primary_key]
    for table in keyed:
        columns = [sql.Identifier(column) for column in table.primary_key]
        query = sql.SQL("select count(*) from (select 1 from {} group by {} having count(*) > 1 or {}) as repeated")
        is_null = sql.SQL(" or ").join(sql.SQL("{} is null").format(column) for column in columns)
        repeated = _value(
            connection, query.format(sql.Identifier(NEXT, table.name), sql.SQL(", ").join(columns), is_null)
        )
        if repeated:
            problems.append(f"{table.name}: {repeated} values of ({', '.join(table.primary_key)}) repeated or NULL")
    return _result("keys_are_unique", problems, f"{len(keyed)} tables")


def _publication_is_of_the_day(connection: psycopg.Connection[Any], as_of_date: dt.date) -> AuditResult:
    query = sql.SQL("select snapshot_date from {}").format(sql.Identifier(NEXT, PUBLICATION_TABLE))
    days = [row[0] for row in connection.execute(query)]
    problems = [] if days == [as_of_date] else [f"expected one row of {as_of_date}, found {list(map(str, days))}"]
    return _result("publication_is_of_the_day", problems, f"snapshot {as_of_date}")


def _cutoff_is_the_same_everywhere(
    connection: psycopg.Connection[Any], expected: Sequence[ExpectedTable]
) -> AuditResult:
    stamped = [table.name for table in expected if CUTOFF_COLUMN in dict(table.columns)]
    problems = []
    for name in stamped:
        other = _value(
            connection,
            sql.SQL("select count(*) from {} where {} is distinct from (select max(data_cutoff) from {})").format(
                sql.Identifier(NEXT, name),
                sql.Identifier(CUTOFF_COLUMN),
                sql.Identifier(NEXT, PUBLICATION_TABLE),
            ),
        )
        if other:
            problems.append(f"{name}: {other} rows whose {CUTOFF_COLUMN} is not {PUBLICATION_TABLE}.data_cutoff")
    return _result("cutoff_is_the_same_everywhere", problems, f"{len(stamped)} tables")


def _day_is_not_older(connection: psycopg.Connection[Any], as_of_date: dt.date, *, allowed: bool) -> AuditResult:
    shown = None
    if PUBLICATION_TABLE in relations(connection, GOLD):
        shown = _value(
            connection,
            sql.SQL("select max(snapshot_date) from {}").format(sql.Identifier(GOLD, PUBLICATION_TABLE)),
        )
    problems = []
    if shown is not None and as_of_date < shown and not allowed:
        problems = [
            f"gold shows {shown}, {as_of_date} is older; `assay run --allow-older` publishes it if that is meant"
        ]
    return _result("day_is_not_older", problems, f"gold shows {shown}, next is {as_of_date}")


def _present_counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return row_counts(connection, GOLD) if schema_exists(connection, GOLD) else {}


def _rows_did_not_collapse(counts: dict[str, int], present: dict[str, int], *, allowed: bool) -> AuditResult:
    problems = [
        f"{name}: {rows} rows, gold has {present[name]} (`assay run --allow-collapse` if that is right)"
        for name, rows in counts.items()
        if present.get(name, 0) >= COLLAPSE_FROM_ROWS and rows < COLLAPSE_SHARE * present[name]
    ]
    if allowed:
        return AuditResult("rows_did_not_collapse", True, "; ".join(["allowed", *problems]))
    return _result("rows_did_not_collapse", problems, f"{len(counts)} tables against gold")


def _measures_did_not_vanish(
    connection: psycopg.Connection[Any], expected: Sequence[ExpectedTable], *, allowed: bool
) -> AuditResult:
    present = relations(connection, GOLD) if schema_exists(connection, GOLD) else {}
    guarded = [
        (table.name, column)
        for table in expected
        if table.name in present
        for column in table.must_not_vanish
        if _has_column(connection, table.name, column)
    ]
    problems = []
    for name, column in guarded:
        known = [
            _value(
                connection,
                sql.SQL("select count({}) from {}").format(sql.Identifier(column), sql.Identifier(schema, name)),
            )
            for schema in (NEXT, GOLD)
        ]
        if known[1] >= COLLAPSE_FROM_ROWS and known[0] < COLLAPSE_SHARE * known[1]:
            problems.append(
                f"{name}.{column}: known in {known[0]} rows, in gold in {known[1]}; a delivery is missing or was "
                "refused, see `assay status` (`assay run --allow-collapse` if that is right)"
            )
    if allowed:
        return AuditResult("measures_did_not_vanish", True, "; ".join(["allowed", *problems]))
    return _result("measures_did_not_vanish", problems, f"{len(guarded)} columns against gold")


def _has_column(connection: psycopg.Connection[Any], table: str, column: str) -> bool:
    """A gold that was published before the column was declared lacks it."""
    query = sql.SQL(
        "select exists (select from information_schema.columns "
        "where table_schema = {} and table_name = {} and column_name = {})"
    )
    return bool(_value(connection, query.format(*map(sql.Literal, (GOLD, table, column)))))


def _value(connection: psycopg.Connection[Any], query: sql.SQL | sql.Composed) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _result(name: str, problems: Iterable[str], otherwise: str) -> AuditResult:
    found = "; ".join(problems)
    return AuditResult(name, passed=not found, details=found or otherwise)
