"""When the daily job runs: one schedule, at the knowledge cut-off of the day before, in the portfolio's zone."""

import dagster as dg

from orchestration.portfolio import Portfolio


def daily_schedule(job: dg.JobDefinition, portfolio: Portfolio) -> dg.ScheduleDefinition:
    """Run the partition of yesterday when its knowledge cut-off has come; off until someone switches it on."""
    return dg.build_schedule_from_partitioned_job(
        job,
        name="daily_0200",
        hour_of_day=portfolio.knowledge_hour,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Yesterday's partition, once its knowledge cut-off has come.",
    )  # type: ignore[return-value]
