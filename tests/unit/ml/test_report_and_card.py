"""The report of a model and its card: of held-out rows, complete, plain, the same every time."""

import copy
import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from ml.delinquency.card import card_markdown, write_card
from ml.delinquency.decision import DecisionSettings
from ml.delinquency.errors import FeatureError
from ml.delinquency.report import ReportConfig, build_report
from tests.unit.ml.conftest import CATALOGUE

CONFIG = ReportConfig(resamples=40, slice_resamples=20)


@pytest.fixture(scope="module")
def outcomes() -> pd.DataFrame:
    generator = np.random.default_rng(8)
    n = 900
    z = generator.normal(-1.2, 1, n)
    return pd.DataFrame(
        {
            "target": (generator.random(n) < 1 / (1 + np.exp(-z))).astype(int),
            "probability": 1 / (1 + np.exp(-z)),
            "time": pd.Timestamp("2017-01-31") + pd.to_timedelta(generator.integers(0, 3, n) * 400, unit="D"),
            "group": [f"GR{i:04d}" for i in generator.integers(0, 500, n)],
            "part": generator.choice(["learn", "calibrate", "test"], n, p=[0.5, 0.1, 0.4]),
            "probability_scorecard": 1 / (1 + np.exp(-z - generator.normal(0, 1.5, n))),
            "probability_logistic": np.where(np.arange(n) % 3 == 0, np.nan, 1 / (1 + np.exp(-z))),
        },
        index=np.arange(1000, 1000 + n),
    )


def amounts_of(outcomes: pd.DataFrame) -> pd.Series:
    """Little where the risk is high, much where it is low: mixed up they would give other decisions."""
    return pd.Series(np.where(outcomes["probability"] > 0.3, 10.0, 20_000.0), index=outcomes.index)


@pytest.fixture
def trained(average, outcomes):
    """A model that carries outcomes, as training leaves them behind."""
    model = copy.copy(average)
    object.__setattr__(model, "outcomes", outcomes)
    object.__setattr__(
        model, "training_probability", outcomes.loc[outcomes["part"] == "learn", "probability"].to_numpy()
    )
    # As training records them, in the metadata itself, and as notes.
    recorded = {
        "pruned": ["noise"],
        "clipped_at": {"stress": 3.1},
        "interactions": {"tried": [{"pair": "a x b", "kept": False}], "used": False},
        "notes": {"ensemble": "not used: AUC +0.000 [-0.002, +0.001]", "reviewed": True},
    }
    held = {name: told for name, told in average.metadata.items() if name not in ("ensemble", "missing_values")}
    object.__setattr__(model, "metadata", held | recorded)
    return model


@pytest.fixture
def report(trained, outcomes):
    region = np.where(np.arange(len(outcomes)) % 2, "north", "so|uth\n<b>")
    return build_report(
        trained,
        segments=pd.DataFrame({"region": region, "age": np.arange(len(outcomes)) % 60}, index=outcomes.index),
        amounts=amounts_of(outcomes).sample(frac=1, random_state=1),  # its index tells whose they are, not its order
        config=CONFIG,
    )


def test_figures_are_of_the_rows_the_model_has_not_learnt_from(report, outcomes):
    test = outcomes[outcomes["part"] == "test"]
    assert (report.figures["part"], report.figures["rows"]) == ("test", len(test))
    assert report.figures["bad"] == test["target"].sum()
    assert report.figures["people"] == test["group"].nunique()
    assert report.figures["window"] == {"first": "2017-01-31", "last": "2019-04-11"}
    assert set(report.tables["parts"]["part"]) == {"learn", "calibrate", "test"}
    for name in ("vintages", "reliability", "deciles"):
        assert report.tables[name]["n"].sum() == len(test), name
    by_segment = report.tables["segments"].groupby("segment")["n"].sum()
    assert by_segment.to_dict() == {"age": len(test), "region": len(test)}


