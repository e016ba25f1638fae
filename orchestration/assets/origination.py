"""``origination_pd``: train when the training data changed, promote through the gate, score the day's applicants."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.model_card import model_metadata
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

MODEL_NAME = "origination_pd"
# Bad = the contract's status when the data end; it has no fixed horizon.
TARGET = "status_at_end"
MODELS, SCORES = dg.AssetKey(["ml", "models"]), dg.AssetKey(["ml", "scores"])
FEATURES, OUTCOMES = (
    dg.AssetKey(["features", "origination_features"]),
    dg.AssetKey(["features", "origination_outcomes"]),
)
GATE = "quality_gate"


@dg.multi_asset(
    name="origination_model",
    specs=[
        dg.AssetSpec(
            MODELS,
            deps=[FEATURES, OUTCOMES],
            description="Versions of the origination model; the champion is the one that scores.",
            group_name="scores",
            owners=OWNERS["scores"],
            kinds={"python", "lightgbm", "postgres"},
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            GATE,
            asset=MODELS,
            description="Out-of-fold discrimination, calibration, skill. Only a version that passes becomes champion.",
        )
    ],
    retry_policy=TRANSIENT,
)
def model_assets(
    context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
) -> Iterator[dg.MaterializeResult]:
    """Train on the outcomes known by the portfolio's cut-off, unless a version of exactly these data is there."""
    from ml.delinquency.origination import champion_or_train
    from ml.features.catalogue import load_catalogue
    from orchestration.partitions import run_as_of_date

    portfolio = runtime.settings.portfolio
    known_by = dt.datetime.combine(
        (portfolio.outcomes_known_by or run_as_of_date(context, portfolio)) + dt.timedelta(days=1),
        dt.time(portfolio.knowledge_hour),
        tzinfo=ZoneInfo(portfolio.time_zone),
    )
    started = time.perf_counter()
    with (
        only_transient_retries(),
        runtime.work.measure("origination model"),
        runtime.exclusive("origination_model"),
        runtime.warehouse.connect(Role.ML) as connection,
    ):
        outcome = champion_or_train(
            connection, MODEL_NAME, TARGET, known_by, portfolio.training_granted_from, runtime.training
        )
    told = {}
    if outcome.trained is not None and outcome.version is not None:
        aliases = ["champion"] if outcome.is_champion else []
        told = model_metadata(runtime, outcome.trained, outcome.version, aliases=aliases, catalogue=load_catalogue())
        if "tracking_warning" in told:
            context.log.warning(told["tracking_warning"])
    yield dg.MaterializeResult(
        asset_key=MODELS,
        metadata={
            **told,
            "seconds": round(time.perf_counter() - started, 3),
            "model_version": outcome.version or "none",
            "trained_now": outcome.trained_now,
            "is_champion": outcome.is_champion,
            "algorithm": outcome.algorithm,
            "dagster/row_count": outcome.training_rows,
            **({"auc": float(outcome.metrics["overall"]["auc"])} if outcome.metrics else {}),
            **({"note": outcome.message} if outcome.message else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=GATE,
                passed=all(result.passed for result in outcome.gate),
                # Without any champion nothing is scored; with one the last good version goes on.
                severity=dg.AssetCheckSeverity.WARN if outcome.has_champion else dg.AssetCheckSeverity.ERROR,
                metadata={result.name: result.message for result in outcome.gate},
            )
        ],
    )


def score_assets(partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """Scores by daily as-of partition."""

    @dg.multi_asset(
        name="origination_scores",
        specs=[
            dg.AssetSpec(
                SCORES,
                deps=[MODELS, FEATURES],
                description="Probability, band and reasons of each loan as of the day before it was granted.",
                group_name="scores",
                owners=OWNERS["scores"],
                kinds={"python", "lightgbm", "postgres"},
            )
        ],
        partitions_def=partitions,
        # One run for a range: the model is loaded once, a day is a query and a COPY.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def origination_scores(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult]:
        from ml.delinquency.origination import score_day

        started = time.perf_counter()
        note: str | None = None
        written, statuses = 0, dict.fromkeys(("scored", "insufficient_data"), 0)
        for key in context.partition_keys:
            with (
                only_transient_retries(),
                runtime.work.measure("scores"),
                runtime.exclusive("scores"),
                runtime.warehouse.connect(Role.ML) as connection,
            ):
                day = score_day(connection, MODEL_NAME, dt.date.fromisoformat(key))
            written += day.written
            note = day.message
            for status, count in day.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
        yield dg.MaterializeResult(
            asset_key=SCORES,
            metadata={
                "dagster/row_count": sum(statuses.values()),
                "rows_written": written,
                "seconds": round(time.perf_counter() - started, 3),
                "statuses": dg.MetadataValue.json(json.loads(json.dumps(statuses))),
                "days": len(context.partition_keys),
                **({"note": note} if note else {}),
            },
        )

    return origination_scores
