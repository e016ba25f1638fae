"""What assets of models share: days one after another, each in a transaction of its own under the run's rules."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import dagster as dg

from orchestration.assets.retries import only_transient_retries
from orchestration.runtime import Runtime
from orchestration.warehouse import Role

if TYPE_CHECKING:
    import psycopg

Result = TypeVar("Result")
DayResult = TypeVar("DayResult", covariant=True)
KINDS = {"python", "lightgbm", "postgres"}


class DayWork(Protocol[DayResult]):
    """What is done for one day."""

    def __call__(self, connection: "psycopg.Connection[Any]", day: dt.date) -> DayResult:
        """In the day's transaction."""


def work_as_ml(
    runtime: Runtime, stage: str, work: "Callable[[psycopg.Connection[Any]], Result]", *, lock: str | None = None
) -> Result:
    """Do one piece of work as the role that writes ``ml``: measured, alone, committed whole or not at all.

    Parameters
    ----------
    runtime : Runtime
        Warehouse, locks, work log.
    stage : str
        Under what its seconds are counted.
    work : callable
        Takes the connection.
    lock : str, optional
        Who else holds it waits; the stage where not given.
    """
    with (
        only_transient_retries(),
        runtime.work.measure(stage),
        runtime.exclusive(lock or stage),
        runtime.warehouse.connect(Role.ML) as connection,
    ):
        return work(connection)


def each_day(
    context: dg.AssetExecutionContext,
    runtime: Runtime,
    stage: str,
    work: "DayWork[Result]",
    *,
    lock: str | None = None,
) -> list[Result]:
    """The run's days, the oldest first: what is usual of a day comes from those before it."""
    days = sorted(dt.date.fromisoformat(key) for key in context.partition_keys)
    return [work_as_ml(runtime, stage, partial(work, day=day), lock=lock) for day in days]
