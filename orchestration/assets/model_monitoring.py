"""Watching the models: challengers in shadow, and the day's drift, after the day's scores and decisions."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.assets.default_models import SCORES, default_models
from orchestration.assets.eligibility import DECISIONS, ELIGIBILITY, has_applications
from orchestration.assets.model_days import KINDS, each_day
from orchestration.assets.retries import TRANSIENT
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS

if TYPE_CHECKING:
    import psycopg

    from ml.drift.watching import Watched
    from ml.registry.shadow import Shadow

MONITORING, SHADOW = dg.AssetKey(["ml", "model_monitoring"]), dg.AssetKey(["ml", "shadow_scores"])
COVERAGE = dg.AssetKey(["core", "coverage"])
DRIFT = "drift"
# Longer lists belong in gold's model_monitoring.
MOST_NAMED = 20


def monitoring_assets(partitions: dg.DailyPartitionsDefinition, portfolio: Portfolio) -> list[dg.AssetsDefinition]:
    """Shadow scores and monitoring by daily as-of partition."""
    models = [*default_models(portfolio), *([ELIGIBILITY] if has_applications(portfolio) else [])]
    scored = [SCORES, *([DECISIONS] if has_applications(portfolio) else [])]

    @dg.asset(
        key=SHADOW,
        deps=scored,
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
        def work(connection: "psycopg.Connection[Any]", day: dt.date) -> "dict[str, Shadow]":
            return {name: _shadow(connection, name, day) for name in models}

        days = each_day(context, runtime, "shadow scores", work)
        told = {name: _compared(found) for name, found in days[-1].items()}
        written = sum(found.written for day in days for found in day.values())
        return dg.MaterializeResult(metadata={"rows_written": written, "comparison": dg.MetadataValue.json(told)})

    @dg.multi_asset(
        name="model_monitoring",
        specs=[
            dg.AssetSpec(
                MONITORING,
                deps=[*scored, COVERAGE],
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
        portfolio = runtime.settings.portfolio

        def work(connection: "psycopg.Connection[Any]", day: dt.date) -> "dict[str, Watched]":
            return {name: _watch(connection, name, day, portfolio.knowledge_cutoff(day)) for name in models}

        days = each_day(context, runtime, "model monitoring", work)
        last = days[-1]
        alerts, warnings = (
            [f"{name}: {subject}" for name, found in last.items() for subject in found.named(level)]
            for level in ("alert", "warn")
        )
        yield dg.MaterializeResult(
            asset_key=MONITORING,
            metadata={
                "dagster/row_count": sum(len(found.found) for found in last.values()),
                "rows_written": sum(found.written for day in days for found in day.values()),
                "alerts": len(alerts),
                "warnings": len(warnings),
                **{name: value for model, found in last.items() for name, value in _figures(model, found).items()},
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


def _shadow(connection: "psycopg.Connection[Any]", model_name: str, day: dt.date) -> "Shadow":
    from ml.delinquency import shadow
    from ml.eligibility.shadow import shadow_day

    return shadow_day(connection, day) if model_name == ELIGIBILITY else shadow.shadow_day(connection, model_name, day)


def _watch(connection: "psycopg.Connection[Any]", model_name: str, day: dt.date, cutoff: dt.datetime) -> "Watched":
    from ml.delinquency import monitoring
    from ml.eligibility.monitoring import watch_day

    if model_name == ELIGIBILITY:
        return watch_day(connection, day, cutoff)
    return monitoring.watch_day(connection, model_name, day, cutoff)


def _compared(found: "Shadow") -> dict[str, Any]:
    versions = {"champion": found.champion, "challenger": found.challenger}
    return {**versions, **found.figures, **({"note": found.message} if found.message else {})}


def _figures(model_name: str, found: "Watched") -> dict[str, float | str]:
    """What Dagster plots over time: figures of the score and of how good it is likely to be; and what is missing."""
    score = found.found[found.found["subject"] == "score"]
    told: dict[str, float | str] = {f"{model_name}_note": found.message} if found.message else {}
    figures = zip(score["measure"], score["value"].astype(float), strict=True)
    return told | {f"{model_name}_{measure}": value for measure, value in figures}
