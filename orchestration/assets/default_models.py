"""The default models: train when there is something new to learn, promote through the gate, score the day's exposures.

``origination_pd`` scores applicants as of the day before their loan, ``predelinquency_30d`` running loans on every day;
their scores stand in one table, by model. The second is there where a source tells of instalments.
"""

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.assets.model_days import KINDS, each_day, work_as_ml
from orchestration.assets.retries import TRANSIENT
from orchestration.model_card import model_metadata
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS

if TYPE_CHECKING:
    import psycopg

    from ml.delinquency.lifecycle import ModelOutcome
    from ml.delinquency.report import Report

ORIGINATION, PREDELINQUENCY_MODEL = "origination_pd", "predelinquency_30d"
# Bad = the contract's status when the data end; it has no fixed horizon.
ORIGINATION_TARGET = "status_at_end"
MODELS, PREDELINQUENCY = dg.AssetKey(["ml", "models"]), dg.AssetKey(["ml", "predelinquency_30d"])
SCORES = dg.AssetKey(["ml", "scores"])
GATE = "quality_gate"
CHAMPIONS = "champions_accepted"


class TrainingRun(dg.Config):
    """How a model is trained in this run."""

    force: bool = False
    """Train now, whatever version there is; without it only where there is something new to learn, or drift."""


def has_instalments(portfolio: Portfolio) -> bool:
    """Whether a source of the portfolio tells what falls due: without, nothing can be foretold."""
    return any(name.endswith("__payments_due") for name in portfolio.staging_models())


def default_models(portfolio: Portfolio) -> list[str]:
    """Names of the default models that a portfolio has."""
    return [ORIGINATION, *([PREDELINQUENCY_MODEL] if has_instalments(portfolio) else [])]


def _features(*tables: str) -> list[dg.AssetKey]:
    return [dg.AssetKey(["features", table]) for table in tables]


class Learn(Protocol):
    """Keep or train a model as of a day; ``asked`` says why to train whatever there is."""

    def __call__(
        self, connection: "psycopg.Connection[Any]", day: dt.date, runtime: Runtime, asked: str | None
    ) -> "ModelOutcome":
        """What became of it."""


class Trained(NamedTuple):
    """What a training left: the outcome, and where it was trained now its report and the files kept of it."""

    outcome: "ModelOutcome"
    report: "Report | None" = None
    files: dict[str, str] | None = None


def _model_asset(
    name: str, model_name: str, key: dg.AssetKey, deps: list[dg.AssetKey], description: str, learn: Learn, doc: str
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
                description="Discrimination, calibration and skill on rows not learnt from, fairness by groups, not "
                "worse than the champion, nothing moved. Only a version that passes becomes champion.",
            )
        ],
        retry_policy=TRANSIENT,
    )
    def step(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime], config: TrainingRun
    ) -> Iterator[dg.MaterializeResult]:
        started = time.perf_counter()

        def work(connection: "psycopg.Connection[Any]") -> Trained:
            day = _training_day(context, connection, runtime.settings.portfolio, model_name)
            outcome = learn(connection, day, runtime, because(context) if config.force else None)
            return _told(connection, runtime, outcome)

        trained = work_as_ml(runtime, name.replace("_", " "), work, lock=name)
        told = _recorded(runtime, trained)
        if "tracking_warning" in told:
            context.log.warning(told["tracking_warning"])
        yield _materialized(key, trained.outcome, told, time.perf_counter() - started)

    step.__doc__ = doc
    return step


def because(context: dg.AssetExecutionContext) -> str:
    """Why a run trains whatever version there is."""
    tags = context.run.tags
    return tags.get("assay/because") or tags.get("dagster/schedule_name") or "by hand"


def _training_day(
    context: dg.AssetExecutionContext, connection: "psycopg.Connection[Any]", portfolio: Portfolio, model_name: str
) -> dt.date:
    """The run's day; of a run without a partition the newest that was built, at least the portfolio's own."""
    from ml.delinquency.watched import newest_day
    from orchestration.partitions import run_as_of_date

    day = run_as_of_date(context, portfolio)
    if "dagster/partition" in context.run.tags:
        return day
    return max(day, newest_day(connection, model_name) or day)


