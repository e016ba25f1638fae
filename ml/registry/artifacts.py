"""Files of a version that people and tools read, kept in ``ml.model_artifacts``: what is in them is each kind's own."""

from collections.abc import Mapping
from typing import Any

import psycopg

from ml.delinquency.errors import ArtifactError
from ml.delinquency.model import checksum

FEATURE_META, METRICS, REPORT = "feature_meta.json", "metrics.json", "report.md"


def write_artifacts(
    connection: psycopg.Connection[Any], model_name: str, version: str, files: Mapping[str, str]
) -> int:
    """Keep a version's files by name, replacing those of the same name; files inserted or changed.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name, version : str
        Registered.
    files : mapping of str to str
        ``feature_meta.json``, ``metrics.json``, ``report.md``.
    """
    changed = 0
    for name, content in files.items():
        changed += connection.execute(
            "insert into ml.model_artifacts as a (model_name, model_version, name, content, sha256) "
            "values (%s, %s, %s, %s, %s) on conflict (model_name, model_version, name) do update set "
            "content = excluded.content, sha256 = excluded.sha256, created_at = now() "
            "where a.sha256 <> excluded.sha256",
            (model_name, version, name, content, checksum(content)),
        ).rowcount
    return changed


def read_artifacts(connection: psycopg.Connection[Any], model_name: str, version: str) -> dict[str, str]:
    """A version's files by name, each checked against its checksum; empty where none were kept.

    Raises
    ------
    ArtifactError
        A file was changed since it was written.
    """
    rows = connection.execute(
        "select name, content, sha256 from ml.model_artifacts where model_name = %s and model_version = %s "
        "order by name",
        (model_name, version),
    ).fetchall()
    for name, content, sha256 in rows:
        if (found := checksum(content)) != sha256:
            raise ArtifactError(
                f"{name} of {model_name} {version} was changed: its sha256 is {found}, expected {sha256}. "
                "Restore it from a backup or train anew."
            )
    return {name: content for name, content, _ in rows}
