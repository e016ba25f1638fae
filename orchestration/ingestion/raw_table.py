"""Tables of schema ``raw`` from contracts: created, extended, or refused when the change needs a new version.

A column may be added (nullable), widened, or lose its NOT NULL. Anything else changes what stored rows mean:
raise ``contract_version``; the old table is kept as ``<table>__v<old version>`` and a new one is filled from
the files.
"""

import re
from typing import Any

import psycopg
from psycopg import sql

from orchestration.errors import AssayError
from orchestration.ingestion.table_contract import (
    LINEAGE_COLUMNS,
    ColumnContract,
    TableContract,
    numeric_precision,
)

RAW_SCHEMA = "raw"
_LINEAGE_TYPES = {
    "_file": ("text not null", "Name of the file the row came with first."),
    "_line": ("integer not null", "Line of that file where the row's record begins; the header is line 1."),
    "_sha256": ("text not null", "SHA-256 of that file as received."),
    "_loaded_at": ("timestamptz not null", "When that file was first loaded."),
    "_load_id": ("bigint not null", "The load, see ops.loads."),
    "_delivered_on": ("date", "Latest delivery date of a file with this row, from the file name."),
    "_row_hash": ("text not null", "Hash of the row's values without lineage."),
    "_delivered_days": (
        "datemultirange",
        "All delivery dates of files with this row where there were several, and of each snapshot; 0001-01-01: none.",
    ),
}
_SERVER_NAMES = {"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz"}


class RawTableError(AssayError):
    """The table in the database and the contract do not go together."""


def raw_table(contract: TableContract) -> sql.Identifier:
    """The table's qualified, quoted name."""
    return sql.Identifier(RAW_SCHEMA, contract.identifier)


def identity_columns(contract: TableContract) -> list[str]:
    """Columns that make a stored row unique."""
    day = ["_delivered_on"] if contract.delivery == "snapshot" else []
    return [*contract.key, *day, "_row_hash"]


def ensure_raw_table(connection: psycopg.Connection[Any], contract: TableContract) -> bool:
    """Bring the raw table in line with the contract, in one transaction.

    Returns
    -------
    bool
        Whether the table is new.

    Raises
    ------
    RawTableError
        Names column, what is there and what the contract says, and what to do.
    """
    with connection.transaction():
        row = connection.execute(
            "select c.oid, obj_description(c.oid, 'pg_class') from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relname = %s",
            (RAW_SCHEMA, contract.identifier),
        ).fetchone()
        if row is None:
            _create(connection, contract)
            return True
        oid, comment = row
        found = re.search(r"contract_version: (\d+)", comment or "")
        stored = int(found[1]) if found else 1
        if contract.contract_version < stored:
            raise RawTableError(
                f"{RAW_SCHEMA}.{contract.identifier} is of contract_version {stored}, the contract says "
                f"{contract.contract_version}; versions only go up"
            )
        if contract.contract_version > stored:
            _set_aside(connection, contract, oid, stored)
            _create(connection, contract)
            return True
        _extend(connection, contract, oid)
        if (comment, _stored_comments(connection, oid)) != (
            _table_comment(contract),
            _column_comments(contract),
        ):
            _comment(connection, contract)
        return False


def _create(connection: psycopg.Connection[Any], contract: TableContract) -> None:
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column.name), _column_type(contract, column))
        for column in contract.columns
    ]
    lineage = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_LINEAGE_TYPES[name][0])) for name in LINEAGE_COLUMNS
    ]
    table = raw_table(contract)
    connection.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join([*columns, *lineage])))
    connection.execute(
        sql.SQL("create unique index {} on {} ({}) nulls not distinct").format(
            sql.Identifier(_index_name(contract)),
            table,
            sql.SQL(", ").join(map(sql.Identifier, identity_columns(contract))),
        )
    )
    # Loads come in the order of their ids, so a block range index finds "what is new" at almost no cost.
    connection.execute(
        sql.SQL("create index {} on {} using brin (_load_id)").format(
            sql.Identifier(f"{contract.identifier}_load"), table
        )
    )
    _comment(connection, contract)


def _index_name(contract: TableContract) -> str:
    return f"{contract.identifier}_key"


def _column_type(contract: TableContract, column: ColumnContract) -> sql.Composable:
    # The contract's loader let only known types through.
    suffix = "" if contract.is_nullable(column) else " not null"
    return sql.SQL(column.data_type + suffix)


def _table_comment(contract: TableContract) -> str:
    return f"{contract.description.strip()}\ncontract_version: {contract.contract_version}".strip()


def _comment(connection: psycopg.Connection[Any], contract: TableContract) -> None:
    table = raw_table(contract)
    connection.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(_table_comment(contract))))
    for name, text in _column_comments(contract).items():
        connection.execute(
            sql.SQL("comment on column {}.{} is {}").format(table, sql.Identifier(name), sql.Literal(text))
        )


