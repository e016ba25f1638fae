"""When a training is asked for: by the month, or once for what has moved and no training has answered."""

import datetime as dt

import dagster as dg
import psycopg
import pytest

from ml import registry
from ml.registry.events import QUIET_DAYS, record_event, unanswered_drift
from orchestration.assets.default_models import default_models, model_assets
from orchestration.runtime import Runtime
from orchestration.schedules import drift_sensor, training_job, training_schedule
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.test_model_kinds import Plain

NAME = "predelinquency_30d"
FIRST = dt.date(2026, 9, 30)


class Named(Plain):
    model_name = NAME


@pytest.fixture
def requests(warehouse_settings: Settings):
    runtime = Runtime(warehouse_settings)
    portfolio = warehouse_settings.portfolio
    models = dict(zip(default_models(portfolio), model_assets(portfolio), strict=True))
    sensor = drift_sensor(training_job(models), models)

    def evaluate() -> list[dg.RunRequest]:
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance, resources={"runtime": runtime})
            return list(sensor.evaluate_tick(context).run_requests or [])

    return evaluate


@pytest.fixture
def version(warehouse: Warehouse) -> str:
    """Champion, without ever having been trained."""
    with warehouse.connect(Role.ML) as connection:
        version = registry.register(connection, Named("x"))
        registry.set_alias(connection, NAME, "champion", version, set_by="test")
    return version


def alert(connection: psycopg.Connection, version: str, day: int, subject: str = "income_last csi") -> None:
    record_event(connection, NAME, "drift_alert", acted_by="test", reason="moved", from_version=version,
                 as_of_date=FIRST + dt.timedelta(days=day), subject=subject)  # fmt: skip


def trained(connection: psycopg.Connection, version: str, day: int) -> None:
    record_event(connection, NAME, "trained", acted_by="training", reason="any", to_version=version,
                 as_of_date=FIRST + dt.timedelta(days=day))  # fmt: skip


def watched(connection: psycopg.Connection, version: str, days: range) -> None:
    """Days on which nothing was told."""
    connection.cursor().executemany(
        "insert into ml.model_monitoring (model_name, model_version, as_of_date, subject_kind, subject, measure, "
        "level, rows_actual) values (%s, %s, %s, 'feature', 'income_last', 'csi', 'ok', 1)",
        [(NAME, version, FIRST + dt.timedelta(days=day)) for day in days],
    )


def test_an_alert_requests_the_training_of_its_model_once_and_lateness_does_not(
    warehouse: Warehouse, version: str, requests
) -> None:
    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 0, "core_banking bureau days_late")
    assert requests() == []
    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 0)
    (request,) = requests()
    assert request.asset_selection == [dg.AssetKey(["ml", NAME])]
    assert request.run_config == {"ops": {"predelinquency_model": {"config": {"force": True}}}}
    assert request.tags["assay/because"] == "income_last csi"
    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 1)
    assert requests()[0].run_key == request.run_key, "a training that failed is not asked for again every day"
    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 1, "score psi")
    assert requests()[0].run_key != request.run_key, "something else has moved"
    with warehouse.connect(Role.ML) as connection:
        trained(connection, version, 1)
    assert requests() == []


def test_a_training_as_of_a_day_before_a_drift_does_not_answer_it(warehouse: Warehouse, version: str) -> None:
    def moved() -> list[str]:
        return [one.subject for one in unanswered_drift(connection, NAME)]

    with warehouse.connect(Role.ML) as connection:
        trained(connection, version, 5)
        alert(connection, version, 5)
        assert moved() == ["income_last csi"], "that training had not been told of it"
        trained(connection, version, 4)
        assert moved() == ["income_last csi"]
        trained(connection, version, 5)
        assert moved() == ["income_last csi"], "the same once more has learnt nothing of it"
        trained(connection, registry.register(connection, Named("y")), 5)
        assert moved() == []
        alert(connection, version, 3, "score psi")
        assert moved() == [], "told late of a day that a training has already passed"


def test_a_day_that_runs_again_knows_nothing_of_later_alerts(warehouse: Warehouse, version: str) -> None:
    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 5)
        days = [bool(unanswered_drift(connection, NAME, before=FIRST + dt.timedelta(days=day))) for day in (0, 5, 6)]
        assert days == [False, False, True]


def test_quiet_days_end_a_drift_and_the_next_one_asks_anew(warehouse: Warehouse, version: str) -> None:
    def moved() -> int:
        return len(unanswered_drift(connection, NAME))

    with warehouse.connect(Role.ML) as connection:
        alert(connection, version, 0)
        trained(connection, version, 0)
        watched(connection, version, range(1, QUIET_DAYS))
        alert(connection, version, QUIET_DAYS)
        assert moved() == 0, "one day quiet too few: the same drift"
        watched(connection, version, range(QUIET_DAYS + 1, 2 * QUIET_DAYS + 1))
        alert(connection, version, 2 * QUIET_DAYS + 1)
        assert moved() == 1
        watched(connection, version, range(2 * QUIET_DAYS + 2, 3 * QUIET_DAYS + 2))
        assert moved() == 0, "it has ended by itself"


def test_the_monthly_training_follows_the_daily_run_of_the_first_whatever_its_hour(
    warehouse_settings: Settings,
) -> None:
    portfolio = warehouse_settings.portfolio
    job = training_job(dict(zip(default_models(portfolio), model_assets(portfolio), strict=True)))
    for cutoff, cron in ((2, "0 4 1 * *"), (21, "0 23 1 * *"), (22, "0 0 2 * *"), (23, "0 1 2 * *")):
        schedule = training_schedule(job, portfolio.model_copy(update={"knowledge_hour": cutoff}))
        assert schedule.cron_schedule == cron
