"""One publication or rollback of a database at a time."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from orchestration.publication.errors import PublicationBusyError, PublicationError
from orchestration.warehouse import Role, Warehouse

_KEY = "hashtext('assay'), hashtext('publication')"
_HOLDER = """
    select l.pid from pg_locks as l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 2
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = hashtext('assay')::bigint & 4294967295
      and l.objid::bigint = hashtext('publication')::bigint & 4294967295
"""


@contextlib.contextmanager
def publication_lock(warehouse: Warehouse, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the database's publication lock from before ``prepare_next`` until after ``publish``, or for a
    rollback.

    The lock belongs to a session of its own, so a killed process frees it.

    Parameters
    ----------
    warehouse : Warehouse
        The database.
    wait_seconds : float
        How long to wait for another holder; 0 refuses at once.

    Raises
    ------
    PublicationBusyError
        Somebody else holds it.
    """
    with warehouse.connect(Role.OPS, autocommit=True) as session:
        session.execute("set idle_session_timeout = 0")
        if not _acquire(session, wait_seconds):
            holder = session.execute(_HOLDER).fetchone()
            raise PublicationBusyError(
                f"Another publication or rollback of {warehouse.database} is under way"
                f"{f' (server process {holder[0]})' if holder else ''}. Wait until it ends and start again."
            )
        try:
            yield
        finally:
            # Released here, not by the end of the session, which the server notices a moment later: the next
            # publication would be refused. A session that was lost has no lock left to release.
            with contextlib.suppress(psycopg.OperationalError):
                session.execute(f"select pg_advisory_unlock({_KEY})")


def require_lock(connection: psycopg.Connection[Any]) -> None:
    """Refuse to change gold while nobody holds the lock: the caller forgot it, or its session was lost."""
    if connection.execute(_HOLDER).fetchone() is None:
        raise PublicationError(
            "Nobody holds the publication lock. Call this inside `with publication_lock(warehouse)`; if "
            "it was, the "
            "server ended that session: start the publication again."
        )


def _acquire(session: psycopg.Connection[Any], wait_seconds: float) -> bool:
    if wait_seconds <= 0:
        row = session.execute(f"select pg_try_advisory_lock({_KEY})").fetchone()
        return bool(row and row[0])
    session.execute("select set_config('lock_timeout', %s, false)", (f"{max(1, round(wait_seconds * 1000))}ms",))
    try:
        session.execute(f"select pg_advisory_lock({_KEY})")
    except psycopg.errors.LockNotAvailable:
        return False
    return True
