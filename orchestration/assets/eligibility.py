"""Eligibility: train when there is enough new to learn, and decide the day's open applications.

There is such a model where a source knows applications for support.
"""

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.assets.default_models import TrainingRun, because
from orchestration.assets.model_days import each_day, work_as_ml
from orchestration.assets.retries import TRANSIENT
from orchestration.checks.eligibility import ALL_DECIDED, CHAMPION
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.tracking import record_eligibility
from orchestration.transformation.translator import OWNERS

if TYPE_CHECKING:
    import pandas as pd
    import psycopg

    from ml.eligibility.days import DecidedDay
    from ml.eligibility.lifecycle import EligibilityOutcome

ELIGIBILITY = "eligibility"
MODEL, DECISIONS = dg.AssetKey(["ml", "eligibility_model"]), dg.AssetKey(["ml", "eligibility_decisions"])
GATE = "quality_gate"
KINDS = {"python", "postgres"}
LOCK = ELIGIBILITY


def has_applications(portfolio: Portfolio) -> bool:
    """Whether a source of the portfolio knows applications for support."""
    return any(name.endswith("__eligibility_applications") for name in portfolio.staging_models())


def _core(*tables: str) -> list[dg.AssetKey]:
    return [dg.AssetKey(["core", table]) for table in tables]


def eligibility_assets(
    partitions: dg.DailyPartitionsDefinition, portfolio: Portfolio
) -> tuple[list[dg.AssetsDefinition], list[dg.AssetsDefinition]]:
    """Training, and daily decisions; none where no source knows applications."""
    if not has_applications(portfolio):
        return [], []
    return [_training()], [_deciding(partitions)]


def _training() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="eligibility_model",
        specs=[
            dg.AssetSpec(
                MODEL,
                deps=_core("eligibility_applications", "beneficiaries", "applicant_groups", "gr_redirects"),
                description="Versions of the model of need; the champion is the one that decides.",
                group_name="scores",
                owners=OWNERS["scores"],
                kinds=KINDS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                GATE,
                asset=MODEL,
                description="Discrimination, calibration, policy, comparison with the champion, fairness, explanation "
                "time. Only a version that passes becomes champion.",
            )
        ],
        retry_policy=TRANSIENT,
    )
    def eligibility_model(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime], config: TrainingRun
    ) -> Iterator[dg.MaterializeResult]:
        """Train after four weeks or a tenth more outcomes; in between the champion goes on."""
        from ml.eligibility.applications import newest_decided_day
        from ml.eligibility.lifecycle import champion_or_train
        from ml.eligibility.registered import artifacts
        from orchestration.partitions import run_as_of_date

        started = time.perf_counter()
        portfolio = runtime.settings.portfolio

        def work(connection: "psycopg.Connection[Any]") -> "tuple[EligibilityOutcome, dict[str, str] | None]":
            day = run_as_of_date(context, portfolio)
            if "dagster/partition" not in context.run.tags:
                day = max(day, newest_decided_day(connection) or day)
            outcome = champion_or_train(
                connection,
                day,
                portfolio.knowledge_cutoff(day),
                portfolio.eligibility.training_config(),
                asked=because(context) if config.force else None,
            )
            files = artifacts(connection, outcome.version) if outcome.trained_now and outcome.version else None
            return outcome, files

        outcome, files = work_as_ml(runtime, "eligibility model", work, lock=LOCK)
        tracked = _tracked(runtime, outcome, files)
        if "tracking_warning" in tracked:
            context.log.warning(tracked["tracking_warning"])
        yield _trained(outcome, tracked, time.perf_counter() - started)

    return eligibility_model


def _tracked(runtime: Runtime, outcome: "EligibilityOutcome", files: dict[str, str] | None) -> dict[str, str]:
    """Where MLflow keeps a version that was trained now."""
    if files is None or outcome.model is None or outcome.version is None:
        return {}
    aliases = ["champion"] if outcome.is_champion else []
    return record_eligibility(runtime, outcome.model, outcome.version, files, aliases=aliases)


def _trained(outcome: "EligibilityOutcome", tracked: dict[str, str], seconds: float) -> dg.MaterializeResult:
    from ml.eligibility.report import report_markdown

    told: dict[str, Any] = dict(tracked)
    if outcome.model is not None:
        told["auc"] = float(outcome.model.metadata["metrics"]["auc"])
        told["algorithm"] = outcome.model.algorithm
        # Figures, thresholds, what moves the probability, and fairness by group with intervals.
        told["report"] = dg.MetadataValue.md(report_markdown(outcome.model))
    return dg.MaterializeResult(
        asset_key=MODEL,
        metadata={
            **told,
            "seconds": round(seconds, 3),
            "model_version": outcome.version or "none",
            "trained_now": outcome.trained_now,
            "is_champion": outcome.is_champion,
            "dagster/row_count": outcome.rows,
            "impossible_values": dg.MetadataValue.json(outcome.impossible),
            **({"note": outcome.message} if outcome.message else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=GATE,
                passed=all(result.passed for result in outcome.gate),
                # Without a champion a person decides everything; with one the last good version goes on.
                severity=dg.AssetCheckSeverity.WARN,
                metadata={
                    "gates": dg.MetadataValue.md("\n".join(f"- {result.message}" for result in outcome.gate) or "none")
                },
            )
        ],
    )


