"""Fairness: rates by group with intervals, the gate that can fail, the sample of declines."""

import numpy as np
import pandas as pd
import pytest

from ml.eligibility import SUPPORT_POLICY, train
from ml.eligibility.judging import judge_fairness
from ml.fairness import FairnessConfig, fairness_gate, group_rates, wilson_interval
from tests.unit.eligibility.conftest import quick


def decisions(unfair: float, n: int = 4000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Outcomes, selections and a group ``b`` whose needy are overlooked more often by ``unfair``."""
    generator = np.random.default_rng(seed)
    y = (generator.random(n) < 0.4).astype(int)
    group = generator.choice(["a", "b"], n)
    chance = np.where(y == 1, 0.9 - unfair * (group == "b"), 0.2)
    return y, (generator.random(n) < chance).astype(int), pd.DataFrame({"sex": group})


def test_rates_are_those_of_the_definitions():
    y, selected = np.array([1, 1, 1, 0, 0, 1, 0, 0]), np.array([1, 0, 1, 1, 0, 0, 0, 0])
    table = group_rates(y, selected, {"sex": list("aaaaabbb")}, min_group_size=1).set_index("group")
    assert table.loc["a", "false_negative_rate"] == pytest.approx(1 / 3)
    assert table.loc["a", "false_positive_rate"] == pytest.approx(1 / 2)
    assert table.loc["a", "selection_rate"] == pytest.approx(3 / 5)
    assert table.loc["b", "false_negative_rate"] == 1.0
    assert table.loc["b", "false_negative_rate_difference"] == pytest.approx(2 / 3)


def test_wilsons_interval_is_that_of_the_textbook():
    low, high = wilson_interval([0, 15, 3], [20, 148, 0])
    assert (low[0], high[0]) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert (low[1], high[1]) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert np.isnan(low[2])


def test_newcombes_interval_is_that_of_his_paper():
    """56 of 70 beside 48 of 80: 0.2000 [0.0524, 0.3339] (Newcombe 1998, table II a, method 10)."""
    selected = np.repeat([1, 0, 1, 0], [56, 14, 48, 32])
    table = group_rates(np.ones(150), selected, {"x": ["a"] * 70 + ["b"] * 80}, min_group_size=1).set_index("group")
    found = table.loc["a", [f"selection_rate_difference{end}" for end in ("", "_low", "_high")]].astype(float)
    assert found.tolist() == pytest.approx([0.2, 0.0524, 0.3339], abs=1e-4)


def test_the_gate_fails_where_a_groups_needy_are_surely_overlooked_more_often():
    fair = fairness_gate(group_rates(*decisions(0.0)))
    unfair = fairness_gate(group_rates(*decisions(0.15)))
    assert all(rule.passed for rule in fair)
    assert not unfair[0].passed
    assert unfair[0].name == "fairness_false_negative_rate"
    assert "sex b: +0.1" in str(unfair[0].value)


def test_a_sure_but_small_difference_and_a_large_but_unsure_one_block_nothing():
    small = fairness_gate(group_rates(*decisions(0.03, n=60_000)))
    unsure = fairness_gate(group_rates(*decisions(0.08, n=260, seed=3)))
    assert small[0].passed
    assert unsure[0].passed


def test_false_positives_and_selection_have_limits_of_their_own():
    y, selected, groups = decisions(0.0)
    let_in = np.where((groups["sex"] == "b") & (y == 0), 1, selected)
    assert [r.passed for r in fairness_gate(group_rates(y, let_in, groups))] == [True, False]
    judged = fairness_gate(group_rates(y, let_in, groups), FairnessConfig(max_selection_difference=0.1))
    assert [r.name for r in judged if not r.passed] == ["fairness_false_positive_rate", "fairness_selection_rate"]


def test_small_groups_are_counted_and_not_judged():
    y, selected, groups = decisions(0.0)
    groups.loc[:30, "sex"] = "c"
    selected[:31] = 0
    table = group_rates(y, selected, groups).set_index("group")
    assert table.loc["c", "n"] == 31
    assert np.isnan(table.loc["c", "false_negative_rate"])
    assert np.isnan(table.loc["c", "n_target"])
    assert all(rule.passed for rule in fairness_gate(group_rates(y, selected, groups)))


def test_nothing_measured_is_no_pass():
    y, selected, groups = decisions(0.0, n=150)
    rules = fairness_gate(group_rates(y, selected, groups))
    assert [rule.name for rule in rules if not rule.passed] == ["fairness_measured"]


@pytest.mark.parametrize("lacks", ["known groups", "need", "no need"])
def test_a_rate_that_nobody_is_there_for_is_not_measured(lacks):
    y, selected, groups = decisions(0.0)
    second = groups["sex"] == "b"
    if lacks == "known groups":
        groups.loc[second, "sex"] = None
    else:
        y[second.to_numpy()] = lacks == "no need"
    table = group_rates(y, selected, groups)
    assert table["is_large_enough"].all()
    (rule,) = [rule for rule in fairness_gate(table) if rule.name == "fairness_measured"]
    assert not rule.passed
    (told,) = [
        rule for rule in judge_fairness(y, selected, groups, FairnessConfig(), ()) if rule.name == "fairness_measured"
    ]
    assert told.passed
    assert "sex: " in str(told.value)
    assert "(not required)" in str(told.value)


def test_a_required_characteristic_that_is_absent_fails_beside_others_that_are_told():
    y, selected, groups = decisions(0.0)
    rules = judge_fairness(y, selected, groups.assign(region="all"), FairnessConfig(), ("age_band", "sex"))
    (rule,) = [rule for rule in rules if rule.name == "fairness_measured"]
    assert not rule.passed
    assert str(rule.value).startswith("age_band: no column; region: 1 groups")


def test_missing_labels_are_a_group_of_their_own():
    y, selected, groups = decisions(0.0)
    groups.loc[:499, "sex"] = None
    assert group_rates(y, selected, groups)["group"].tolist() == ["Unknown", "a", "b"]


def test_training_on_unfair_records_fails_the_gate(applications):
    """Most of one district's needy are recorded with the facts of people without need; the gate finds the district."""
    generator = np.random.default_rng(8)
    unfair = applications.copy()
    north = (unfair["district"] == "north") & (unfair["eligible"] == 1) & (generator.random(len(unfair)) < 0.6)
    facts = list(SUPPORT_POLICY.columns)
    others = applications[applications["eligible"] == 0].sample(int(north.sum()), replace=True, random_state=1)
    unfair.loc[north, facts] = others[facts].to_numpy()
    unfair = unfair.infer_objects()
    told = train(unfair, config=quick()).metadata["gates"]
    failed = [gate for gate in told if not gate["passed"]]
    assert "fairness_false_negative_rate" in [gate["name"] for gate in failed]
    assert any("district north" in str(gate["found"]) for gate in failed)


def test_one_group_alone_is_said_to_have_nobody_to_compare_with():
    y = np.tile([0, 1], 200)
    (rule, *_) = fairness_gate(group_rates(y, y, {"sex": ["a"] * 400}))
    assert (rule.passed, rule.value) == (True, "no other group to compare with")


def test_wrong_lengths_and_values_are_refused():
    with pytest.raises(ValueError, match="expected the same"):
        group_rates([0, 1], [0, 1], {"sex": ["a"]})
    with pytest.raises(ValueError, match="0 and 1"):
        group_rates([0, 2], [0, 1], {"sex": ["a", "b"]})
    with pytest.raises(ValueError, match="max_fnr_difference"):
        FairnessConfig(max_fnr_difference=5)


def test_nobody_has_no_rates_and_fails_no_rule():
    nobody = group_rates([], [], {"sex": []})
    assert list(nobody.columns) == list(group_rates([0, 1], [0, 1], {"sex": ["a", "b"]}).columns)
    assert len(nobody) == 0
    assert all(rule.passed for rule in fairness_gate(nobody))