def test_every_headline_has_an_interval_and_a_calibrated_model_passes_the_gate(report):
    for name in report.figures["headline"]:
        found = report.interval(name)
        assert found.low <= found.high, name
    assert report.figures["calibrated"] == {"slope_interval_contains_1": True, "brier_skill_positive": True}
    assert all(rule["passed"] for rule in report.figures["gate"])


def test_challengers_are_compared_on_the_rows_they_have(report, outcomes):
    test = outcomes[outcomes["part"] == "test"]
    found = report.tables["challengers"].set_index("challenger")
    assert found.loc["logistic", "rows"] == test["probability_logistic"].notna().sum()
    assert found.loc["logistic", ["auc_gain", "auc_gain_low", "auc_gain_high"]].tolist() == [0, 0, 0]
    assert found["verdict"].to_dict() == {"scorecard": "better", "logistic": "no difference shown"}


def test_amounts_follow_their_index_and_base_rate_and_settings_are_told(trained, outcomes, report):
    decided = report.tables["decision"]
    assert decided["status"][0] == "decided"
    again = build_report(trained, amounts=amounts_of(outcomes), config=CONFIG)
    pd.testing.assert_frame_equal(again.tables["decision"], decided)
    stated = build_report(trained, base_rate=0.05, decision=DecisionSettings(capacity=7), config=CONFIG)
    assert stated.figures["decision"]["base_rate"] == 0.05
    assert stated.tables["decision"]["rule"].iloc[-1] == "capacity: 7 people a day"
    assert stated.tables["decision"]["status"][0].startswith("not decided")


def test_a_report_is_plain_json_and_the_same_every_time(trained, report):
    told = json.dumps(report.to_dict(), allow_nan=False)
    assert "decision" in json.loads(told)["tables"]
    one, two = (json.dumps(build_report(trained, config=CONFIG).to_dict(), allow_nan=False) for _ in range(2))
    assert one == two


def test_a_model_of_the_nested_design_is_reported_from_its_out_of_fold_rows(average):
    bare = dataclasses.replace(average, outcomes=None, training_probability=None)
    report = build_report(bare, config=CONFIG)
    assert report.figures["part"] == "out_of_fold"
    assert report.interval("auc").value == pytest.approx(average.metrics["overall"]["auc"], abs=0.02)
    assert report.figures["intervals"]["unit"] == "row"
    assert report.figures["stability"] is None
    assert "Stability of the score was not measured" in card_markdown(report, bare)
    assert build_report(average, config=CONFIG).figures["intervals"]["unit"] == "group"


@pytest.mark.parametrize(("shift", "reading"), [(0.0, "stable"), (2.0, "shifted")])
def test_stability_of_rows_that_are_all_held_out_is_between_their_halves_in_time(average, shift, reading):
    generator = np.random.default_rng(3)
    rows = pd.DataFrame({"time": pd.date_range("2017-01-01", periods=1000), "part": "out_of_fold"})
    z = generator.normal(-1, 1, 1000) + shift * (np.arange(1000) >= 500)
    rows["probability"] = 1 / (1 + np.exp(-z))
    rows["target"] = (generator.random(1000) < rows["probability"]).astype(int)
    # What training leaves of the nested design: the very rows that are judged.
    model = dataclasses.replace(average, outcomes=rows, training_probability=rows["probability"].to_numpy())
    report = build_report(model, config=CONFIG)
    assert report.figures["stability"]["reading"] == reading
    assert "between the earlier and the later half" in card_markdown(report, model)
    untimed = dataclasses.replace(model, outcomes=rows.drop(columns="time"))
    assert build_report(untimed, config=CONFIG).figures["stability"] is None


