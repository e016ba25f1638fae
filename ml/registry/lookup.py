"""Questions about versions that need no artifact."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
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

    version: str
    rows: int
    outcomes_known_at: dt.datetime


def newest_trained(connection: psycopg.Connection[Any], model_name: str, definitions_sha256: str) -> LearntFrom | None:
    """The version of these definitions that has learnt from the latest outcomes, whatever became of it; None without.

    A candidate that failed, or a version that was rolled back, has learnt what there was to learn as well as a champion
    has.
    """
    row = connection.execute(
        "select model_version, (metadata -> 'data_window' ->> 'rows')::int, "
        "(metadata ->> 'outcomes_known_at')::timestamptz as known_at from ml.models "
        "where model_name = %s and metadata ->> 'definitions_sha256' = %s "
        "and (metadata -> 'data_window' ->> 'rows')::int > 0 and metadata ->> 'outcomes_known_at' is not null "
        "order by known_at desc, created_at desc, model_version limit 1",
        (model_name, definitions_sha256),
    ).fetchone()
    return None if row is None else LearntFrom(*row)


# An outcome more is no reason to train: a version of the same definitions goes on for four weeks, unless the outcomes
# grow or shrink by more than a tenth meanwhile (2026-11-28: a sample of 2,000 people gains about one outcome a day, and
# training on 246 took a third of the day's work).
KEPT_DAYS = 28
KEPT_SHARE = 0.10


@dataclass(frozen=True)
class Kept:
    """The version that has learnt nearly all there is to learn, and why nothing is trained."""

    version: str
    reason: str


def kept_version(
    connection: psycopg.Connection[Any], model_name: str, definitions_sha256: str, known_at: "pd.Series[Any]"
) -> Kept | None:
    """The newest version where there is too little new to train on; None where there is enough, or no version.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name, definitions_sha256 : str
        Whose versions count.
    known_at : pandas.Series
        When each outcome that there is now became known.
    """
    newest = newest_trained(connection, model_name, definitions_sha256)
    if newest is None or known_at.empty:
        return None
    days = (pd.to_datetime(known_at, utc=True).max() - newest.outcomes_known_at).days
    if days >= KEPT_DAYS or abs(len(known_at) / newest.rows - 1) > KEPT_SHARE:
        return None
    reason = (
        f"not trained: {newest.version} has learnt from {newest.rows} outcomes, there are {len(known_at)} now, the "
        f"newest {days} days younger; trained anew after {KEPT_DAYS} days or a change of {KEPT_SHARE:.0%}"
    )
    return Kept(newest.version, reason)
