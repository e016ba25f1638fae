"""Experiments on the embedded server: recorded once, readable, moved by alias, and never in a training's way."""

import dataclasses
import json
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
import pytest
from typer.testing import CliRunner

from ml.delinquency import Candidate, LogisticSettings, TrainedModel, TrainingConfig, train
from ml.delinquency.report import Report, ReportConfig, build_report
from ml.delinquency.version_files import version_files
from ml.tracking import Tracker
from ml.tracking.figures import figures_of, params_of
from orchestration.cli.app import app
from orchestration.model_card import model_metadata
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.tracking import artifact_folder, move_alias, record_model, tracker
from orchestration.warehouse import Warehouse

VERSION = "123456789012"  # digits only, as one in three hundred is


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame({"stress": generator.normal(size=200), "noise": generator.normal(size=200)})
    frame["is_bad"] = generator.random(200) < 1 / (1 + np.exp(1.5 - 2 * frame["stress"]))
    config = TrainingConfig(
        candidates=(Candidate("logistic", (LogisticSettings(0.1),)),),
        repeats=1,
        outer_folds=3,
        inner_folds=2,
        resamples=50,
    )
    return train(frame, "is_bad", features=["stress", "noise"], config=config)


@pytest.fixture(scope="module")
def report(model: TrainedModel) -> Report:
    return build_report(model, config=ReportConfig(resamples=30, slice_resamples=20))


@pytest.fixture(scope="module")
def runtime(template_settings: Settings, template_warehouse: Warehouse) -> Runtime:
    """The embedded server as it is, with its own database for MLflow."""
    assert template_warehouse.is_embedded
    return Runtime(template_settings)


@pytest.fixture(scope="module")
def recorded(runtime: Runtime, model: TrainedModel, report: Report) -> dict[str, str]:
    return record_model(runtime, model, VERSION, report, aliases=["champion"])


def test_a_version_is_recorded_with_figures_card_and_text_and_without_pickle(
    runtime: Runtime, model: TrainedModel, report: Report, recorded: dict[str, str]
) -> None:
    assert list(recorded) == ["mlflow_run"], recorded
    (found,) = tracker(runtime).runs()
    assert (found.model_name, found.model_version, found.run_id) == (model.model_name, VERSION, recorded["mlflow_run"])
    assert found.auc == pytest.approx(report.interval("auc").value)
    assert found.calibration_slope == pytest.approx(report.interval("calibration_slope").value)
    assert found.aliases == ("champion",)
    folder = artifact_folder(runtime) / model.model_name / found.run_id / "artifacts"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {"model/model.json", "card/card.md", "card/report.json", "card/reliability.png", "card/gains.png"}
    text = (folder / "model" / "model.json").read_text(encoding="utf-8")
    assert TrainedModel.from_artifact(text, model.sha256).artifact == model.artifact
    assert json.loads((folder / "card" / "report.json").read_text())["sha256"] == model.sha256


def test_parameters_and_figures_are_there_to_compare_runs_by(
    runtime: Runtime, report: Report, recorded: dict[str, str]
) -> None:
    from mlflow import MlflowClient

    run = MlflowClient(tracking_uri=tracker(runtime).uri).get_run(recorded["mlflow_run"])
    assert run.data.params["algorithm"] == "logistic"
    assert run.data.params["config_outer_folds"] == "3"
    assert run.data.params["window_rows"] == "200"
    assert run.data.metrics["auc_low"] == pytest.approx(report.interval("auc").low)
    assert {"brier_skill", "ece_high", "health_score", "gate_passed", "base_rate"} <= set(run.data.metrics)


def test_recording_a_version_twice_changes_nothing(
    runtime: Runtime, model: TrainedModel, report: Report, recorded: dict[str, str]
) -> None:
    assert record_model(runtime, model, VERSION, report) == recorded
    assert len(tracker(runtime).runs()) == 1