def _deciding(partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="eligibility_decisions",
        specs=[
            dg.AssetSpec(
                DECISIONS,
                deps=[MODEL, *_core("eligibility_applications", "parties", "party_xref_current")],
                description="Decision of each application that is open at the end of the day: probability, APPROVE, "
                "REVIEW or SOFT_DECLINE, reasons, missing evidence, what would change it. A random sample goes to a "
                "person.",
                group_name="scores",
                owners=OWNERS["scores"],
                kinds=KINDS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHAMPION,
                asset=DECISIONS,
                description="No artefact was refused. Where one is, the last good champion decides in its place.",
            ),
            dg.AssetCheckSpec(
                ALL_DECIDED,
                asset=DECISIONS,
                description="Every open application has a person behind it, and none was forgotten by its source.",
            ),
        ],
        partitions_def=partitions,
        # One run for a range: a model is loaded once a day, and a day is a query and a COPY.
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=TRANSIENT,
    )
    def eligibility_decisions(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult]:
        """Decide each day of the run by the champion."""
        from ml.eligibility.days import decide_day
        from ml.eligibility.realised import realised_rates

        started = time.perf_counter()
        portfolio = runtime.settings.portfolio

        def work(connection: "psycopg.Connection[Any]", day: dt.date) -> "tuple[DecidedDay, dict[str, Any]]":
            settings, cutoff = portfolio.eligibility, portfolio.knowledge_cutoff(day)
            shares = settings.review_shares(runtime.settings.review_seed)
            decided = decide_day(connection, day, cutoff, shares, settings.open_days)
            return decided, _realised(*realised_rates(connection, day, cutoff, min_group_size=settings.min_group_size))

        found = each_day(context, runtime, "eligibility decisions", work, lock=LOCK)
        # The last day of a range speaks for it.
        yield _decided([decided for decided, _ in found], found[-1][1], time.perf_counter() - started)

    return eligibility_decisions


def _realised(rows: int, rates: "pd.DataFrame | None") -> dict[str, Any]:
    """How earlier decisions look beside the reviewers' since, by group."""
    from ml.eligibility.judging import NOT_DECLINED, rate_records
    from ml.eligibility.report import fairness_tables

    if rates is None:
        return {"outcomes_since": rows}
    table = "\n\n".join(fairness_tables({NOT_DECLINED: rate_records(rates)}))
    return {"outcomes_since": rows, "fairness_since": dg.MetadataValue.md(table)}


def _decided(days: "list[DecidedDay]", told: dict[str, Any], seconds: float) -> dg.MaterializeResult:
    statuses, decisions, impossible = Counter[str](), Counter[str](), Counter[str]()
    for day in days:
        statuses.update(day.statuses)
        decisions.update(day.decisions)
        impossible.update(day.open.impossible)
    notes = sorted({day.message for day in days if day.message})
    refused = sorted({why for day in days for why in day.refused})
    without_person, stale = (sum(getattr(day.open, name) for day in days) for name in ("without_person", "stale"))
    return dg.MaterializeResult(
        asset_key=DECISIONS,
        metadata={
            "dagster/row_count": sum(statuses.values()),
            "rows_written": sum(day.written for day in days),
            # Decided then; the version of now has learnt from later outcomes and replaces nothing.
            "rows_kept": sum(day.kept for day in days),
            "seconds": round(seconds, 3),
            "days": len(days),
            "statuses": dg.MetadataValue.json(json.loads(json.dumps(statuses))),
            "decisions": dg.MetadataValue.json(json.loads(json.dumps(decisions))),
            **{f"decided_{name.lower()}": count for name, count in sorted(decisions.items())},
            **told,
            "reviews_drawn": sum(day.drawn for day in days),
            "impossible_values": dg.MetadataValue.json(json.loads(json.dumps(impossible))),
            "model_version": ", ".join(sorted({day.version or "none" for day in days})),
            **({"note": "; ".join(notes)} if notes else {}),
        },
        check_results=[
            # Both warn: what is decided is decided by a version that was good enough, or left to a person.
            dg.AssetCheckResult(
                check_name=CHAMPION,
                passed=not refused,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"refused": dg.MetadataValue.json(refused)},
            ),
            dg.AssetCheckResult(
                check_name=ALL_DECIDED,
                passed=not without_person and not stale,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"without_golden_record": without_person, "waiting_too_long": stale},
            ),
        ],
    )
