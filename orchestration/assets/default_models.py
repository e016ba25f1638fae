"""The default models: train when there is something new to learn, promote through the gate, score the day's exposures.

``origination_pd`` scores applicants as of the day before their loan, ``predelinquency_30d`` running loans on every day;
their scores stand in one table, by model. The second is there where a source tells of instalments.
"""

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.model_card import model_metadata
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

if TYPE_CHECKING:
    import psycopg

    from ml.delinquency.lifecycle import ModelOutcome

ORIGINATION = "origination_pd"
# Bad = the contract's status when the data end; it has no fixed horizon.
ORIGINATION_TARGET = "status_at_end"
MODELS, PREDELINQUENCY = dg.AssetKey(["ml", "models"]), dg.AssetKey(["ml", "predelinquency_30d"])
SCORES = dg.AssetKey(["ml", "scores"])
GATE = "quality_gate"
CHAMPIONS = "champions_accepted"
KINDS = {"python", "lightgbm", "postgres"}


def has_instalments(portfolio: Portfolio) -> bool:
    """Whether a source of the portfolio tells what falls due: without, nothing can be foretold."""
    return any(name.endswith("__payments_due") for name in portfolio.staging_models())


def _features(*tables: str) -> list[dg.AssetKey]:
    return [dg.AssetKey(["features", table]) for table in tables]


