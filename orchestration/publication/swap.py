"""``gold_next`` becomes ``gold`` in one transaction that also records it; ``rollback`` swaps the last two."""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from orchestration.publication.audits import PUBLICATION_TABLE, AuditResult
from orchestration.publication.errors import NothingToRollBackError, PublicationError, PublicationRefusedError
from orchestration.publication.lock import require_lock
from orchestration.publication.records import Publication, RecordDraft, add_record
from orchestration.publication.schemas import (
    ASIDE_PREFIX,
    GOLD,
    NEXT,
    PREVIOUS,
    close_to_bi,
    drop_schemas_aside,
    open_to_bi,
    relations,
    row_counts,
    schema_exists,
)
from orchestration.warehouse import Role, Warehouse

SWAP_LOCK_TIMEOUT = "500ms"
SWAP_ATTEMPTS = 10


def publish(
    warehouse: Warehouse,
    audits: Sequence[AuditResult],
    *,
    started_at: dt.datetime | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Publication:
    """Make ``gold_next`` the gold that everybody reads. Call it inside ``publication_lock``.

    Parameters
    ----------
    warehouse : Warehouse
        The database.
    audits : sequence of AuditResult
        From ``audit``, made under the same lock.
    started_at : datetime, optional
        When the publication began; recorded.
    on_step : callable, optional
        Told the name of each step of the swap, within its transaction.

    Raises
    ------
    PublicationRefusedError
        An audit failed, or none was made; recorded in ``ops.publications``.
    PublicationError
        The swap did not get through, or nobody holds the lock. Gold is as before.
    """
    with warehouse.connect(Role.DBT, autocommit=True) as connection:
        require_lock(connection)
        if not schema_exists(connection, NEXT):
            raise PublicationError(f"There is no {NEXT}: call prepare_next and build the gold models first.")
        draft = _describe(connection, NEXT, status="published", audits=tuple(audits), started_at=started_at)
        failed = [result for result in audits if not result.passed]
        if failed or not audits:
            reason = "; ".join(f"{result.name}: {result.details}" for result in failed) or "no audit was made"
            record_failure(warehouse, reason, audits=audits, started_at=started_at)
            raise PublicationRefusedError(f"gold stays as it is. {reason}")
        _analyze(connection)
        open_to_bi(connection, NEXT)
    return _swap(warehouse, draft, _publish_steps, on_step)


def rollback(warehouse: Warehouse, *, on_step: Callable[[str], None] | None = None) -> Publication:
    """Show the previous publication again; called twice, the latest one. Call it inside ``publication_lock``.

    Raises
    ------
    NothingToRollBackError
        Fewer than two publications were made.
    """
    with warehouse.connect(Role.DBT, autocommit=True) as connection:
        require_lock(connection)
        if not schema_exists(connection, PREVIOUS):
            raise NothingToRollBackError(
                f"There is no {PREVIOUS}: only one publication was made so far. Publish the day that is wanted."
            )
        draft = _describe(connection, PREVIOUS, status="rolled_back", audits=(), started_at=None)
        open_to_bi(connection, PREVIOUS)
    return _swap(warehouse, draft, _rollback_steps, on_step)


def record_failure(
    warehouse: Warehouse,
    message: str,
    *,
    audits: Sequence[AuditResult] = (),
    started_at: dt.datetime | None = None,
) -> int:
    """Record a publication that did not happen and return its id; gold is not touched."""
    with warehouse.connect(Role.DBT, autocommit=True) as connection:
        draft = _describe(connection, NEXT, status="failed", audits=tuple(audits), started_at=started_at)
    with warehouse.connect(Role.OPS) as connection:
        return add_record(connection, dataclasses.replace(draft, message=message))


def _describe(
    connection: psycopg.Connection[Any],
    schema: str,
    *,
    status: str,
    audits: tuple[AuditResult, ...],
    started_at: dt.datetime | None,
) -> RecordDraft:
    row: tuple[Any, ...] | None = None
    if relations(connection, schema).get(PUBLICATION_TABLE) == "table":
        query = sql.SQL("select snapshot_date, knowledge_cutoff, data_cutoff from {}")
        try:
            row = connection.execute(query.format(sql.Identifier(schema, PUBLICATION_TABLE))).fetchone()
        except psycopg.errors.UndefinedColumn:
            # The audit of columns says so; a refusal has to be recorded all the same.
            row = None
    snapshot_date, knowledge_cutoff, data_cutoff = row or (None, None, None)
    return RecordDraft(
        status=status,
        snapshot_date=snapshot_date,
        knowledge_cutoff=knowledge_cutoff,
        data_cutoff=data_cutoff,
        row_counts=row_counts(connection, schema),
        audits=audits,
        started_at=started_at or dt.datetime.now(tz=dt.UTC),
    )


def _analyze(connection: psycopg.Connection[Any]) -> None:
    # Statistics move with the tables; without them the first readers after the swap would get bad plans.
    for name, kind in relations(connection, NEXT).items():
        if kind == "table":
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(NEXT, name)))


