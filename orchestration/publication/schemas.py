"""The schemas of a publication: ``gold_next`` is built, ``gold`` is read, ``gold_prev`` is kept for a
rollback.

A schema that was replaced twice is put aside under a name of its own and dropped when no reader is left.
"""

from typing import Any

import psycopg
from psycopg import sql

from orchestration.publication.lock import require_lock
from orchestration.warehouse import Role, Warehouse

NEXT, GOLD, PREVIOUS = "gold_next", "gold", "gold_prev"
ASIDE_PREFIX = "gold_old_"
DROP_LOCK_TIMEOUT = "2s"


def prepare_next(warehouse: Warehouse) -> None:
    """Make an empty ``gold_next``, dropping what an earlier, unfinished publication left there.

    Tables that dbt makes in it are readable by BI from their creation, the schema itself only when it is
    published: nobody sees a half-built day. Call it inside ``publication_lock``.
    """
    with warehouse.connect(Role.DBT) as connection:
        require_lock(connection)
        connection.execute(f"drop schema if exists {NEXT} cascade")
        connection.execute(f"create schema {NEXT}")
        connection.execute(f"grant usage on schema {NEXT} to {Role.OPS}")
        connection.execute(f"alter default privileges in schema {NEXT} grant select on tables to {Role.BI}, {Role.OPS}")


def schema_exists(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Whether there is a schema of this name."""
    return connection.execute("select 1 from pg_namespace where nspname = %s", (schema,)).fetchone() is not None


def relations(connection: psycopg.Connection[Any], schema: str) -> dict[str, str]:
    """Kind (``table``, ``view``, ``other``) of every relation in ``schema`` but indexes, by name."""
    rows = connection.execute(
        """
        select c.relname,
               case when c.relkind in ('r', 'p') then 'table'
                    when c.relkind = 'v' then 'view'
                    else 'other' end
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = %s and c.relkind not in ('i', 'I', 't')
        order by c.relname
        """,
        (schema,),
    )
    return dict(rows.fetchall())


def row_counts(connection: psycopg.Connection[Any], schema: str) -> dict[str, int]:
    """Rows of every table in ``schema``, by name."""
    counts = {}
    for name, kind in relations(connection, schema).items():
        if kind == "table":
            row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))).fetchone()
            assert row is not None
            counts[name] = int(row[0])
    return counts


def open_to_bi(connection: psycopg.Connection[Any], schema: str) -> None:
    """Let BI read ``schema``: dbt does not grant the use of a schema."""
    name, readers = sql.Identifier(schema), sql.SQL(", ").join(map(sql.Identifier, (Role.BI, Role.OPS)))
    connection.execute(sql.SQL("grant usage on schema {} to {}").format(name, readers))
    connection.execute(sql.SQL("grant select on all tables in schema {} to {}").format(name, readers))


def close_to_bi(connection: psycopg.Connection[Any], schema: str) -> None:
    """BI reads gold and nothing else; sessions that already read a table of ``schema`` finish."""
    connection.execute(sql.SQL("revoke usage on schema {} from {}").format(*map(sql.Identifier, (schema, Role.BI))))


def drop_schemas_aside(warehouse: Warehouse) -> list[str]:
    """Drop the schemas put aside and return the ones that are still in use, with the reason.

    A reader's open transaction, or a view elsewhere that was built on an old table, keeps one; the next
    publication tries again.
    """
    kept = []
    with warehouse.connect(Role.DBT, autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", (DROP_LOCK_TIMEOUT,))
        aside = connection.execute(
            "select nspname from pg_namespace where starts_with(nspname, %s) order by oid", (ASIDE_PREFIX,)
        ).fetchall()
        for (schema,) in aside:
            try:
                with connection.transaction():
                    _drop(connection, schema)
            except psycopg.errors.LockNotAvailable:
                kept.append(f"{schema}: a session still reads it")
            except psycopg.errors.DependentObjectsStillExist:
                kept.append(f"{schema}: something in another schema is built on it")
    return kept


def _drop(connection: psycopg.Connection[Any], schema: str) -> None:
    # Everything inside by name and RESTRICT: CASCADE would take a view of somebody else's along, silently.
    found = relations(connection, schema)
    for kind in ("view", "table"):
        names = [sql.Identifier(schema, name) for name, of_kind in found.items() if of_kind == kind]
        if names:
            connection.execute(sql.SQL("drop {} {} restrict").format(sql.SQL(kind), sql.SQL(", ").join(names)))
    connection.execute(sql.SQL("drop schema {} restrict").format(sql.Identifier(schema)))
