"""dbt stages: one step each, because a failing test skips everything downstream of its whole step."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_subset_selection_for_context

from orchestration.assets.retries import TRANSIENT
from orchestration.partitions import run_as_of_date
from orchestration.runtime import Runtime
from orchestration.transformation.environment import run_environment
from orchestration.transformation.runner import (
    DbtEvent,
    DbtOutcome,
    fail_unless_successful,
    to_dagster_events,
)
from orchestration.transformation.translator import AssayTranslator

# Folders by qualified name: dagster-dbt cannot resolve path selectors and would silently find nothing.
INPUTS = "+core.inputs +core.rollups"
PEOPLE = "core.identity core.measures"
PROFILES = "core.profile core.flags"
BUSINESS = "core.business"  # switched off where no source knows small businesses
FEATURES = "features"
GOLD = "gold"

# Unit tests of the SQL run in `make test`; they say nothing about the day's data.
NO_UNIT_TESTS = ["--exclude-resource-type", "unit_test", "--exclude", "tag:unit"]


def profiles_selection(manifest: Mapping[str, Any]) -> str:
    """Folders of the stage ``profiles`` that the portfolio has; dbt warns of a selection without a model."""
    folders = {".".join(node["fqn"][1:-1]) for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    return f"{PROFILES} {BUSINESS}" if BUSINESS in folders else PROFILES


def build_selected(
    context: dg.AssetExecutionContext,
    runtime: Runtime,
    manifest: Mapping[str, Any],
    stage: str,
    select: str,
    as_of_date: dt.date,
) -> DbtOutcome:
    """Run ``dbt build`` for the part of a stage that the run selects, under the portfolio's dbt lock."""
    selection, indirect = get_subset_selection_for_context(
        context=context,
        manifest=manifest,
        select=select,
        exclude="",
        selector="",
        dagster_dbt_translator=AssayTranslator(),
        current_dbt_indirect_selection_env=None,
    )
    arguments = ["build", *selection, *NO_UNIT_TESTS]
    # Buildable: a test of several models runs in the stage of the last one, where all of them are there.
    arguments += ["--indirect-selection", indirect or "buildable"]
    variables = run_environment(runtime.settings, runtime.warehouse.dbt_env(), as_of_date)
    with runtime.exclusive("dbt"):
        outcome = runtime.dbt.run(
            arguments, variables, on_node=lambda name, status: context.log.info("%s: %s", name, status)
        )
        outcome.measure(runtime.warehouse, manifest)
    runtime.work.add(stage, outcome.work_seconds)
    return outcome


def dbt_stage(name: str, select: str, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """A stage that is rebuilt or extended for the run's day and keeps no partitions of its own."""

    @dbt_assets(
        manifest=manifest,
        select=select,
        name=name,
        dagster_dbt_translator=AssayTranslator(),
        retry_policy=TRANSIENT,
    )
    def stage(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> Iterator[DbtEvent]:
        as_of_date = run_as_of_date(context, runtime.settings.portfolio)
        outcome = build_selected(context, runtime, manifest, name, select, as_of_date)
        yield from to_dagster_events(outcome, manifest, context)
        fail_unless_successful(outcome, name)

    return stage


def partitioned_dbt_stage(
    name: str, select: str, manifest: Mapping[str, Any], partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """A stage with daily as-of partitions: each day is replaced whole."""

    @dbt_assets(
        manifest=manifest,
        select=select,
        name=name,
        dagster_dbt_translator=AssayTranslator(),
        partitions_def=partitions,
        # One run for a whole range: a day costs well under a second of SQL, a run of its own two seconds of start-up.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def stage(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> Iterator[DbtEvent]:
        keys = context.partition_keys
        for position, key in enumerate(keys, start=1):
            outcome = build_selected(context, runtime, manifest, name, select, dt.date.fromisoformat(key))
            context.log.info("as of %s: done (%d of %d)", key, position, len(keys))
            # One step emits one output per asset: a day that fails ends the range, the last day speaks for it.
            if position == len(keys) or not outcome.success:
                yield from to_dagster_events(outcome, manifest, context)
            fail_unless_successful(outcome, f"{name} as of {key}")

    return stage
