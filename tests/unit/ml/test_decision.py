"""Whom to contact: the rule, the rank, capacity in people, and the readings beside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.delinquency.decision import DecisionSettings, at_base_rate, decide, decision_table, expected_gain

# One contact costs 10; of every default a half is averted, of which 0.4 of the amount would have been lost.
SETTINGS = DecisionSettings(success_rate=0.5, lgd=0.4, contact_cost=10, capacity=2)


def test_a_contact_is_worth_it_where_the_loss_it_averts_exceeds_its_cost():
    gain = expected_gain([0.1, 0.1, 0.1], [1000, 499, None], SETTINGS)
    assert gain[:2] == pytest.approx([10, -0.02])
    found = decide([0.1, 0.1, 0.1], [1000, 499, None], settings=SETTINGS)
    assert found["status"].tolist() == ["contact", "below_cost", "no_amount"]
    assert found["rank"].tolist()[0] == 1
    assert found["rank"].isna().tolist() == [False, True, True]
    assert np.isnan(found["expected_gain"][2])


def test_capacity_counts_people_and_not_their_exposures():
    p, amount = [0.5, 0.5, 0.5, 0.5, 0.01], [1000, 900, 800, 700, 100]
    found = decide(p, amount, group=["ann", "ann", "bob", "cid", "bob"], settings=SETTINGS)
    assert found["rank"].tolist()[:4] == [1, 1, 2, 3]
    assert found["status"].tolist() == ["contact", "contact", "contact", "over_capacity", "below_cost"]


def test_each_day_has_its_own_capacity():
    day = ["2020-01-01", "2020-01-02"] * 3
    found = decide([0.5] * 6, [1000, 1000, 900, 900, 800, 800], day=day, settings=SETTINGS)
    assert found["status"].tolist() == ["contact"] * 4 + ["over_capacity"] * 2
    assert found["rank"].tolist() == [1, 1, 2, 2, 3, 3]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), capacity=st.integers(0, 12))
def test_no_more_people_than_can_be_reached_whatever_the_order_of_rows(seed, n, capacity):
    generator = np.random.default_rng(seed)
    p, amount = generator.random(n).round(1), generator.choice([100.0, 1000.0, np.nan], n)
    person = np.array([f"GR{i}" for i in generator.integers(0, 12, n)])
    given_settings = DecisionSettings(0.5, 0.4, 10, capacity)
    found = decide(p, amount, group=person, settings=given_settings)
    contacted = found["status"].eq("contact").to_numpy()
    assert len(set(person[contacted])) <= capacity
    left_out = found["status"].eq("over_capacity").to_numpy()
    if left_out.any():
        assert len(set(person[contacted])) == capacity
        best = [
            found["expected_gain"][(person == who) & (contacted | left_out)].max() for who in set(person[contacted])
        ]
        assert min(best, default=np.inf) >= found["expected_gain"][left_out].max()
    order = generator.permutation(n)
    again = decide(p[order], amount[order], group=person[order], settings=given_settings)
    assert again["status"].tolist() == found["status"].to_numpy()[order].tolist()


def test_the_readings_of_the_seed_stand_beside_the_rule():
    p = np.array([0.9, 0.6, 0.3, 0.039, 0.038, 0.001])
    y = np.array([1, 1, 0, 1, 0, 0])
    table = decision_table(y, p, amount=np.full(6, 1000.0), settings=SETTINGS).set_index("rule")
    assert table.index.tolist() == [
        "p * success * LGD * EAD > cost",
        "p * success * LGD * EAD > cost, then 2 people a day",
        "cost ratio 25: p > 1/(1 + 25)",
        "cost ratio 250: p > 1/(1 + 250)",
        "recall of at least 0.85",
        "capacity: 2 people a day",
    ]
    # 1/26 = 0.03846 parts 0.039 from 0.038; 1/251 = 0.00398.
    assert table["people_flagged"].tolist() == [3, 2, 4, 5, 4, 2]
    assert table["recall"].to_numpy() == pytest.approx([2 / 3, 2 / 3, 1, 1, 1, 2 / 3])
    assert table["precision"].to_numpy() == pytest.approx([2 / 3, 1, 3 / 4, 3 / 5, 3 / 4, 1])
    assert table["share_flagged"].to_numpy() == pytest.approx(np.array([3, 2, 4, 5, 4, 2]) / 6)
    assert table["threshold"]["recall of at least 0.85"] == pytest.approx(0.039)


def test_a_probability_at_the_threshold_itself_is_not_above_it():
    table = decision_table([1, 0], [0.5, 0.2], settings=DecisionSettings(cost_ratios=(1, 4)))
    assert table["people_flagged"].tolist()[2:4] == [0, 1]


def test_a_person_counts_once_with_any_exposure():
    table = decision_table([0, 1, 0], [0.9, 0.001, 0.002], group=["a", "a", "b"], settings=SETTINGS).set_index("rule")
    row = table.loc["cost ratio 250: p > 1/(1 + 250)"]
    assert (row["people_flagged"], row["recall"], row["precision"], row["share_flagged"]) == (1, 1, 1, 0.5)


def test_unknown_amounts_are_said_and_none_is_invented():
    y, p = [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8]
    for amount in (None, [None] * 4):
        table = decision_table(y, p, amount=amount, settings=SETTINGS)
        assert table["status"].tolist()[:2] == ["not decided: no exposure amounts are known"] * 2
        assert table["recall"].isna().tolist() == [True, True, False, False, False, False]
    table = decision_table(y, p, amount=[1000, None, 1000, 1000], settings=SETTINGS)
    assert table["status"][0] == "decided; 1 of 4 exposures have no known amount"


def test_a_stated_base_rate_moves_probabilities_and_weights_precision():
    y, p = np.r_[np.ones(50), np.zeros(50)], np.r_[np.full(40, 0.8), np.full(20, 0.2), np.full(40, 0.1)]
    assert at_base_rate([0.5], 0.5, 0.1) == pytest.approx([0.1])
    assert at_base_rate(p, 0.3, 0.3) == pytest.approx(p)
    row = decision_table(y, p, settings=DecisionSettings(recall_wanted=0.8), base_rate=0.1).set_index("rule").iloc[4]
    assert row["threshold"] == pytest.approx(0.8 / 9 / (0.8 / 9 + 0.2 / 1))  # odds 4 become 4 / 9
    assert (row["recall"], row["precision"], row["base_rate"]) == (0.8, 1.0, 0.1)
    assert row["share_flagged"] == pytest.approx(0.1 * 0.8)


@pytest.mark.parametrize(
    ("settings_of", "message"),
    [
        ({"success_rate": 0}, "success_rate"),
        ({"lgd": 45}, "lgd"),
        ({"contact_cost": float("nan")}, "contact_cost is nan"),
        ({"capacity": -1}, "capacity is -1"),
        ({"cost_ratios": ()}, "cost_ratios"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings_of, message):
    with pytest.raises(ValueError, match=message):
        DecisionSettings(**settings_of)


@pytest.mark.parametrize(
    ("p", "amount", "message"),
    [
        ([0.1, 1.2], [1, 1], "1 probabilities are missing or outside"),
        ([0.1, np.nan], [1, 1], "1 probabilities are missing or outside"),
        ([0.1, 0.2], [1, -1], "1 of 2 amounts are negative or infinite"),
        ([0.1, 0.2], [1], "one amount an exposure"),
    ],
)
def test_wrong_probabilities_and_amounts_are_refused(p, amount, message):
    with pytest.raises(ValueError, match=message):
        decide(p, amount, settings=SETTINGS)


def test_people_of_one_outcome_can_not_compare_rules_and_that_is_said():
    # Each person is bad once and good once.
    table = decision_table([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], group=list("aabb"), amount=[9] * 4, settings=SETTINGS)
    assert table["rule"].tolist() == decision_table([0, 1], [0.1, 0.2], settings=SETTINGS)["rule"].tolist()
    assert set(table["status"]) == {"not decided: all 2 people have one outcome, so rules can't be compared"}
    assert table[["recall", "precision", "share_flagged", "people_flagged"]].isna().all(axis=None)
    assert table["base_rate"].tolist() == [1.0] * 6