def _told(connection: "psycopg.Connection[Any]", runtime: Runtime, outcome: "ModelOutcome") -> Trained:
    """Report and files of a version that was trained now; the files are kept with it."""
    from ml.delinquency.report import build_report
    from ml.delinquency.version_files import version_files
    from ml.features.catalogue import load_catalogue
    from ml.registry.artifacts import write_artifacts

    fitted = outcome.trained
    if fitted is None or outcome.version is None:
        return Trained(outcome)
    report = build_report(fitted.model, decision=decision_settings(runtime.settings.portfolio), **fitted.told)
    files = version_files(fitted.model, report, outcome.gate, catalogue=load_catalogue())
    write_artifacts(connection, fitted.model.model_name, outcome.version, files)
    return Trained(outcome, report, files)


def _recorded(runtime: Runtime, trained: Trained) -> dict[str, Any]:
    """Card, groups and tracking of a version that was trained now."""
    from ml.features.catalogue import load_catalogue

    outcome = trained.outcome
    if outcome.trained is None or outcome.version is None or trained.report is None:
        return {}
    return model_metadata(
        runtime,
        outcome.trained.model,
        outcome.version,
        trained.report,
        aliases=["champion"] if outcome.is_champion else [],
        catalogue=load_catalogue(),
        files=trained.files,
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


def _learn_origination(
    connection: "psycopg.Connection[Any]", day: dt.date, runtime: Runtime, asked: str | None
) -> "ModelOutcome":
    from ml.delinquency.origination import champion_or_train

    portfolio = runtime.settings.portfolio
    known_by = dt.datetime.combine(
        (portfolio.outcomes_known_by or day) + dt.timedelta(days=1),
        dt.time(portfolio.knowledge_hour),
        tzinfo=ZoneInfo(portfolio.time_zone),
    )
    granted_from = portfolio.training_granted_from
    return champion_or_train(
        connection,
        ORIGINATION,
        ORIGINATION_TARGET,
        known_by,
        granted_from,
        runtime.training,
        as_of_date=day,
        asked=asked,
    )


def _learn_predelinquency(
    connection: "psycopg.Connection[Any]", day: dt.date, runtime: Runtime, asked: str | None
) -> "ModelOutcome":
    from ml.delinquency.predelinquency import champion_or_train

    cutoff = runtime.settings.portfolio.knowledge_cutoff(day)
    return champion_or_train(connection, cutoff, runtime.training, as_of_date=day, asked=asked)


def model_assets(portfolio: Portfolio) -> list[dg.AssetsDefinition]:
    """The models of a portfolio."""
    origination = _model_asset(
        "origination_model",
        ORIGINATION,
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
        PREDELINQUENCY_MODEL,
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

        def work(connection: "psycopg.Connection[Any]", day: dt.date) -> dict[str, Any]:
            scored = {ORIGINATION: origination.score_day(connection, ORIGINATION, day)}
            if instalments:
                scored[PREDELINQUENCY_MODEL] = predelinquency.score_day(connection, day, decision)
            return scored

        days = each_day(context, runtime, "scores", work)
        statuses = {name: Counter[str]() for name in default_models(portfolio)}
        notes: dict[str, str] = {}
        refused: dict[str, str] = {}
        for name, one in (pair for day in days for pair in day.items()):
            statuses[name].update(one.statuses)
            notes |= {name: one.message} if one.message else {}
            refused |= {name: "; ".join(one.refused)} if one.refused else {}
        yield dg.MaterializeResult(
            asset_key=SCORES,
            metadata={
                "dagster/row_count": sum(sum(counts.values()) for counts in statuses.values()),
                "rows_written": sum(one.written for day in days for one in day.values()),
                # Forecasts that a version which has learnt from later outcomes does not replace.
                "rows_kept": sum(one.kept for day in days for one in day.values()),
                "seconds": round(time.perf_counter() - started, 3),
                "statuses": dg.MetadataValue.json(json.loads(json.dumps(statuses))),
                "days": len(days),
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
