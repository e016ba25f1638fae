"""When an asset is tried again, and what a failure tells: only faults that pass by themselves, and no row's values."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

# A dropped connection, a deadlock, a server that restarts: gone within seconds or a matter for a person.
TRANSIENT = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


@contextmanager
def only_transient_retries() -> Iterator[None]:
    """Let connection faults be retried; anything else fails at once, since it would fail again.

    What the database says of an error beside its first line (the row that broke a constraint, the line that COPY was
    at) may be a person's data: it gets into neither the failure nor the log.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except (psycopg.OperationalError, psycopg.errors.DeadlockDetected) as error:
        raise type(error)(without_values(error)).with_traceback(error.__traceback__) from None
    except Exception as error:  # noqa: BLE001  # all of them fail, in words that may be kept
        description = f"{type(error).__name__}: {without_values(error)}"
        cause: BaseException = error
        if _rests_on_the_database(error):
            # Where it happened stays, what was said does not.
            cause = RuntimeError(description).with_traceback(error.__traceback__)
        raise dg.Failure(description=description, allow_retries=False) from cause


def without_values(error: BaseException) -> str:
    """Message of an error, without the values of the row behind it where the database raised it.

    PostgreSQL puts a row's values into DETAIL and CONTEXT, and a value that does not fit its type (class 22) behind a
    colon of the message itself. Which table, column and constraint it is stays.
    """
    if not isinstance(error, psycopg.Error):
        # A text of ours about a database error may quote all of it.
        return "a database error, see its type" if _rests_on_the_database(error) else str(error)
    said = error.diag.message_primary
    if said is None:
        # Of the driver, before the server saw anything: no connection, or a value that it can't write, with the value.
        return str(error) if isinstance(error, psycopg.OperationalError) else "refused by the driver"
    if (error.sqlstate or "").startswith("22"):
        said = said.split(":", 1)[0]
    where = [
        f"{name} {value}"
        for name, value in (("table", error.diag.table_name), ("column", error.diag.column_name))
        if value and value not in said
    ]
    return said + (f" ({', '.join(where)})" if where else "")


def _rests_on_the_database(error: BaseException) -> bool:
    """Whether a database error is among what the error came from."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, psycopg.Error):
            return True
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return False
