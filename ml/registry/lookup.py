"""Questions about versions that need no artifact."""

from typing import Any

import psycopg


def version_trained_on(connection: psycopg.Connection[Any], model_name: str, data_sha256: str) -> str | None:
    """Newest version whose metadata names these training data, or None."""
    row = connection.execute(
        "select model_version from ml.models where model_name = %s and metadata ->> 'training_data_sha256' = %s "
        "order by created_at desc limit 1",
        (model_name, data_sha256),
    ).fetchone()
    return None if row is None else str(row[0])


def alias_version(
    connection: psycopg.Connection[Any], model_name: str, alias: str = "champion"
) -> str | None:
    """Version that an alias points at, or None."""
    row = connection.execute(
        "select model_version from ml.model_aliases where model_name = %s and alias = %s", (model_name, alias)
    ).fetchone()
    return None if row is None else str(row[0])
