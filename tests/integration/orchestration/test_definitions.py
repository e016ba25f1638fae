"""What Dagster is told: asset keys, checks, jobs, schedules as a reviewed snapshot; imports within their budget."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_defs
from orchestration.portfolio import portfolio_names
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from orchestration.transformation.manifest import DbtProjectError
from tests.dbt import Manifests

SNAPSHOTS = Path(__file__).parent / "snapshots"

# Seconds each, and none is needed to know what there is (docs of the stack: 1.4 to 3.4 s compiled).
HEAVY = ("great_expectations", "shap", "lightgbm", "sklearn", "pyarrow", "mlflow", "splink")


@pytest.fixture(scope="module", params=portfolio_names())
def settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, manifests: Manifests
) -> Settings:
    settings = load_settings(home=tmp_path_factory.mktemp("home"), portfolio_name=request.param)
    manifests.give(settings)
    return settings


def described(settings: Settings) -> dict[str, object]:
    defs = build_defs(settings=settings)
    graph = defs.resolve_asset_graph()
    daily = defs.resolve_job_def("daily")
    training, repository = defs.resolve_job_def("train_models"), defs.get_repository_def()
    return {
        "assets": {
            key.to_user_string(): {
                "group": graph.get(key).group_name,
                "owners": sorted(graph.get(key).owners),
                "kinds": sorted(graph.get(key).kinds),
                "partitioned": graph.get(key).partitions_def is not None,
                "backfill": str(graph.get(key).backfill_policy.policy_type.value)
                if graph.get(key).backfill_policy
                else None,
            }
            for key in sorted(graph.materializable_asset_keys)
        },
        "checks": sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in graph.asset_check_keys),
        "jobs": sorted(job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")),
        "daily_steps": sorted(node.name for node in daily.nodes),
        "training_steps": sorted(node.name for node in training.nodes),
        "by_themselves": {
            one.name: f"{getattr(one, 'cron_schedule', 'sensor')}: {one.job_name}, {one.default_status.value}"
            for one in [*repository.schedule_defs, *repository.sensor_defs]
        },
    }


def test_assets_checks_jobs_and_schedules_are_the_reviewed_ones(settings: Settings) -> None:
    path = SNAPSHOTS / f"{settings.portfolio_name}.json"
    found = json.dumps(described(settings), indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), (
        "the graph changed; if that is meant, UPDATE_SNAPSHOTS=1 make test PYTEST_ARGS=tests/integration/orchestration "
        "writes the snapshot anew, for review"
    )


def test_every_asset_has_a_group_an_owner_kinds_and_a_description(settings: Settings) -> None:
    graph = build_defs(settings=settings).resolve_asset_graph()
    poor = [
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if not (graph.get(key).group_name and graph.get(key).owners and graph.get(key).kinds)
        or not (graph.get(key).description or "").strip()
    ]
    assert poor == []


def test_every_partitioned_asset_states_its_backfill_policy(settings: Settings) -> None:
    graph = build_defs(settings=settings).resolve_asset_graph()
    partitioned = [key for key in graph.materializable_asset_keys if graph.get(key).partitions_def is not None]
    assert partitioned
    assert [key for key in partitioned if graph.get(key).backfill_policy is None] == []


def test_the_schedule_runs_at_two_in_the_portfolios_zone_for_the_day_before(settings: Settings) -> None:
    defs = build_defs(settings=settings)
    schedule = defs.get_repository_def().get_schedule_def("daily_0200")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.execution_timezone == settings.portfolio.time_zone
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=settings.portfolio.knowledge_cutoff(settings.portfolio.default_as_of_date()),
            repository_def=defs.get_repository_def(),
        )
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == settings.portfolio.default_as_of_date().isoformat()


def test_the_training_job_trains_whatever_version_there_is(settings: Settings) -> None:
    job = build_defs(settings=settings).resolve_job_def("train_models")
    steps = {node.name: {"config": {"force": True}} for node in job.nodes}
    assert job.partitioned_config is None
    assert steps
    assert dg.validate_run_config(job)["ops"].keys() == steps.keys()
    assert {
        name: {"config": dict(step["config"])} for name, step in dg.validate_run_config(job)["ops"].items()
    } == steps


def test_without_a_manifest_the_definitions_say_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DbtProjectError, match="assay prepare"):
        build_defs(settings=load_settings(home=tmp_path))


def test_loading_the_definitions_imports_no_heavy_library(tmp_path: Path, manifests: Manifests) -> None:
    program = (
        "import sys, json; from orchestration.definitions import build_defs; "
        "from orchestration.settings import load_settings\n"
        "for name in sys.argv[1:]: build_defs(settings=load_settings(portfolio_name=name)).resolve_job_def('daily')\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    for name in portfolio_names():
        manifests.give(load_settings(home=tmp_path, portfolio_name=name))
    environment = {**os.environ, "ASSAY_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, *portfolio_names()], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_importing_the_definitions_module_reads_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "ASSAY_HOME": str(tmp_path / "nowhere"), "PYTHONPATH": str(PROJECT_ROOT)}
    subprocess.run([sys.executable, "-c", "import orchestration.definitions"], env=environment, check=True)
    assert not (tmp_path / "nowhere").exists()
