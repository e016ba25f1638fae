"""Daily as-of partitions and the day a run is about."""

import datetime as dt

import dagster as dg

from orchestration.portfolio import Portfolio


def daily_partitions(portfolio: Portfolio) -> dg.DailyPartitionsDefinition:
    """One partition per business day, from the portfolio's first day, in its own time zone."""
    return dg.DailyPartitionsDefinition(start_date=portfolio.start_date.isoformat(), timezone=portfolio.time_zone)


def run_as_of_date(context: dg.AssetExecutionContext, portfolio: Portfolio) -> dt.date:
    """The day the run is about, also for assets that have no partitions of their own.

    The job's partition where the run has one; else the portfolio's default day (its business date, or yesterday).
    """
    key = context.run.tags.get("dagster/partition")
    return dt.date.fromisoformat(key) if key else portfolio.default_as_of_date()


def run_is_backfill(context: dg.AssetExecutionContext) -> bool:
    """True where the run belongs to a backfill; backfills never publish."""
    tags = context.run.tags
    return "dagster/backfill" in tags or "dagster/asset_partition_range_start" in tags
