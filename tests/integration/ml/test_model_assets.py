"""Default models in Dagster: forced trainings keep files, refused artefacts fail a check and no run."""

import dagster as dg
import pytest

from ml.registry.artifacts import read_artifacts
from orchestration.assets.default_models import CHAMPIONS, GATE, model_assets, score_assets
from orchestration.partitions import daily_partitions
from orchestration.portfolio import load_portfolio
from orchestration.runtime import Runtime
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.lives import SLACK
from tests.integration.ml.test_model_refusals import harm
from tests.integration.ml.test_registry_and_scores import DAY, NAME

# Without instalments: of the default models only that of applicants.
BANK = load_portfolio("eagle_bank")


@pytest.fixture
def runtime(warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = warehouse_settings.model_copy(update={"mlflow_url": "http://127.0.0.1:1"})
    return Runtime(away, SLACK)


def materialize(assets: dg.AssetsDefinition, runtime: Runtime, **options: object) -> dg.ExecuteInProcessResult:
    return dg.materialize([assets], resources={"runtime": runtime}, **options)  # type: ignore[arg-type]


def test_a_refused_champion_fails_the_check_and_the_last_good_one_scores(
    warehouse: Warehouse, runtime: Runtime, versions: tuple[str, str]
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        harm(connection, "another checksum", second)
    scores = score_assets(daily_partitions(BANK), BANK)
    result = materialize(scores, runtime, partition_key=DAY.isoformat())
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.severity) == (CHAMPIONS, False, dg.AssetCheckSeverity.WARN)
    assert second in str(check.metadata[NAME].value)
    with warehouse.connect() as connection:
        assert connection.execute("select distinct model_version from ml.scores").fetchall() == [(first,)]


def test_a_forced_training_trains_whatever_version_there_is_and_keeps_its_files(
    warehouse: Warehouse, runtime: Runtime, versions: tuple[str, str]
) -> None:
    _, second = versions
    (step,) = model_assets(BANK)
    told = materialize(step, runtime).asset_materializations_for_node("origination_model")[0].metadata
    assert (told["trained_now"].value, told["model_version"].value) == (False, second)
    forced = {"ops": {"origination_model": {"config": {"force": True}}}}
    result = materialize(step, runtime, run_config=forced)
    told = result.asset_materializations_for_node("origination_model")[0].metadata
    assert told["trained_now"].value is True
    version = str(told["model_version"].value)
    assert told["note"].value == "trained on request (by hand)"
    assert "## Groups" in told["groups"].value
    (check,) = result.get_asset_check_evaluations()
    assert check.check_name == GATE
    assert "fairness_measured" in check.metadata
    with warehouse.connect() as connection:
        assert set(read_artifacts(connection, NAME, version)) == {"feature_meta.json", "metrics.json", "report.md"}
