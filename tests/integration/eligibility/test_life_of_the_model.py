"""A version is trained when there is enough new, judged by gates, kept with its files, refused when it was changed."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import psycopg
import pytest
from mlflow import MlflowClient

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.eligibility import decide
from ml.eligibility.applications import STATED, read_decided, read_open
from ml.eligibility.days import ReviewShares, decide_day
from ml.eligibility.lifecycle import champion_or_train
from ml.eligibility.registered import MODEL_NAME, artifacts, judge, load
from ml.registry import UnknownModelError
from ml.registry.lookup import alias_version
from ml.registry.promotion import challenge, rollback
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.tracking import artifact_folder, record_eligibility, tracker
from orchestration.warehouse import Role
from tests.integration.eligibility.conftest import OTHER, QUICK, Agency
from tests.integration.eligibility.registry import CUTOFF, DAY, DECIDED, OPEN, known

TRY_ALIAS_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('ml.model_aliases:' || %s, 0))"


def test_the_first_version_passes_its_gates_and_becomes_champion_with_its_files(agency: Agency, connection) -> None:
    trained = agency.trained
    assert (trained.trained_now, trained.is_champion, trained.rows, trained.message) == (True, True, DECIDED, None)
    assert [result.name for result in trained.gate if not result.passed] == []
    assert {result.name for result in trained.gate} >= {
        "auc_lower_bound", "calibration_slope", "policy", "not_worse_than_champion", "fairness_false_negative_rate",
        "explanation_time", "readable_applications",
    }  # fmt: skip
    files = artifacts(connection, agency.version)
    assert set(files) == {"feature_meta.json", "metrics.json", "report.md"}
    assert json.loads(files["metrics.json"])["artifact_sha256"].startswith(agency.version)
    assert [fact["name"] for fact in json.loads(files["feature_meta.json"])["features"]] == list(STATED)
    assert "| sex | female |" in files["report.md"]
    heldout = connection.execute("select count(*), count(distinct gr_id) from ml.heldout_scores").fetchone()
    assert heldout == (DECIDED, DECIDED)


def test_the_model_never_sees_whom_it_is_judged_on(agency: Agency, connection) -> None:
    model = load(connection, agency.version)
    assert set(model.columns) == set(STATED)
    refused = model.metadata["refused_columns"]
    assert set(refused) == {"sex", "age_band", "region", "disability", "household_type"}
    frame = read_open(connection, DAY, CUTOFF).frame
    before = decide(model, frame[["eid", *STATED]])
    connection.execute("update core.applicant_groups set sex = 'male', region = 'x', household_type = null")
    assert decide(model, read_open(connection, DAY, CUTOFF).frame[["eid", *STATED]]).equals(before)


def test_equal_data_and_settings_give_the_same_bytes_and_are_trained_once(agency: Agency, connection) -> None:
    again = champion_or_train(connection, DAY, CUTOFF, QUICK)
    assert (again.trained_now, again.version, again.is_champion) == (False, agency.version, True)
    (artifact,) = connection.execute("select artifact from ml.models").fetchone()
    for table in ("model_artifacts", "heldout_scores", "model_aliases", "models"):
        connection.execute(f"delete from ml.{table}")  # type: ignore[arg-type]
    anew = champion_or_train(connection, DAY, CUTOFF, QUICK)
    assert (anew.trained_now, anew.version) == (True, agency.version)
    assert connection.execute("select artifact from ml.models").fetchone() == (artifact,)


def decide_some(connection: psycopg.Connection, count: int, known_at: dt.datetime | None = None) -> None:
    """Outcomes of so many of the open applications."""
    connection.execute(
        "update core.eligibility_applications set decided_on = %s, is_eligible = (total_debt_amount > 9000), "
        "known_at = coalesce(%s, known_at) where eid in (select eid from core.eligibility_applications "
        "where row_hash = 'made' and superseded_at is null order by eid limit %s)",
        (DAY, known_at, count),
    )


def test_little_new_is_no_reason_to_train_and_four_weeks_are(agency: Agency, connection) -> None:
    later, cutoff = DAY + dt.timedelta(days=40), CUTOFF + dt.timedelta(days=40)
    decide_some(connection, 5)
    kept = champion_or_train(connection, later, cutoff, QUICK)
    assert (kept.trained_now, kept.version) == (False, agency.version)
    assert f"{DECIDED} outcomes, there are {DECIDED + 5} now" in str(kept.message)
    decide_some(connection, 5, cutoff)
    # The newest outcome is more than four weeks younger than the newest one learnt from.
    assert champion_or_train(connection, later, cutoff, QUICK).trained_now


def test_after_a_rollback_little_new_is_no_reason_to_train_either(agency: Agency, connection) -> None:
    second = champion_or_train(connection, DAY, CUTOFF, OTHER)
    assert second.is_champion
    rollback(connection, MODEL_NAME, by="me", why="complaints")
    decide_some(connection, 1)
    kept = champion_or_train(connection, DAY, CUTOFF, OTHER)
    assert (kept.trained_now, kept.version, kept.is_champion) == (False, agency.version, True)


def test_a_failed_candidate_is_judged_again_and_not_trained_again(agency: Agency, connection) -> None:
    strict = dataclasses.replace(OTHER, required_characteristics=("disability",))
    failed = champion_or_train(connection, DAY, CUTOFF, strict)
    assert not failed.is_champion
    decide_some(connection, 1)
    again = champion_or_train(connection, DAY, CUTOFF, strict)
    assert (again.trained_now, again.version, again.is_champion) == (False, failed.version, False)
    connection.execute(
        "update core.applicant_groups set disability = case when gr_id < 'g4' then 'registered' else 'none' end"
    )
    assert champion_or_train(connection, DAY, CUTOFF, strict).is_champion, "groups are known now"


def test_limits_that_change_no_byte_reach_the_gates(agency: Agency, connection) -> None:
    strict = dataclasses.replace(QUICK, required_characteristics=("disability",))
    for config in (strict, QUICK):
        outcome = champion_or_train(connection, DAY, CUTOFF, config)
        assert (outcome.trained_now, outcome.version) == (True, agency.version)
        told = {gate.name for gate in judge(connection, agency.version, DAY) if not gate.passed}
        assert told == ({"fairness_measured"} if config is strict else set())
        gates = json.loads(artifacts(connection, agency.version)["metrics.json"])["gates"]
        assert {gate["name"] for gate in gates if not gate["passed"]} == told
    decide_some(connection, 1)
    assert not champion_or_train(connection, DAY, CUTOFF, QUICK).trained_now


def test_nobody_moves_the_alias_between_the_verdict_and_the_promotion(agency: Agency, connection, monkeypatch) -> None:
    free = []

    def judged(*args, **kwargs):
        with agency.warehouse.connect(Role.ML) as other:
            free.extend(other.execute(TRY_ALIAS_LOCK, (MODEL_NAME,)).fetchone() or ())
        return judge(*args, **kwargs)

    monkeypatch.setattr("ml.eligibility.lifecycle.judge", judged)
    assert champion_or_train(connection, DAY, CUTOFF, OTHER).is_champion
    assert free == [False]


def test_a_tenth_less_outcomes_are_enough_to_train_anew(agency: Agency, connection) -> None:
    gone = "select eid from core.eligibility_applications where row_hash = 'decided' order by known_at limit %s"
    for more, trains in ((70, False), (1, True)):
        connection.execute(f"delete from core.eligibility_applications where eid in ({gone})", (more,))
        assert champion_or_train(connection, DAY, CUTOFF, QUICK).trained_now is trains


def test_a_version_that_fails_a_gate_stays_a_candidate(agency: Agency, connection) -> None:
    strict = dataclasses.replace(OTHER, required_characteristics=("disability",))
    outcome = champion_or_train(connection, DAY, CUTOFF, strict)
    assert outcome.trained_now
    assert not outcome.is_champion
    assert "it failed fairness_measured" in str(outcome.message)
    assert alias_version(connection, MODEL_NAME) == agency.version
    failed = [result.name for result in judge(connection, outcome.version, None) if not result.passed]
    assert failed == ["fairness_measured"]
    connection.execute("delete from ml.heldout_scores where model_version = %s", (agency.version,))
    failed = [result.name for result in judge(connection, agency.version, DAY) if not result.passed]
    assert failed == ["fairness_measured"], "nothing known is no pass"


def test_files_that_were_never_kept_are_said_to_be_missing(agency: Agency, connection) -> None:
    assert artifacts(connection, agency.version)
    connection.execute("delete from ml.model_artifacts")
    with pytest.raises(ArtifactError, match=f"no file of eligibility {agency.version} was kept"):
        artifacts(connection, agency.version)


def test_the_fairness_gate_counts_people_and_not_their_applications(agency: Agency, connection) -> None:
    connection.execute("update ml.heldout_scores set gr_id = 'g' || mod(substr(gr_id, 2)::integer, 40)")
    (measured,) = (gate for gate in judge(connection, agency.version, DAY) if gate.name == "fairness_measured")
    assert not measured.passed
    assert "sex: 0 groups" in str(measured.value)


def test_a_failed_training_leaves_the_challenger_that_a_person_chose(agency: Agency, connection) -> None:
    second = str(champion_or_train(connection, DAY, CUTOFF, OTHER).version)
    rollback(connection, MODEL_NAME, by="me", why="complaints")
    challenge(connection, MODEL_NAME, second, by="ann", why="to watch it")
    strict = dataclasses.replace(QUICK, required_characteristics=("disability",), max_missing_share=0.41)
    failed = champion_or_train(connection, DAY, CUTOFF, strict)
    assert f"ann has chosen {second} as challenger" in str(failed.message)
    assert alias_version(connection, MODEL_NAME, "challenger") == second
    connection.execute("delete from ml.model_aliases where alias = 'challenger'")
    failed = champion_or_train(connection, DAY, CUTOFF, strict)
    assert alias_version(connection, MODEL_NAME, "challenger") == failed.version


@pytest.mark.parametrize("harm", ["checksum", "policy"])
def test_a_refused_champion_leaves_the_last_good_one_deciding_and_is_told(agency: Agency, connection, harm) -> None:
    second = champion_or_train(connection, DAY, CUTOFF, OTHER)
    assert second.is_champion
    if harm == "checksum":
        change = "artifact = replace(artifact, '\"review\"', '\"review\" ')"
    else:
        change = (
            "artifact = replace(artifact, 'support/1', 'support/0'), "
            "artifact_sha256 = encode(sha256(convert_to(replace(artifact, 'support/1', 'support/0'), 'UTF8')), 'hex')"
        )
    connection.execute(f"update ml.models set {change} where model_version = %s", (second.version,))  # type: ignore[arg-type]
    with pytest.raises(ArtifactError if harm == "checksum" else SchemaMismatchError):
        load(connection, str(second.version))
    day = decide_day(connection, DAY, CUTOFF)
    assert day.version == agency.version
    assert [str(second.version) in why for why in day.refused] == [True]
    event = "select from_version, to_version from ops.model_events where action = 'refused'"
    assert connection.execute(event).fetchall() == [(second.version, agency.version)]
    # Training gives the same bytes and mends it, also where little is new; with nobody left, a person decides.
    outcome = champion_or_train(connection, DAY, CUTOFF, OTHER)
    assert (outcome.version, outcome.trained_now, outcome.is_champion) == (second.version, True, True)
    assert decide_day(connection, DAY, CUTOFF).version == second.version
    connection.execute("update ml.models set artifact = artifact || ' '")
    day = decide_day(connection, DAY, CUTOFF)
    assert (day.version, day.decisions) == (None, {"REVIEW": OPEN})
    assert len(day.refused) == 2


def test_a_sole_champion_that_was_changed_is_trained_anew_on_any_day(agency: Agency, connection) -> None:
    for after, asked in ((0, None), (0, "by hand"), (5, None)):
        connection.execute("update ml.models set artifact = artifact || ' '")
        decide_some(connection, after)
        day = DAY + dt.timedelta(days=after)
        mended = champion_or_train(connection, day, CUTOFF + (day - DAY), QUICK, asked=asked)
        assert mended.is_champion
        assert decide_day(connection, day, CUTOFF + (day - DAY)).refused == ()


def test_changed_files_and_unknown_versions_are_refused(agency: Agency, connection) -> None:
    connection.execute("update ml.model_artifacts set content = content || ' ' where name = 'report.md'")
    with pytest.raises(ArtifactError, match=r"report\.md .* was changed"):
        artifacts(connection, agency.version)
    for asked in (load, artifacts, lambda session, version: judge(session, version, DAY)):
        with pytest.raises(UnknownModelError, match=agency.version):
            asked(connection, "0123456789ab")


def test_a_day_before_the_newest_outcome_is_decided_in_retrospect_and_says_so(agency: Agency, connection) -> None:
    day = dt.date(2026, 5, 1)
    decided = decide_day(connection, day, known(day), ReviewShares(declined=1.0, approved=1.0))
    assert decided.decisions["SOFT_DECLINE"] > 0
    assert decided.drawn == 0, "nobody acts on a look back"
    told = connection.execute(
        "select distinct is_retrospective from ml.eligibility_decisions where score_status = 'scored'"
    )
    assert told.fetchall() == [(True,)]


def test_too_few_outcomes_are_told_and_fail_nothing(agency: Agency, connection: psycopg.Connection) -> None:
    for table in ("model_artifacts", "heldout_scores", "model_aliases", "models"):
        connection.execute(f"delete from ml.{table}")  # type: ignore[arg-type]
    for left in (15, 0):
        connection.execute(
            "delete from core.eligibility_applications where eid not in "
            "(select eid from core.eligibility_applications where row_hash = 'decided' order by eid limit %s)",
            (left,),
        )
        assert len(read_decided(connection, DAY, CUTOFF)[0]) == left
        outcome = champion_or_train(connection, DAY, CUTOFF, QUICK)
        assert (outcome.version, outcome.rows, outcome.trained_now) == (None, left, False)
        assert "not trained: too few outcomes" in str(outcome.message)
        assert [result.passed for result in outcome.gate] == [True]


def test_a_version_is_tracked_with_figures_settings_and_files_and_mlflow_away_is_a_warning(
    agency: Agency, template_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection
) -> None:
    model, files = agency.trained.model, artifacts(connection, agency.version)
    assert model is not None
    # Away from the experiments that other tests count.
    runtime = Runtime(load_settings(home=template_settings.home, mlflow_url=f"sqlite:///{tmp_path / 'mlflow.db'}"))
    told = record_eligibility(runtime, model, agency.version, files, aliases=["champion"])
    assert list(told) == ["mlflow_run"], told
    (found,) = tracker(runtime).runs(model_name=MODEL_NAME)
    assert (found.model_version, found.aliases) == (agency.version, ("champion",))
    assert found.auc == pytest.approx(model.metadata["metrics"]["auc"])
    run = MlflowClient(tracking_uri=tracker(runtime).uri).get_run(found.run_id)
    assert run.data.metrics["auc_low"] < run.data.metrics["auc"] < run.data.metrics["auc_high"]
    assert (run.data.params["policy"], run.data.params["window_rows"]) == ("support/1", str(DECIDED))
    assert run.data.params["config_fairness_min_group_size"] == str(QUICK.fairness.min_group_size)
    kept = artifact_folder(runtime) / MODEL_NAME / found.run_id / "artifacts"
    assert {name: (kept / name).read_text(encoding="utf-8") for name in files} == files
    assert (kept / "card" / "card.md").read_text(encoding="utf-8") == files["report.md"]
    text = (kept / "model" / "model.json").read_text(encoding="utf-8")
    assert type(model).from_artifact(text, model.sha256).version == agency.version
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = load_settings(home=template_settings.home, mlflow_url="http://127.0.0.1:1")
    assert list(record_eligibility(Runtime(away), model, agency.version, files)) == ["tracking_warning"]
