"""When an asset is tried again: only for faults that pass by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

# A dropped connection, a deadlock, a server that restarts: gone within seconds or a matter for a person.
TRANSIENT = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


@contextmanager
def only_transient_retries() -> Iterator[None]:
    """Let connection faults be retried; anything else fails at once, since it would fail again."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.errors.DeadlockDetected, dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        # The type and message stay; the cause is chained for the log.
        raise dg.Failure(description=f"{type(error).__name__}: {error}", allow_retries=False) from error
