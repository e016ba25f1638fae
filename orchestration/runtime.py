"""What every asset needs of its surroundings: settings, the warehouse (opened when first used), dbt, locks.

One object, given to assets as the resource ``runtime``. Tests build their own with other settings; nothing is global.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg

from orchestration.settings import Settings
from orchestration.transformation.runner import DbtRunner
from orchestration.warehouse import Warehouse, open_warehouse

if TYPE_CHECKING:
    from ml.delinquency.config import TrainingConfig


@dataclass
class WorkLog:
    """Seconds of real work by stage (SQL, models, files), so that a run can tell work from overhead."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, seconds: float) -> None:
        """Add seconds to a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the block's wall-clock seconds to a stage, also when it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - started)

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return sum(self.seconds.values())


class Runtime:
    """Settings, warehouse, dbt and locks of one process.

    Parameters
    ----------
    settings : Settings
        Which portfolio, and where.
    training : TrainingConfig, optional
        How the origination model is trained; its own defaults where not given.
    allow_older, allow_collapse : bool
        What the publication's audits let pass when a person means it; recorded with the publication.
    """

    def __init__(
        self,
        settings: Settings,
        training: "TrainingConfig | None" = None,
        *,
        allow_older: bool = False,
        allow_collapse: bool = False,
    ) -> None:
        self.settings = settings
        self.training = training
        self.allow_older = allow_older
        self.allow_collapse = allow_collapse
        self.work = WorkLog()

    @cached_property
    def warehouse(self) -> Warehouse:
        """The portfolio's database, started and migrated when first asked for."""
        return open_warehouse(self.settings)

    @cached_property
    def dbt(self) -> DbtRunner:
        """Runs dbt for the portfolio."""
        return DbtRunner(self.settings)

    def is_free(self, name: str) -> bool:
        """Whether nobody holds the lock ``name`` at this moment."""
        with self.warehouse.connect(autocommit=True) as connection:
            row = connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (f"assay:{name}",)
            ).fetchone()
        return bool(row and row[0])  # the session's end lets go of it

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold an advisory lock of the portfolio's database; a second holder waits.

        The lock lives in a session of its own: it ends with the process, however that ends, so a killed run
        never leaves it behind, and a child that still writes keeps the next one out.
        """
        with self.warehouse.connect(autocommit=True) as connection:
            connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (f"assay:{name}",))
            try:
                yield
            finally:
                # A server that went away has let go already; its error must not hide the one that is under way.
                with suppress(psycopg.OperationalError):
                    connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (f"assay:{name}",))
