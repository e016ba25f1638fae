"""Dagster's own home of one portfolio: its settings file, its storage, the locked environment its processes get."""

import os
import shutil
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.instance.ref import InstanceRef

from orchestration.runtime import Runtime
from orchestration.settings import PROJECT_ROOT, Settings

CLI_TAGS = {"assay/started_by": "command line"}
TEMPLATE = Path(__file__).resolve().parent / "dagster.yaml"


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME of the portfolio, with the settings file in place."""
    home = settings.home / "dagster" / settings.portfolio_name
    home.mkdir(parents=True, exist_ok=True)
    target = home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != TEMPLATE.read_bytes():
        shutil.copyfile(TEMPLATE, target)
    return home


def process_environment(runtime: Runtime) -> dict[str, str]:
    """Variables that the webserver, the daemon and the runs they start need; a copy of this process's and ours."""
    settings = runtime.settings
    ours = {
        "DAGSTER_HOME": str(dagster_home(settings)),
        "ASSAY_DAGSTER_URL": runtime.warehouse.dagster_url(),
        "ASSAY_HOME": str(settings.home),
        "ASSAY_PORTFOLIO": settings.portfolio_name,
        "ASSAY_LANDING": str(settings.landing),
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "False",
        "DAGSTER_EVENT_BATCH_SIZE": "200",
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    if settings.database_url is not None:
        ours["ASSAY_DATABASE_URL"] = settings.database_url
    if settings.mlflow_url is not None:
        ours["ASSAY_MLFLOW_URL"] = settings.mlflow_url
    return {**os.environ, **ours}


def close_dead_runs(instance: DagsterInstance) -> int:
    """Report runs of the command line that never ended as failed; the caller holds the portfolio's run lock.

    Such a run lives in its own process, so Dagster's monitoring has no worker to ask: killed, it would stay STARTED and
    keep the queue's only place. Whoever holds the run lock knows that none of them is alive.

    Returns
    -------
    int
        Runs that were closed.
    """
    unfinished = RunsFilter(
        statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING], tags=CLI_TAGS
    )
    dead = instance.get_runs(unfinished)
    for run in dead:
        instance.report_run_failed(run, "Its process ended before the run did (killed, or the server was stopped).")
    return len(dead)


def open_instance(runtime: Runtime) -> DagsterInstance:
    """The portfolio's Dagster instance on PostgreSQL storage."""
    # The URL goes in directly: as a variable of this process it would outlive the instance and reach other portfolios.
    overrides = {"storage": {"postgres": {"postgres_url": runtime.warehouse.dagster_url()}}}
    for name in ("DO_NOT_TRACK", "GX_ANALYTICS_ENABLED", "DAGSTER_EVENT_BATCH_SIZE"):
        os.environ.setdefault(name, process_environment(runtime)[name])
    instance = DagsterInstance.from_ref(InstanceRef.from_dir(str(dagster_home(runtime.settings)), overrides=overrides))
    # Dagster opens a connection an event, 2,200 a run, unless it is told to keep one as its webserver does.
    instance.optimize_for_webserver(statement_timeout=600_000, pool_recycle=3600, max_overflow=10)
    return instance
