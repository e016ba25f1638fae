"""What applications state in the warehouse, and when a difference between many groups is one."""

import numpy as np
import pandas as pd

from ml.eligibility.applications import usable_facts
from ml.eligibility.judging import judge_fairness
from ml.fairness import FairnessConfig


def test_impossible_values_are_not_known_and_are_counted(unemployed):
    wrong = {
        "declared_monthly_income": [-1.0, np.inf, np.nan, 0.0],
        "family_size": [0, 2.5, None, 4],
        "employment_status": ["Retired", "", None, " self-employed "],
        "credit_score": ["good", None, 300.5, 700],
        "total_debt": [None, None, None, None],
    }
    rows = pd.DataFrame([unemployed] * 4).assign(**wrong)
    usable, impossible = usable_facts(rows)
    assert impossible == {
        "declared_monthly_income": 2, "family_size": 2, "employment_status": 2, "credit_score": 2,
    }  # fmt: skip
    for name in impossible:
        assert usable[name].iloc[:3].isna().all(), name
        assert usable[name].notna().iloc[3], name
    assert usable["asset_value"].tolist() == [10000.0] * 4
    assert rows["family_size"].tolist()[:2] == [0, 2.5], "the caller's rows stay as they are"


def test_no_rows_state_nothing_impossible(unemployed):
    usable, impossible = usable_facts(pd.DataFrame([unemployed]).head(0))
    assert (len(usable), impossible) == (0, {})


def failed(seed: int, groups: int, *, unequal: bool = False) -> bool:
    rng = np.random.default_rng(seed)
    n = 200 * groups
    label = rng.integers(0, groups, n)
    y, selected = rng.random(n) < 0.5, rng.random(n) < np.where(unequal & (label == 0), 0.5, 0.9)
    groups = pd.DataFrame({"group": [f"g{at}" for at in label]})
    return any(not gate.passed for gate in judge_fairness(y, selected, groups, FairnessConfig()))


def test_many_equal_groups_rarely_fail_and_a_real_difference_does():
    assert sum(failed(seed, 20) for seed in range(10)) <= 1
    for groups in (2, 20):
        assert failed(0, groups, unequal=True), groups


def test_a_required_characteristic_must_be_measured_and_another_may_be_too_small():
    groups = pd.DataFrame({"sex": ["f", "m"] * 150, "region": ["north"] * 299 + ["south"]})
    for required, names in ((None, ["region"]), (("sex",), []), (("sex", "faith"), ["faith"])):
        gates = judge_fairness([0, 0, 1, 1] * 75, [1] * 300, groups, FairnessConfig(), required)
        assert [str(gate.value).split(":")[0] for gate in gates if not gate.passed] == names
