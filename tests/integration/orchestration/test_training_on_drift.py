"""The sensor asks for a training of the model that something has moved for, once."""

import datetime as dt

import dagster as dg
import pytest

from ml import registry
from ml.registry.events import record_event
from orchestration.assets.default_models import default_models, model_assets
from orchestration.runtime import Runtime
from orchestration.schedules import drift_sensor, training_job
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.test_model_kinds import Plain

NAME = "predelinquency_30d"


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


def test_an_alert_requests_the_training_of_its_model_and_lateness_does_not(warehouse: Warehouse, requests) -> None:
    with warehouse.connect(Role.ML) as connection:
        version = registry.register(connection, Named("x"))
        registry.set_alias(connection, NAME, "champion", version, set_by="test")

    def alert(subject: str) -> None:
        with warehouse.connect(Role.ML) as connection:
            record_event(connection, NAME, "drift_alert", acted_by="test", reason="moved", from_version=version,
                         as_of_date=dt.date(2026, 9, 30), subject=subject)  # fmt: skip

    alert("core_banking bureau days_late")
    assert requests() == []
    alert("income_last csi")
    (request,) = requests()
    assert request.asset_selection == [dg.AssetKey(["ml", NAME])]
    assert request.run_config == {"ops": {"predelinquency_model": {"config": {"force": True}}}}
    assert request.tags["assay/because"] == "income_last csi"
    assert requests()[0].run_key == request.run_key
    with warehouse.connect(Role.ML) as connection:
        record_event(connection, NAME, "trained", acted_by="training", reason="drift", to_version=version)
    assert requests() == []
