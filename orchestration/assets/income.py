"""Income bands: evidence of the day to ``ml.income_bands``."""

import time
from typing import Any

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

INCOME_BANDS = dg.AssetKey(["ml", "income_bands"])
EVIDENCE = dg.AssetKey(["core", "income_evidence"])
DECLARED = dg.AssetKey(["core", "income_declared"])


def income_assets(has_purchases: bool) -> dg.AssetsDefinition:
    """The asset; where the portfolio knows purchases they are evidence, too."""
    deps = [EVIDENCE, DECLARED, *([dg.AssetKey(["core", "retail_income_evidence"])] if has_purchases else [])]

    @dg.asset(
        key=INCOME_BANDS,
        deps=deps,
        description="Income band of each golden record with calibrated confidence, method and main evidence; Unknown "
        "where evidence is thin.",
        group_name="profiles",
        owners=OWNERS["profiles"],
        kinds={"python", "lightgbm", "postgres"},
        retry_policy=TRANSIENT,
    )
    def income_bands(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        """Train when due, infer everybody's band as of the run's day, and measure against what was declared."""
        from ml.income.daily import infer_day
        from orchestration.partitions import run_as_of_date

        portfolio = runtime.settings.portfolio
        started = time.perf_counter()
        with (
            only_transient_retries(),
            runtime.work.measure("income"),
            runtime.exclusive("income_bands"),
            runtime.warehouse.connect(Role.ML) as connection,
        ):
            day = infer_day(
                connection,
                run_as_of_date(context, portfolio),
                tuple(portfolio.income_bracket_bounds),
                portfolio.currency,
            )
        metadata: dict[str, Any] = {
            "seconds": round(time.perf_counter() - started, 3),
            "dagster/row_count": day.people,
            "rows_written": day.written,
            "unknown": day.by_band.get("Unknown", 0),
            **{f"band_{band.lower().replace(' ', '_')}": n for band, n in day.by_band.items() if band != "Unknown"},
            "methods": dg.MetadataValue.json(day.by_method),
            "declared": day.declared,
            "model_version": day.model_version or "none",
            "trained_now": day.trained_now,
            **{name: round(value, 4) for name, value in day.figures.items()},
        }
        if day.mean_confidence is not None:
            metadata["mean_confidence"] = round(day.mean_confidence, 4)
        if day.note:
            metadata["note"] = day.note
        # Drawn once a training: the curve is the model's, and drawing costs half a second of every day.
        if day.trained_now and day.training:
            from ml.income.figures import reliability_figure
            from orchestration.pictures import picture

            figure = reliability_figure(day.training, f"Income bands, model {day.model_version}")
            metadata["reliability"] = picture(figure, "Reliability of the income bands")
        return dg.MaterializeResult(metadata=metadata)

    return income_bands
