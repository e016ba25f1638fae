"""A small gold of two tables, built as dbt would: by assay_dbt, into gold_next."""

import datetime as dt

from psycopg import sql

from orchestration.publication import (
    ExpectedTable,
    Publication,
    audit,
    prepare_next,
    publication_lock,
    publish,
)
from orchestration.warehouse import Role, Warehouse

DAY_1, DAY_2 = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
EXPECTED = [
    ExpectedTable(
        "analytics_segments",
        (("segment", "text"), ("amount", "numeric(18, 2)"), ("last_updated", "timestamptz")),
        primary_key=("segment",),
        is_required=True,
    ),
    ExpectedTable(
        "publication",
        (
            ("snapshot_date", "date"),
            ("knowledge_cutoff", "timestamptz"),
            ("data_cutoff", "timestamptz"),
            ("published_at", "timestamptz"),
            ("portfolio", "text"),
            ("currency", "text"),
            ("time_zone", "text"),
        ),
        primary_key=("snapshot_date",),
        is_required=True,
    ),
]


def build_next(warehouse: Warehouse, day: dt.date, *, rows: int = 3) -> None:
    """Fill gold_next with a snapshot of ``day`` that passes every audit."""
    prepare_next(warehouse)
    with warehouse.connect(Role.DBT) as connection:
        connection.execute(
            "create table gold_next.analytics_segments (segment text, amount numeric(18,2), last_updated timestamptz)"
        )
        connection.execute(
            "insert into gold_next.analytics_segments select 'segment ' || i, i, %s::date from "
            "generate_series(1, %s) i",
            (day, rows),
        )
        connection.execute(
            "create table gold_next.publication as select %s::date as snapshot_date, %s::date + interval "
            "'26 hours' "
            "as knowledge_cutoff, %s::date::timestamptz as data_cutoff, now() as published_at, 'sample' "
            "as portfolio, "
            "'USD' as currency, 'UTC' as time_zone",
            (day, day, day),
        )
        connection.execute("alter table gold_next.publication alter knowledge_cutoff type timestamptz")


def publish_day(warehouse: Warehouse, day: dt.date, *, rows: int = 3) -> Publication:
    """Build, audit and publish ``day``."""
    with publication_lock(warehouse):
        build_next(warehouse, day, rows=rows)
        return publish(warehouse, audit(warehouse, EXPECTED, day))


def change_next(warehouse: Warehouse, statement: str) -> None:
    """Damage gold_next."""
    with warehouse.connect(Role.DBT) as connection:
        connection.execute(sql.SQL(statement))  # type: ignore[arg-type]


def contents(warehouse: Warehouse, schema: str = "gold") -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of ``schema`` with its physical place: equal means byte-identical."""
    with warehouse.connect(Role.DBT) as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = %s order by 1", (schema,)
        ).fetchall()
        return {
            name: connection.execute(
                sql.SQL("select tableoid, ctid, xmin::text, t::text from {} as t").format(sql.Identifier(schema, name))
            ).fetchall()
            for (name,) in names
        }
