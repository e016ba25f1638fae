"""Applies ``sql/*.sql`` in order, once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg

if TYPE_CHECKING:
    from orchestration.warehouse.connection import Warehouse

BOOKKEEPING_SCHEMA = "migrations"
_LOCK = "select pg_advisory_lock(hashtext('assay'), hashtext('migrations'))"


def migration_ids(folder: Path) -> list[str]:
    """Identifiers of all migrations, in order."""
    return sorted(path.stem for path in folder.glob("*.sql"))


def applied_ids(connection: psycopg.Connection[Any]) -> set[str]:
    """Identifiers of the applied migrations; empty in a new database."""
    found = connection.execute("select to_regclass('migrations._yoyo_migration')").fetchone()
    if found is None or found[0] is None:
        return set()
    return {row[0] for row in connection.execute("select migration_id from migrations._yoyo_migration")}


def migrate(warehouse: "Warehouse", folder: Path) -> list[str]:
    """Apply what is not applied yet and return its identifiers, in order.

    Each migration is one transaction: it is there or it is not. Two callers at once queue.
    """
    with warehouse.connect(autocommit=True) as connection:
        # yoyo's own lock is a row that a killed process leaves behind; this one ends with the session.
        connection.execute(_LOCK)
        before = applied_ids(connection)
        missing = [identifier for identifier in migration_ids(folder) if identifier not in before]
        if missing:
            connection.execute(f"create schema if not exists {BOOKKEEPING_SCHEMA}")
            _apply(warehouse, folder)
    return missing


def _apply(warehouse: "Warehouse", folder: Path) -> None:
    import yoyo

    # yoyo decodes parameters but not the path of a URL, so the database goes there again.
    extra = urlencode({"schema": BOOKKEEPING_SCHEMA, "dbname": warehouse.database}, quote_via=quote)
    url = f"{warehouse.url(scheme='postgresql+psycopg')}&{extra}"
    backend = yoyo.get_backend(url)
    try:
        backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(folder))))
    finally:
        backend.connection.close()