def test_an_alias_moves_and_an_unrecorded_version_is_told(
    runtime: Runtime, model: TrainedModel, report: Report, recorded: dict[str, str]
) -> None:
    try:
        assert list(record_model(runtime, model, "abcdefabcdef", report)) == ["mlflow_run"]
        assert move_alias(runtime, model.model_name, "champion", "abcdefabcdef") == {}
        aliases = {run.model_version: run.aliases for run in tracker(runtime).runs()}
        assert aliases == {"abcdefabcdef": ("champion",), VERSION: ()}
        warning = move_alias(runtime, model.model_name, "champion", "000000000000")["tracking_warning"]
        assert "version 000000000000 of origination_pd was never recorded" in warning
        assert [run.model_version for run in tracker(runtime).runs(most=1)] == ["abcdefabcdef"]
        assert tracker(runtime).runs(model_name="another") == []
    finally:
        move_alias(runtime, model.model_name, "champion", VERSION)


def test_the_command_lists_versions_as_they_are(
    runtime: Runtime, recorded: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(runtime.settings.home))
    monkeypatch.setenv("COLUMNS", "200")
    told = CliRunner().invoke(app, ["experiments"])
    assert told.exit_code == 0, told.output
    assert VERSION in told.output
    assert "champion" in told.output
    assert "No version of nobody was recorded" in CliRunner().invoke(app, ["experiments", "--model", "nobody"]).output


def test_the_bi_login_can_not_enter_the_experiments(runtime: Runtime, recorded: dict[str, str]) -> None:
    beside = dataclasses.replace(runtime.warehouse, database=f"mlflow_{runtime.settings.portfolio_name}")
    with beside.connect() as connection:
        assert connection.execute("select count(*) > 0 from runs").fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(beside.bi_conninfo())
    with runtime.warehouse.connect() as connection:
        tables = connection.execute("select count(*) from pg_tables where tablename = 'experiments'").fetchone()
    assert tables == (0,)  # MLflow's tables are there and nowhere else


def test_a_server_that_can_not_be_reached_is_a_warning_without_its_password(
    runtime: Runtime, model: TrainedModel, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow would try for a minute and more.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    password = "p@ss/word"
    lost = f"postgresql+psycopg2://somebody:{quote(password, safe='')}@127.0.0.1:1/nowhere"
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)
    for url in (lost, "http://127.0.0.1:1"):
        settings = load_settings(home=runtime.settings.home, mlflow_url=url)
        told = record_model(Runtime(settings), model, VERSION, report)
        assert list(told) == ["tracking_warning"]
        assert told["tracking_warning"].startswith("not recorded in MLflow: ")
        assert password not in told["tracking_warning"]
        assert quote(password, safe="") not in told["tracking_warning"]


def test_a_run_that_broke_off_is_recorded_anew(model: TrainedModel, report: Report, tmp_path: Path) -> None:
    elsewhere = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "files")
    told = {"figures": figures_of(report), "params": params_of(model)}
    with pytest.raises(FileNotFoundError, match=r"holds no card\.md"):
        elsewhere.record(model, VERSION, tmp_path, **told)
    card = tmp_path / "card"
    card.mkdir()
    (card / "card.md").write_text("# Card\n", encoding="utf-8")
    (tmp_path / "files").write_text("in the way of the folder", encoding="utf-8")
    with pytest.raises(OSError, match="files"):
        elsewhere.record(model, VERSION, card, **told)
    assert elsewhere.runs() == []
    (tmp_path / "files").unlink()
    first = elsewhere.record(model, VERSION, card, aliases=["champion"], **told)
    assert [run.run_id for run in elsewhere.runs()] == [first.run_id]
    assert first.aliases == ("champion",)


def test_a_training_s_materialisation_carries_card_figures_and_run(
    runtime: Runtime, model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = build_report(model, config=ReportConfig(resamples=20, slice_resamples=10))
    files = version_files(model, report, [])
    told = model_metadata(runtime, model, "feedfeedfeed", report, files=files)
    assert list(told) == ["model_card", "groups", "auc_interval", "calibration_slope_interval", "mlflow_run"]
    assert isinstance(told["model_card"], dg.MarkdownMetadataValue)
    assert told["model_card"].value.startswith("# Model card: origination")
    assert "data:image/png;base64," in told["model_card"].value
    kept = artifact_folder(runtime) / model.model_name / told["mlflow_run"] / "artifacts"
    assert {name: (kept / name).read_text(encoding="utf-8") for name in files} == files
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    unreachable = load_settings(home=runtime.settings.home, mlflow_url="http://127.0.0.1:1")
    told = model_metadata(Runtime(unreachable), model, "feedfeedfeed", report)
    assert list(told)[-1] == "tracking_warning"