def _model_asset(
    name: str,
    key: dg.AssetKey,
    deps: list[dg.AssetKey],
    description: str,
    learn: "Callable[[psycopg.Connection[Any], dt.date, Runtime], ModelOutcome]",
    doc: str,
) -> dg.AssetsDefinition:
    """A model's versions, judged by the gate: the same step for each model."""

    @dg.multi_asset(
        name=name,
        specs=[
            dg.AssetSpec(
                key,
                deps=deps,
                description=description,
                group_name="scores",
                owners=OWNERS["scores"],
                kinds=KINDS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                GATE,
                asset=key,
                description="Discrimination, calibration and skill on rows not learnt from. Only a version that "
                "passes becomes champion.",
            )
        ],
        retry_policy=TRANSIENT,
    )
    def step(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> Iterator[dg.MaterializeResult]:
        from orchestration.partitions import run_as_of_date

        started = time.perf_counter()
        with (
            only_transient_retries(),
            runtime.work.measure(name.replace("_", " ")),
            runtime.exclusive(name),
            runtime.warehouse.connect(Role.ML) as connection,
        ):
            outcome = learn(connection, run_as_of_date(context, runtime.settings.portfolio), runtime)
        told = _told(runtime, outcome)
        if "tracking_warning" in told:
            context.log.warning(told["tracking_warning"])
        yield _materialized(key, outcome, told, time.perf_counter() - started)

    step.__doc__ = doc
    return step


def _told(runtime: Runtime, outcome: "ModelOutcome") -> dict[str, Any]:
    """Card, intervals and tracking of a version that was trained now."""
    from ml.features.catalogue import load_catalogue

    if outcome.trained is None or outcome.version is None:
        return {}
    aliases = ["champion"] if outcome.is_champion else []
    decision = decision_settings(runtime.settings.portfolio)
    return model_metadata(
        runtime,
        outcome.trained.model,
        outcome.version,
        aliases=aliases,
        catalogue=load_catalogue(),
        decision=decision,
        **outcome.trained.told,
    )


def _materialized(
    key: dg.AssetKey, outcome: "ModelOutcome", told: dict[str, Any], seconds: float
) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=key,
        metadata={
            **told,
            "seconds": round(seconds, 3),
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


def _learn_origination(connection: "psycopg.Connection[Any]", day: dt.date, runtime: Runtime) -> "ModelOutcome":
    from ml.delinquency.origination import champion_or_train

    portfolio = runtime.settings.portfolio
    known_by = dt.datetime.combine(
        (portfolio.outcomes_known_by or day) + dt.timedelta(days=1),
        dt.time(portfolio.knowledge_hour),
        tzinfo=ZoneInfo(portfolio.time_zone),
    )
    return champion_or_train(
        connection, ORIGINATION, ORIGINATION_TARGET, known_by, portfolio.training_granted_from, runtime.training
    )


def _learn_predelinquency(connection: "psycopg.Connection[Any]", day: dt.date, runtime: Runtime) -> "ModelOutcome":
    from ml.delinquency.predelinquency import champion_or_train

    return champion_or_train(connection, runtime.settings.portfolio.knowledge_cutoff(day), runtime.training)


def model_assets(portfolio: Portfolio) -> list[dg.AssetsDefinition]:
    """The models of a portfolio."""
    origination = _model_asset(
        "origination_model",
        MODELS,
        _features("origination_features", "origination_outcomes"),
        "Versions of the origination model; the champion is the one that scores.",
        _learn_origination,
        "Train on the outcomes known by the portfolio's cut-off, unless a version of exactly these data is there.",
    )
    if not has_instalments(portfolio):
        return [origination]
    predelinquency = _model_asset(
        "predelinquency_model",
        PREDELINQUENCY,
        _features("predelinquency_outcomes", "training_features"),
        "Versions of the model that foretells an unpaid instalment; the champion is the one that scores.",
        _learn_predelinquency,
        "Train when another day of the grid has matured, every 28 days; in between the version that is there goes on.",
    )
    return [origination, predelinquency]


def score_assets(partitions: dg.DailyPartitionsDefinition, portfolio: Portfolio) -> dg.AssetsDefinition:
    """Scores by daily as-of partition."""
    instalments = has_instalments(portfolio)
    deps = [MODELS, *_features("origination_features")]
    if instalments:
        deps += [PREDELINQUENCY, *_features("exposures", "customer_features")]

    @dg.multi_asset(
        name="default_scores",
        specs=[
            dg.AssetSpec(
                SCORES,
                deps=deps,
                description="Probability, band and reasons of each loan as of the day before it was granted"
                + (", and of each running loan on the day." if instalments else "."),
                group_name="scores",
                owners=OWNERS["scores"],
                kinds=KINDS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHAMPIONS,
                asset=SCORES,
                description="No artefact was refused. Where one is, the last good champion scores in its place.",
            )
        ],
        partitions_def=partitions,
        # One run for a range: a model is loaded once a day, and a day is a query and a COPY.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def default_scores(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult]:
        from ml.delinquency import origination, predelinquency

        started = time.perf_counter()
        decision = decision_settings(runtime.settings.portfolio)
        notes: dict[str, str] = {}
        statuses = {
            name: Counter[str]() for name in (ORIGINATION, *([predelinquency.MODEL_NAME] if instalments else []))
        }
        written = 0
        refused: dict[str, str] = {}
        for key in context.partition_keys:
            day = dt.date.fromisoformat(key)
            with (
                only_transient_retries(),
                runtime.work.measure("scores"),
                runtime.exclusive("scores"),
                runtime.warehouse.connect(Role.ML) as connection,
            ):
                scored = {ORIGINATION: origination.score_day(connection, ORIGINATION, day)}
                if instalments:
                    scored[predelinquency.MODEL_NAME] = predelinquency.score_day(connection, day, decision)
            for name, one in scored.items():
                written += one.written
                statuses[name].update(one.statuses)
                if one.message:
                    notes[name] = one.message
                if one.refused:
                    refused[name] = "; ".join(one.refused)
        yield dg.MaterializeResult(
            asset_key=SCORES,
            metadata={
                "dagster/row_count": sum(sum(counts.values()) for counts in statuses.values()),
                "rows_written": written,
                "seconds": round(time.perf_counter() - started, 3),
                "statuses": dg.MetadataValue.json(json.loads(json.dumps(statuses))),
                "days": len(context.partition_keys),
                **({"note": "; ".join(f"{name} {note}" for name, note in notes.items())} if notes else {}),
            },
            check_results=[
                # It warns: scores are there, by a version that was good enough before; a person mends or promotes.
                dg.AssetCheckResult(
                    check_name=CHAMPIONS, passed=not refused, severity=dg.AssetCheckSeverity.WARN, metadata=refused
                )
            ],
        )

    return default_scores


def decision_settings(portfolio: Portfolio) -> Any:
    """What a contact costs and achieves, as ``ml`` takes it; None where the portfolio does not say."""
    from ml.delinquency.decision import DecisionSettings

    return None if portfolio.prevention is None else DecisionSettings(**portfolio.prevention.model_dump())
