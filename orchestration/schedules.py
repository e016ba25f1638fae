"""When jobs run by themselves: the day at its knowledge cut-off, training every month and when something has moved.

All are off until someone switches them on in the UI.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.warehouse import Role

if TYPE_CHECKING:
    import psycopg

# After the daily run of the first of a month: it trains on what that run has loaded.
TRAINING_HOUR_AFTER_CUTOFF, TRAINING_DAY = 2, 1


def daily_schedule(job: dg.JobDefinition, portfolio: Portfolio) -> dg.ScheduleDefinition:
    """Run the partition of yesterday when its knowledge cut-off has come; off until someone switches it on."""
    return dg.build_schedule_from_partitioned_job(
        job,
        name="daily_0200",
        hour_of_day=portfolio.knowledge_hour,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Yesterday's partition, once its knowledge cut-off has come.",
    )  # type: ignore[return-value]


def training_job(models: Mapping[str, dg.AssetsDefinition]) -> Any:
    """The job that trains models and nothing else; whoever starts it means it, so it trains whatever version there is.

    Parameters
    ----------
    models : mapping of str to AssetsDefinition
        The training step of each model, by the model's name; each takes the configuration ``force``.
    """
    return dg.define_asset_job(
        "train_models",
        selection=dg.AssetSelection.assets(*(key for step in models.values() for key in step.keys)),
        config=forced(models),
        description="Train and judge models on what has been loaded and built. Scores follow with the next day.",
    )


def forced(models: Mapping[str, dg.AssetsDefinition]) -> dict[str, Any]:
    """Run configuration by which each training step trains."""
    return {"ops": {step.op.name: {"config": {"force": True}} for step in models.values()}}


def training_schedule(job: Any, portfolio: Portfolio) -> dg.ScheduleDefinition:
    """Train once a month, after the daily run of the first; off until someone switches it on."""
    # A late cut-off carries it past midnight: the day after then, not the hours before that day's own cut-off.
    days, hour = divmod(portfolio.knowledge_hour + TRAINING_HOUR_AFTER_CUTOFF, 24)
    return dg.ScheduleDefinition(
        name="train_monthly",
        job=job,
        cron_schedule=f"0 {hour} {TRAINING_DAY + days} * *",
        execution_timezone=portfolio.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Training of all models on the first of a month, after the daily run.",
    )


def drift_sensor(job: Any, models: Mapping[str, dg.AssetsDefinition]) -> dg.SensorDefinition:
    """Train a model for which something has moved since its last training; off until someone switches it on.

    A drift that lasts asks once. Late sources and small volumes ask for nothing: training does not mend them.
    """

    @dg.sensor(
        name="train_on_drift",
        job=job,
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Trains a model when the drift check has alerted on something new since its last training.",
    )
    def train_on_drift(
        context: dg.SensorEvaluationContext, runtime: dg.ResourceParam[Runtime]
    ) -> dg.SensorResult | dg.SkipReason:
        with runtime.warehouse.connect(Role.ML) as connection:
            moved = {name: _moved(connection, name) for name in models}
        requests = [
            dg.RunRequest(
                run_key=f"{name}:{key}",
                asset_selection=sorted(models[name].keys),
                run_config=forced({name: models[name]}),
                tags={"assay/trains": name, "assay/because": subjects[:250]},
            )
            for name, (key, subjects) in moved.items()
            if subjects
        ]
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("nothing new has moved")

    return train_on_drift


def _moved(connection: "psycopg.Connection[Any]", model_name: str) -> tuple[str, str]:
    """A key of what has moved and no training has answered, the same while it lasts, and what that is.

    Dagster starts a run once a key: a training that fails, or finds too little to learn from, is not asked for again
    until something else moves.
    """
    from ml.registry.events import unanswered_drift

    moved = unanswered_drift(connection, model_name)
    return str(max((one.first_event_id for one in moved), default=0)), ", ".join(one.subject for one in moved)