def _swap(
    warehouse: Warehouse,
    draft: RecordDraft,
    steps: Callable[[psycopg.Connection[Any], int], list[tuple[str, str]]],
    on_step: Callable[[str], None] | None,
) -> Publication:
    for attempt in range(1, SWAP_ATTEMPTS + 1):
        try:
            publication = _swap_once(warehouse, draft, steps, on_step)
        except psycopg.errors.LockNotAvailable as error:
            if attempt == SWAP_ATTEMPTS:
                message = f"Another session changes the schemas; {attempt} attempts of {SWAP_LOCK_TIMEOUT} failed."
                record_failure(warehouse, message, audits=draft.audits, started_at=draft.started_at)
                raise PublicationError(f"{message} gold stays as it is; start the publication again.") from error
            # Readers that queued behind the attempt go first.
            time.sleep(0.05 * attempt)
        else:
            break
    with warehouse.connect(Role.DBT, autocommit=True) as connection:
        if schema_exists(connection, PREVIOUS):
            close_to_bi(connection, PREVIOUS)
    return dataclasses.replace(publication, not_dropped=tuple(drop_schemas_aside(warehouse)))


def _swap_once(
    warehouse: Warehouse,
    draft: RecordDraft,
    steps: Callable[[psycopg.Connection[Any], int], list[tuple[str, str]]],
    on_step: Callable[[str], None] | None,
) -> Publication:
    # The login itself, which becomes first operations, then dbt: the swap and its record stand or fall
    # together.
    with warehouse.connect() as connection:
        connection.execute("select set_config('lock_timeout', %s, true)", (SWAP_LOCK_TIMEOUT,))
        connection.execute(f"set local role {Role.OPS}")
        publication_id = add_record(connection, draft)
        connection.execute(f"set local role {Role.DBT}")
        require_lock(connection)
        began = time.perf_counter()
        for old, new in steps(connection, publication_id):
            connection.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
            if on_step is not None:
                on_step(f"{old} -> {new}")
        waited = (time.perf_counter() - began) * 1000
        connection.execute(f"set local role {Role.OPS}")
        connection.execute(
            "update ops.publications set swap_wait_ms = %s, finished_at = clock_timestamp() where publication_id = %s",
            (waited, publication_id),
        )
    return Publication(
        publication_id=publication_id,
        status=draft.status,
        snapshot_date=draft.snapshot_date,
        knowledge_cutoff=draft.knowledge_cutoff,
        data_cutoff=draft.data_cutoff,
        row_counts=draft.row_counts,
        swap_wait_ms=waited,
    )


def _publish_steps(connection: psycopg.Connection[Any], publication_id: int) -> list[tuple[str, str]]:
    aside = f"{ASIDE_PREFIX}{publication_id}"
    if not schema_exists(connection, GOLD):
        return [(NEXT, GOLD)]
    if not relations(connection, GOLD):
        # The empty schema of the migrations is no publication to go back to.
        return [(GOLD, aside), (NEXT, GOLD)]
    steps = [(GOLD, PREVIOUS), (NEXT, GOLD)]
    return [(PREVIOUS, aside), *steps] if schema_exists(connection, PREVIOUS) else steps


def _rollback_steps(connection: psycopg.Connection[Any], publication_id: int) -> list[tuple[str, str]]:
    between = f"{ASIDE_PREFIX}{publication_id}"
    return [(GOLD, between), (PREVIOUS, GOLD), (between, PREVIOUS)]