def test_a_report_where_everybody_has_one_bad_row_says_that_no_rule_is_decided(average):
    generator = np.random.default_rng(3)
    rows = pd.DataFrame({"target": np.arange(400) % 2, "group": np.arange(400) // 2, "part": "test"})
    rows["probability"] = np.clip(0.3 + 0.3 * rows["target"] + generator.normal(0, 0.1, 400), 0.01, 0.99)
    model = dataclasses.replace(average, outcomes=rows)
    report = build_report(model, config=CONFIG)
    assert report.figures["health"]["score"] is None
    assert report.tables["decision"]["status"].str.startswith("not decided: all 200 people").all()
    assert "Not decided: `100 *" in card_markdown(report, model)
    json.dumps(report.to_dict(), allow_nan=False)


def test_features_that_moved_are_listed(trained):
    before = pd.DataFrame({"stress": np.arange(100.0)})
    report = build_report(trained, features=(before, before + 50), config=CONFIG)
    assert report.tables["features"]["reading"].tolist() == ["shifted"]
    assert "| stress |" in card_markdown(report, trained)


def test_what_does_not_fit_the_outcomes_is_refused(trained, outcomes, average):
    with pytest.raises(FeatureError, match="segment region: 2 values for 900 outcomes"):
        build_report(trained, segments={"region": ["a", "b"]}, config=CONFIG)
    with pytest.raises(FeatureError, match="amounts: 10 of 900 outcomes are not in its index"):
        build_report(trained, amounts=pd.Series(1.0, index=outcomes.index[10:]), config=CONFIG)
    object.__setattr__(trained, "outcomes", outcomes.assign(part="learn"))
    with pytest.raises(FeatureError, match=r"parts \['learn'\]; expected one of"):
        build_report(trained, config=CONFIG)
    stored = type(average).from_artifact(average.artifact, average.sha256)
    with pytest.raises(FeatureError, match="carries no outcomes"):
        build_report(stored, config=CONFIG)


def test_a_card_says_all_that_it_has_to(report, trained, tmp_path):
    card = write_card(report, trained, tmp_path / "card", catalogue=CATALOGUE).read_text(encoding="utf-8")
    for heading in ("Purpose", "Population", "Data window", "Label", "Features", "Method", "Reliability", "Gate",
                    "Lift and capture", "By segment", "By month", "Stability", "What the reasons mean"):  # fmt: skip
        assert f"\n### {heading}\n" in card, heading
    assert [line for line in card.splitlines() if line.startswith("## ")] == [
        "## 1. Model risk: purpose and population",
        "## 2. Model development",
        "## 3. Model use: the decision",
        "## 4. Validation: outcomes",
        "## 5. Monitoring: time and stability",
        "## 6. Governance and controls",
        "## 7. Vendor and other third-party products",
        "## 8. Limitations",
    ]
    assert "SR 26-2, OCC Bulletin" in card
    assert "Pruned: noise" in card
    assert "Clipped: stress: 3.1" in card
    assert "Interactions: tried: ((pair: a x b; kept: no)); used: no" in card
    assert "Further notes: reviewed: yes" in card
    assert "not used: AUC +0.000" in card
    assert "Missing values: not recorded" in card
    assert str(report.interval("auc")) in card
    pictures = re.findall(r"!\[[^]]+]\(([^)]+)\)", card)
    assert sorted(pictures) == ["gains.png", "reliability.png", "vintages.png"]
    for name in pictures:
        png = (tmp_path / "card" / name).read_bytes()
        assert png.startswith(b"\x89PNG"), name
        assert b"matplotlib" not in png.lower(), name  # another version of it would make other bytes
    assert json.loads((tmp_path / "card" / "report.json").read_text())["model_name"] == "origination_pd"


def test_every_table_of_a_card_keeps_its_columns_whatever_data_names_its_parts(report, trained):
    card = card_markdown(report, trained)
    assert "so\\|uth \\<b\\>" in card
    columns = None
    for line in card.splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        found = len(re.findall(r"(?<!\\)\|", line))
        assert columns in (None, found), line
        columns = found


def test_cards_are_equal_byte_for_byte_and_pictures_travel_inside_where_small(report, trained, tmp_path):
    for name in ("one", "two"):
        write_card(report, trained, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["card.md", "gains.png", "reliability.png", "report.json", "vintages.png"]
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    inline = card_markdown(report, trained)
    assert inline.count("data:image/png;base64,") == 3
    assert len(inline) < 150_000
