"""The log of publications in ``ops``."""

import dataclasses
import datetime as dt
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from orchestration.publication.audits import AuditResult


@dataclasses.dataclass(frozen=True)
class RecordDraft:
    """What is known about a publication before it happens."""

    status: str
    snapshot_date: dt.date | None
    knowledge_cutoff: dt.datetime | None
    data_cutoff: dt.datetime | None
    row_counts: dict[str, int]
    audits: tuple[AuditResult, ...]
    started_at: dt.datetime
    message: str | None = None


@dataclasses.dataclass(frozen=True)
class Publication:
    """What gold shows now, and what the swap took.

    Attributes
    ----------
    publication_id : int
        Key of ``ops.publications``.
    status : str
        ``published`` or ``rolled_back``.
    snapshot_date : date or None
        As-of date of the data; None for a gold without a ``publication`` table.
    knowledge_cutoff, data_cutoff : datetime or None
        As in the published ``publication`` table.
    row_counts : dict of str to int
        Rows of each gold table.
    swap_wait_ms : float
        Duration of the renames, waiting included, milliseconds.
    not_dropped : tuple of str
        Old schemas that are still in use, with the reason; the next publication tries again.
    """

    publication_id: int
    status: str
    snapshot_date: dt.date | None
    knowledge_cutoff: dt.datetime | None
    data_cutoff: dt.datetime | None
    row_counts: dict[str, int]
    swap_wait_ms: float
    not_dropped: tuple[str, ...] = ()


def add_record(connection: psycopg.Connection[Any], draft: RecordDraft) -> int:
    """Insert the publication and its audits as ``assay_ops`` and return its id; the caller commits."""
    row = connection.execute(
        """
        insert into ops.publications
            (snapshot_date, knowledge_cutoff, data_cutoff, started_at, finished_at, status, message,
             row_counts)
        values (%s, %s, %s, %s, clock_timestamp(), %s, %s, %s)
        returning publication_id
        """,
        (
            draft.snapshot_date,
            draft.knowledge_cutoff,
            draft.data_cutoff,
            draft.started_at,
            draft.status,
            draft.message,
            Jsonb(draft.row_counts),
        ),
    ).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.audit_results (publication_id, audit_name, passed, details) values (%s, %s, %s, %s)",
            [(row[0], result.name, result.passed, result.details) for result in draft.audits],
        )
    return int(row[0])
