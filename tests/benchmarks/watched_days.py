"""Sixty days of the sample's world after a training, through the real chain: what is told of clean days, and of planted
drift.

The world is generated until the training day and run; then it is continued, loaded, and features, scores and monitoring
of the days in between are made by the backfill job, as an operator would. Nothing is trained meanwhile: the reference
grows old, which is harder than what happens. Planted into the last day's features and coverage, one change at a time:
a feature shifted by half a standard deviation, a product that vanished, a source that stopped.
"""

import datetime as dt

import dagster as dg
from rich.console import Console

from ml.synthetic.manifest import read_manifest
from ml.synthetic.world import WorldConfig, write_world
from orchestration.cli.daily import prepare_portfolio
from orchestration.definitions import build_defs
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import Settings

TRAINED, CLEAN_DAYS = dt.date(2026, 9, 28), 60
LAST = TRAINED + dt.timedelta(days=CLEAN_DAYS)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# Made by the backfill, or not at all: a training on the last day would know what the watched days brought.
LATER = ("features", "scores", "gold")


def watched_world(settings: Settings, people: int = 2_000) -> Runtime:
    """The portfolio, trained as of ``TRAINED``, with sixty scored and watched days after it."""
    runtime = Runtime(settings)
    continue_until(settings, TRAINED, people)
    prepare_portfolio(runtime, Console(quiet=True))
    defs = build_defs(settings=settings, resource_overrides={"runtime": runtime})
    daily, backfill = (defs.resolve_job_def(name) for name in ("daily", "backfill_features_and_scores"))
    graph = defs.resolve_asset_graph()
    later = {key for name in LATER for key in dg.AssetSelection.groups(name).resolve(graph)}
    gold = dg.AssetSelection.groups("gold").resolve(graph)
    everything = set(graph.materializable_asset_keys)
    with open_instance(runtime) as instance:

        def run(job: dg.JobDefinition, keys: set[dg.AssetKey] | None, **options: object) -> None:
            result = job.execute_in_process(
                instance=instance, run_config=QUIET, asset_selection=sorted(keys) if keys else None,
                raise_on_error=True, **options,
            )  # fmt: skip
            assert result.success

        run(daily, everything - set(gold), partition_key=TRAINED.isoformat())
        continue_until(settings, LAST, people)
        run(daily, everything - later, partition_key=LAST.isoformat())
        first = TRAINED + dt.timedelta(days=1)
        tags = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(LAST)}
        run(backfill, None, tags=tags)
    return runtime


def continue_until(settings: Settings, day: dt.date, people: int) -> None:
    """Landing files of the world up to a day; no file of the past changes."""
    manifest = read_manifest(settings.landing)
    if manifest is None or manifest.until is None or manifest.until < day:
        truth = settings.home / "truth" / settings.portfolio_name
        write_world(WorldConfig(people=people, until=day), settings.landing, truth)