def _column_comments(contract: TableContract) -> dict[str, str]:
    own = {column.name: column.description.strip() for column in contract.columns}
    return own | {name: text for name, (_, text) in _LINEAGE_TYPES.items()}


def _stored_comments(connection: psycopg.Connection[Any], oid: int) -> dict[str, str]:
    rows = connection.execute(
        "select attname, coalesce(col_description(attrelid, attnum), '') from pg_attribute "
        "where attrelid = %s and attnum > 0 and not attisdropped",
        (oid,),
    ).fetchall()
    return dict(rows)


def _set_aside(connection: psycopg.Connection[Any], contract: TableContract, oid: int, stored: int) -> None:
    suffix = f"__v{stored}"
    names = connection.execute(
        "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = %s",
        (oid,),
    ).fetchall()
    for (name,) in names:
        connection.execute(
            sql.SQL("alter index {} rename to {}").format(
                sql.Identifier(RAW_SCHEMA, name), sql.Identifier(f"{name}{suffix}")
            )
        )
    connection.execute(
        sql.SQL("alter table {} rename to {}").format(
            raw_table(contract), sql.Identifier(f"{contract.identifier}{suffix}")
        )
    )


def _extend(connection: psycopg.Connection[Any], contract: TableContract, oid: int) -> None:
    rows = connection.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute "
        "where attrelid = %s and attnum > 0 and not attisdropped",
        (oid,),
    ).fetchall()
    stored = {name: (_SERVER_NAMES.get(kind, kind), not_null) for name, kind, not_null in rows}
    faults = [
        f"column {name} is there, the contract has it no more"
        for name in stored
        if name not in LINEAGE_COLUMNS and name not in {column.name for column in contract.columns}
    ]
    # A table from before the column existed: its rows have one delivery each, as far as anyone knows.
    changes: list[sql.Composable] = [
        sql.SQL("add column {} {}").format(sql.Identifier(name), sql.SQL(_LINEAGE_TYPES[name][0]))
        for name in LINEAGE_COLUMNS
        if name not in stored
    ]
    for column in contract.columns:
        name = sql.Identifier(column.name)
        if column.name not in stored:
            if contract.is_nullable(column):
                changes.append(sql.SQL("add column {} {}").format(name, _column_type(contract, column)))
            else:
                faults.append(f"column {column.name} is new and not nullable; only a nullable one may be added")
            continue
        kind, not_null = stored[column.name]
        if kind != column.data_type:
            if _is_wider(kind, column.data_type):
                changes.append(sql.SQL("alter column {} type {}").format(name, sql.SQL(column.data_type)))
            else:
                faults.append(f"column {column.name} is {kind}, the contract says {column.data_type}")
        if not_null and contract.is_nullable(column):
            changes.append(sql.SQL("alter column {} drop not null").format(name))
        if not not_null and not contract.is_nullable(column):
            faults.append(f"column {column.name} may be NULL, the contract says it may not")
    identity = connection.execute(
        "select array_agg(a.attname::text order by k.n) from pg_index i "
        "join pg_class c on c.oid = i.indexrelid "
        "cross join unnest(i.indkey::smallint[]) with ordinality as k (attnum, n) "
        "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum "
        "where i.indrelid = %s and c.relname = %s",
        (oid, _index_name(contract)),
    ).fetchone()
    if identity is None or identity[0] != identity_columns(contract):
        seen = ", ".join((identity and identity[0]) or [])
        faults.append(f"rows are identified by ({seen}), by the contract ({', '.join(identity_columns(contract))})")
    if faults:
        raise RawTableError(
            f"{RAW_SCHEMA}.{contract.identifier} does not fit its contract: {'; '.join(faults)}. Columns "
            "may be added "
            f"(nullable) or widened; for anything else raise contract_version (now "
            f"{contract.contract_version}): the "
            f"table is kept as {contract.identifier}__v{contract.contract_version} and loaded anew"
        )
    if changes:
        _alter(connection, contract, changes)
        _comment(connection, contract)


def _alter(connection: psycopg.Connection[Any], contract: TableContract, changes: list[sql.Composable]) -> None:
    statement = sql.SQL("alter table {} {}").format(raw_table(contract), sql.SQL(", ").join(changes))
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.FeatureNotSupported as error:
        # PostgreSQL does not change a column's type under a view, and the views are another role's.
        raise RawTableError(
            f"{RAW_SCHEMA}.{contract.identifier}: {error.diag.message_primary} "
            f"({error.diag.message_detail}). "
            f"Drop that view (assay psql --role admin), load, and run dbt, which builds it again"
        ) from error


def _is_wider(stored: str, wanted: str) -> bool:
    digits = {"integer": 10, "bigint": 19}
    if stored == "integer" and wanted == "bigint":
        return True
    new = numeric_precision(wanted)
    if new is None:
        return False
    if stored in digits:
        return new[0] - new[1] >= digits[stored]
    old = numeric_precision(stored)
    return old is not None and new[1] >= old[1] and new[0] - new[1] >= old[0] - old[1]
