"""Everything Dagster knows of the portfolio. Built when asked for; importing this module reads nothing."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.settings import Settings, load_settings


def build_defs(
    *, settings: Settings | None = None, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Definitions of one portfolio.

    Parameters
    ----------
    settings : Settings, optional
        Which portfolio and where; from the environment where not given.
    resource_overrides : mapping, optional
        Resources that replace the real ones, by name; tests use this.

    Raises
    ------
    DbtProjectError
        The portfolio's dbt manifest is missing or out of date.
    """
    from orchestration.assets.communities import communities_asset
    from orchestration.assets.dbt_stages import (
        FEATURES,
        INPUTS,
        PEOPLE,
        dbt_stage,
        partitioned_dbt_stage,
        profiles_selection,
    )
    from orchestration.assets.default_models import default_models, model_assets, score_assets
    from orchestration.assets.eligibility import ELIGIBILITY, eligibility_assets, has_applications
    from orchestration.assets.gold import gold_assets
    from orchestration.assets.identity import identity_assets
    from orchestration.assets.income import income_assets
    from orchestration.assets.ingestion import ingestion_assets
    from orchestration.assets.model_monitoring import monitoring_assets
    from orchestration.checks.flags import flag_check
    from orchestration.checks.tables import table_checks
    from orchestration.cli.progress import progress_logger
    from orchestration.partitions import daily_partitions
    from orchestration.runtime import Runtime
    from orchestration.schedules import daily_schedule, drift_sensor, training_job, training_schedule
    from orchestration.transformation.manifest import read_manifest

    settings = settings or load_settings()
    portfolio = settings.portfolio
    manifest = read_manifest(settings)
    partitions = daily_partitions(portfolio)
    eligibility_models, eligibility_decisions = eligibility_assets(partitions, portfolio)
    # Training step by the model's name.
    models = dict(zip(default_models(portfolio), model_assets(portfolio), strict=True))
    for step in eligibility_models:
        models[ELIGIBILITY] = step
    assets = [
        *(ingestion_assets(source) for source in portfolio.sources),
        dbt_stage("inputs", INPUTS, manifest),
        identity_assets,
        dbt_stage("people", PEOPLE, manifest),
        income_assets(has_purchases="model.assay.retail_income_evidence" in manifest["nodes"]),
        communities_asset,
        dbt_stage("profiles", profiles_selection(manifest), manifest),
        partitioned_dbt_stage("features", FEATURES, manifest, partitions),
        *models.values(),
        score_assets(partitions, portfolio),
        *eligibility_decisions,
        *monitoring_assets(partitions, portfolio),
        gold_assets(manifest),
    ]
    # One step after another in one process: of ten steps a day most take less than a process needs to start.
    daily = dg.define_asset_job(
        "daily",
        selection=dg.AssetSelection.all(),
        description="Load what is new, build, score and publish one business day.",
    )
    # The days before: features and scores only. Gold is the latest publication, and backfills never publish.
    backfill = dg.define_asset_job(
        "backfill_features_and_scores",
        # Without the models: a past day is scored by the champion, and never trains one on less than is known.
        selection=dg.AssetSelection.groups("features", "scores")
        - dg.AssetSelection.assets(*(spec.key for step in models.values() for spec in step.specs)),
        description="Features and scores of past days, from what is loaded.",
    )
    training = training_job(models)
    resources: dict[str, Any] = {"runtime": Runtime(settings), **(resource_overrides or {})}
    return dg.Definitions(
        assets=assets,
        asset_checks=[*table_checks(has_applications=has_applications(portfolio)), flag_check()],
        jobs=[daily, backfill, training],
        schedules=[daily_schedule(daily, portfolio), training_schedule(training, portfolio)],  # type: ignore[arg-type]
        sensors=[drift_sensor(training, models)],
        resources=resources,
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Entry point of ``workspace.yaml``."""
    return build_defs()
