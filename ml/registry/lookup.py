"""Questions about versions that need no artifact."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ml.evaluate.gate import GateResult


def version_trained_on(connection: psycopg.Connection[Any], model_name: str, data_sha256: str) -> str | None:
    """Newest version whose metadata names these training data, or None."""
    row = connection.execute(
        "select model_version from ml.models where model_name = %s and metadata ->> 'training_data_sha256' = %s "
        "order by created_at desc limit 1",
        (model_name, data_sha256),
    ).fetchone()
    return None if row is None else str(row[0])


def note_training_data(
    connection: psycopg.Connection[Any], model_name: str, version: str, data_sha256: str, outcomes_known_at: dt.datetime
) -> None:
    """Record which data a version was trained on last, and when the newest outcome among them became known.

    Other data may give the very same artifact, so these are no part of it.
    """
    connection.execute(
        "update ml.models set metadata = metadata || jsonb_build_object("
        "'training_data_sha256', %s::text, 'outcomes_known_at', %s::text) "
        "where model_name = %s and model_version = %s",
        (data_sha256, outcomes_known_at.astimezone(dt.UTC).isoformat(), model_name, version),
    )


def note_verdict(
    connection: psycopg.Connection[Any], model_name: str, version: str, verdict: Sequence[GateResult]
) -> None:
    """Record how the gates judged a version last, in the order of the gates: for lists, not for decisions."""
    # Without what was found: seconds differ from run to run, and a day that runs again changes no row.
    told = json.dumps([{"name": one.name, "passed": one.passed} for one in verdict])
    connection.execute(
        "update ml.models set metadata = metadata || jsonb_build_object('last_verdict', %(told)s::jsonb) "
        "where model_name = %(model)s and model_version = %(version)s "
        "and metadata -> 'last_verdict' is distinct from %(told)s::jsonb",
        {"told": told, "model": model_name, "version": version},
    )


def outcomes_known_at(connection: psycopg.Connection[Any], model_name: str, version: str) -> str:
    """When the last outcome that a version learnt from became known: ISO 8601 in UTC; empty where not recorded."""
    row = connection.execute(
        "select metadata ->> 'outcomes_known_at' from ml.models where model_name = %s and model_version = %s",
        (model_name, version),
    ).fetchone()
    return "" if row is None or row[0] is None else str(row[0])


def alias_version(connection: psycopg.Connection[Any], model_name: str, alias: str = "champion") -> str | None:
    """Version that an alias points at, or None."""
    row = connection.execute(
        "select model_version from ml.model_aliases where model_name = %s and alias = %s", (model_name, alias)
    ).fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True)
class LearntFrom:
    """What a version has learnt from: rows, and when the newest outcome among them became known."""

    rows: int
    outcomes_known_at: dt.datetime


def learnt_from(connection: psycopg.Connection[Any], model_name: str, definitions_sha256: str) -> LearntFrom | None:
    """What the champion has learnt from; None without a champion, or where it stands for other definitions."""
    row = connection.execute(
        "select (m.metadata -> 'data_window' ->> 'rows')::int, (m.metadata ->> 'outcomes_known_at')::timestamptz "
        "from ml.models as m join ml.model_aliases as a using (model_name, model_version) "
        "where m.model_name = %s and a.alias = 'champion' and m.metadata ->> 'definitions_sha256' = %s",
        (model_name, definitions_sha256),
    ).fetchone()
    return None if row is None or not row[0] or row[1] is None else LearntFrom(row[0], row[1])
