"""Watching the default models: challengers in shadow, and the day's drift, after the day's scores."""

import datetime as dt
import json
from collections.abc import Iterator

import dagster as dg

from orchestration.assets.default_models import KINDS, ORIGINATION, SCORES, has_instalments
from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

MONITORING, SHADOW = dg.AssetKey(["ml", "model_monitoring"]), dg.AssetKey(["ml", "shadow_scores"])
COVERAGE = dg.AssetKey(["core", "coverage"])
DRIFT = "drift"
# Longer lists belong in gold's model_monitoring.
MOST_NAMED = 20


def watched_models(portfolio: Portfolio) -> list[str]:
    """Names of the default models that a portfolio has."""
    return [ORIGINATION, *(["predelinquency_30d"] if has_instalments(portfolio) else [])]


def monitoring_assets(partitions: dg.DailyPartitionsDefinition, portfolio: Portfolio) -> list[dg.AssetsDefinition]:
    """Shadow scores and monitoring by daily as-of partition."""
    models = watched_models(portfolio)

    @dg.asset(
        key=SHADOW,
        deps=[SCORES],
        description="Scores of each model's challenger, for comparison only, and how they differ from the champion's.",
        group_name="scores",
        owners=OWNERS["scores"],
        kinds=KINDS,
        partitions_def=partitions,
        # One run for a range, as the scores that it is compared with.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def shadow_scores(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        from ml.delinquency.shadow import shadow_day

        written, told = 0, {}
        for key in context.partition_keys:
            with (
                only_transient_retries(),
                runtime.work.measure("shadow scores"),
                runtime.warehouse.connect(Role.ML) as connection,
            ):
                for name in models:
                    found = shadow_day(connection, name, dt.date.fromisoformat(key))
                    written += found.written
                    versions = {"champion": found.champion, "challenger": found.challenger}
                    told[name] = {**versions, **found.figures, **({"note": found.message} if found.message else {})}
        return dg.MaterializeResult(metadata={"rows_written": written, "comparison": dg.MetadataValue.json(told)})

    @dg.multi_asset(
        name="model_monitoring",
        specs=[
            dg.AssetSpec(
                MONITORING,
                deps=[SCORES, COVERAGE],
                description="What each model sees and says on a day against its training window: PSI, CSI, KS, missing "
                "rates, volume, late sources, expected and later realised performance.",
                group_name="scores",
                owners=OWNERS["scores"],
                kinds=KINDS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                DRIFT,
                asset=MONITORING,
                description="Nothing has moved by 0.25 or more, vanished or come late. It warns: scores go on, and no "
                "version is promoted that has seen another world.",
            )
        ],
        partitions_def=partitions,
        # One run for a range; the last day speaks for it.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def model_monitoring(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult]:
        from ml.delinquency.monitoring import watch_day

        written, rows = 0, 0
        alerts: list[str] = []
        warnings: list[str] = []
        told: dict[str, dg.MetadataValue | float | str] = {}
        # A range starts with its oldest day: what is usual of a source comes from the days before.
        for key in sorted(context.partition_keys):
            day = dt.date.fromisoformat(key)
            alerts, warnings, rows = [], [], 0
            for name in models:
                with (
                    only_transient_retries(),
                    runtime.work.measure("model monitoring"),
                    runtime.warehouse.connect(Role.ML) as connection,
                ):
                    found = watch_day(connection, name, day, runtime.settings.portfolio.knowledge_cutoff(day))
                written += found.written
                rows += len(found.found)
                alerts += [f"{name}: {subject}" for subject in found.named("alert")]
                warnings += [f"{name}: {subject}" for subject in found.named("warn")]
                if found.message:
                    told[f"{name}_note"] = found.message
                # Plotted over time by Dagster: figures of the score and of how good it is likely to be.
                score = found.found[found.found["subject"] == "score"]
                figures = zip(score["measure"], score["value"].astype(float), strict=True)
                told |= {f"{name}_{measure}": value for measure, value in figures}
        yield dg.MaterializeResult(
            asset_key=MONITORING,
            metadata={
                "dagster/row_count": rows,
                "rows_written": written,
                "alerts": len(alerts),
                "warnings": len(warnings),
                **told,
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=DRIFT,
                    passed=not alerts,
                    # Whoever is scored is scored; a person decides whether the model still fits.
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={
                        "alerts": dg.MetadataValue.json(json.loads(json.dumps(alerts[:MOST_NAMED]))),
                        "warnings": dg.MetadataValue.json(json.loads(json.dumps(warnings[:MOST_NAMED]))),
                    },
                )
            ],
        )

    return [shadow_scores, model_monitoring]
