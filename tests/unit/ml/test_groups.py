"""A default model by groups: what counts as selected, when the gate fails, and what no model may learn from."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import Candidate, LogisticSettings, TrainedModel, TrainingConfig, train
from ml.delinquency.card_fairness import fairness_section
from ml.delinquency.fairness import fairness_gates, fairness_of, protected_features
from ml.delinquency.report import ReportConfig, build_report
from ml.delinquency.version_files import version_files
from ml.evaluate import GateResult
from ml.fairness import group_rates
from ml.features.catalogue import load_catalogue


@dataclass
class Judged:
    """As much of a model as its fairness is measured on."""

    outcomes: pd.DataFrame
    metadata: dict[str, Any] = field(default_factory=dict)


def judged(
    overlooked: float, people: int = 2000, rows: int = 1, seed: int = 3
) -> tuple[Judged, pd.DataFrame, pd.Series]:
    """Defaults of women are flagged less often by ``overlooked``; each person has as many equal rows."""
    rng = np.random.default_rng(seed)
    bad, sex = rng.random(people) < 0.3, rng.choice(["female", "male"], people)
    flagged = rng.random(people) < np.where(bad, 0.8 - overlooked * (sex == "female"), 0.1)
    at = np.repeat(np.arange(people), rows)
    outcomes = pd.DataFrame({"target": bad[at].astype(int), "probability": np.where(flagged[at], 0.5, 0.01)})
    return Judged(outcomes), pd.DataFrame({"sex": sex[at]}), pd.Series(at)


def failed(model: Judged, groups: pd.DataFrame, people: pd.Series) -> set[str]:
    told = fairness_of(model, groups, people, 0.2)  # type: ignore[arg-type]
    return {gate["name"] for gate in told["gates"] if not gate["passed"]}


def test_a_group_whose_defaults_are_surely_overlooked_fails_the_gate() -> None:
    assert failed(*judged(0.0)) == set()
    assert failed(*judged(0.3)) == {"fairness_false_negative_rate"}


def test_rows_of_one_person_are_no_further_evidence() -> None:
    unsure = judged(0.15, people=240, seed=11)
    assert failed(*unsure) == set()
    # The same people thirty times over: surer of nothing, though as many strangers would be.
    model, groups, people = judged(0.15, people=240, rows=30, seed=11)
    assert failed(model, groups, people) == set()
    assert failed(model, groups, pd.Series(np.arange(len(people)))) != set()
    y, flagged, group = unsure[0].outcomes["target"], unsure[0].outcomes["probability"] > 0.2, unsure[1]
    once = group_rates(y, flagged, group)
    again = [pd.concat([one] * 30, ignore_index=True) for one in (y, flagged, group)]
    who = np.tile(np.arange(240), 30)
    often = group_rates(*again, people=who)
    for name in ("false_negative_rate", "selection_rate"):
        widths = [(table[f"{name}_high"] - table[f"{name}_low"]).to_numpy() for table in (once, often)]
        assert widths[1] == pytest.approx(widths[0], rel=0.02)
    assert often["n_people"].tolist() == once["n"].tolist()


def test_groups_of_fewer_than_a_hundred_people_are_counted_and_block_nothing() -> None:
    model, groups, people = judged(0.6, people=150)
    told = fairness_of(model, groups, people, 0.2)  # type: ignore[arg-type]
    assert (told["rates"], told["small_groups"]) == ([], {"sex": 2})
    assert [(gate["name"], gate["passed"]) for gate in told["gates"]][-1] == ("fairness_measured", True)
    json.dumps(told, allow_nan=False)


def test_a_version_of_before_groups_were_looked_at_does_not_pass() -> None:
    assert [one.passed for one in fairness_gates(Judged(pd.DataFrame()))] == [False]  # type: ignore[arg-type]


def test_no_feature_of_the_catalogue_is_a_protected_characteristic() -> None:
    names = set(load_catalogue())
    assert names
    assert protected_features(names) == []
    assert protected_features([*names, "household_members_count", "ageband"]) == ["ageband", "household_members_count"]


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"stress": rng.normal(size=200), "noise": rng.normal(size=200)})
    frame["is_bad"] = rng.random(200) < 1 / (1 + np.exp(1.5 - 2 * frame["stress"]))
    config = TrainingConfig(candidates=(Candidate("logistic", (LogisticSettings(0.1),)),), repeats=1, outer_folds=3,
                            inner_folds=2, resamples=50)  # fmt: skip
    return train(frame, "is_bad", features=["stress", "noise"], config=config)


def test_the_files_of_a_version_say_what_it_is_and_are_equal_for_equal_input(model: TrainedModel) -> None:
    report = build_report(model, config=ReportConfig(resamples=30, slice_resamples=20))
    verdict = [GateResult("drift", True, "none moved", "none"), GateResult("explanation_time", True, 0.1, "1 s")]
    files = version_files(model, report, verdict)
    assert list(files) == ["feature_meta.json", "metrics.json", "report.md"]
    assert files == version_files(model, report, [verdict[0], GateResult("explanation_time", True, 0.2, "1 s")])
    assert [feature["name"] for feature in json.loads(files["feature_meta.json"])["features"]] == ["stress", "noise"]
    told = json.loads(files["metrics.json"])
    assert (told["artifact_sha256"], [gate["name"] for gate in told["gates"]]) == (model.sha256, ["drift"])
    assert "](" not in files["report.md"]
    assert "## Groups" in files["report.md"]


def test_the_card_shows_groups_with_intervals_of_people() -> None:
    model, groups, people = judged(0.3)
    model.metadata["fairness"] = fairness_of(model, groups, people, 0.2)  # type: ignore[arg-type]
    section = fairness_section(model)  # type: ignore[arg-type]
    assert "FAILED" in section
    assert "there are none" in section
    assert any(line.startswith("| sex | female | ") and "[" in line for line in section.splitlines())
