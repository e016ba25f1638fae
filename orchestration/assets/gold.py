"""Gold: all models, their tests, the audits and the swap are one step under one lock; BI sees the day whole or not."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration import publication
from orchestration.assets.dbt_stages import GOLD, NO_UNIT_TESTS
from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.partitions import run_as_of_date, run_is_backfill
from orchestration.runtime import Runtime
from orchestration.transformation.environment import run_environment
from orchestration.transformation.runner import (
    DbtEvent,
    DbtOutcome,
    fail_unless_successful,
    to_dagster_events,
)
from orchestration.transformation.translator import AssayTranslator
from orchestration.warehouse import Role

# A publication of the same portfolio takes seconds; one that takes ten minutes needs a person.
LOCK_WAIT_SECONDS = 600.0


def require_profiles_of(runtime: Runtime, as_of_date: dt.date) -> None:
    """Refuse to publish profiles of another day: core holds one day, and another run may have rebuilt it.

    Raises
    ------
    Failure
        With the day found and the day expected.
    """
    with runtime.warehouse.connect(Role.DBT) as connection:
        days = [row[0] for row in connection.execute("select distinct as_of_date from core.profile_360").fetchall()]
    if days and days != [as_of_date]:
        raise dg.Failure(
            f"core.profile_360 is as of {', '.join(map(str, days))}, not {as_of_date}: another run rebuilt it, or this "
            "run left the profiles out. Run the daily job of the day that is wanted.",
            allow_retries=False,
        )


def build_and_publish(
    context: dg.AssetExecutionContext, runtime: Runtime, manifest: Mapping[str, Any], as_of_date: dt.date
) -> DbtOutcome:
    """Build ``gold_next``, test it, audit it and swap it in; everything recorded in ``ops.publications``."""
    warehouse = runtime.warehouse
    started_at = dt.datetime.now(tz=dt.UTC)
    variables = run_environment(runtime.settings, warehouse.dbt_env(), as_of_date)
    with publication.publication_lock(warehouse, wait_seconds=LOCK_WAIT_SECONDS):
        require_profiles_of(runtime, as_of_date)
        publication.prepare_next(warehouse)
        with runtime.exclusive("dbt"):
            outcome = runtime.dbt.run(
                ["build", "--select", GOLD, "--indirect-selection", "buildable", *NO_UNIT_TESTS],
                variables,
                on_node=lambda name, status: context.log.info("%s: %s", name, status),
            )
        runtime.work.add("gold", outcome.work_seconds)
        if not outcome.success:
            reason = "; ".join(outcome.failures()) or str(outcome.error)
            publication.record_failure(warehouse, f"dbt: {reason}", started_at=started_at)
            return outcome
        outcome.measure(warehouse, manifest)  # before the swap renames the schema
        with runtime.work.measure("publication"):
            audits = publication.audit(
                warehouse,
                publication.expected_tables(manifest),
                as_of_date,
                allow_older=runtime.allow_older,
                allow_collapse=runtime.allow_collapse,
            )
            published = publication.publish(warehouse, audits, started_at=started_at)
    context.log.info("published %s; the renames took %.0f ms", as_of_date, published.swap_wait_ms)
    for reason in published.not_dropped:
        context.log.warning("an older gold could not be dropped yet: %s", reason)
    return outcome


def gold_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The gold schema as one step."""

    @dbt_assets(
        manifest=manifest,
        select=GOLD,
        name="gold",
        dagster_dbt_translator=AssayTranslator(),
        retry_policy=TRANSIENT,
    )
    def gold(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> Iterator[DbtEvent]:
        if context.is_subset:
            raise dg.Failure("Gold is published whole: select all gold assets and their checks.", allow_retries=False)
        if run_is_backfill(context):
            raise dg.Failure(
                "A backfill never publishes: use the job backfill_features_and_scores for past days and let the daily "
                "job publish.",
                allow_retries=False,
            )
        as_of_date = run_as_of_date(context, runtime.settings.portfolio)
        with only_transient_retries():
            outcome = build_and_publish(context, runtime, manifest, as_of_date)
        yield from to_dagster_events(outcome, manifest, context)
        fail_unless_successful(outcome, "gold")

    return gold
