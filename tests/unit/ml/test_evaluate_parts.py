"""Gains, reliability, stability, parts of the data, the health score."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import evaluate
from ml.evaluate.health import health_score
from ml.evaluate.reliability import wilson
from ml.evaluate.slices import SMALL, UNKNOWN


def test_deciles_of_a_perfect_score_catch_every_bad_first():
    y = np.r_[np.ones(10), np.zeros(90)]
    table = evaluate.decile_table(y, y * 0.5 + np.linspace(0, 0.1, 100))
    assert table["capture"].tolist() == [1.0] * 10
    assert (table["lift"][0], table["n_bad"][0], table["lift"][1]) == (10, 10, 0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(5, 200), levels=st.integers(1, 50))
def test_deciles_add_up_and_do_not_depend_on_the_order_of_rows(seed, n, levels):
    generator = np.random.default_rng(seed)
    y, score = generator.integers(0, 2, n), generator.integers(0, levels, n).astype(float)
    y[:2] = 0, 1
    table = evaluate.decile_table(y, score)
    order = generator.permutation(n)
    pd.testing.assert_frame_equal(table, evaluate.decile_table(y[order], score[order]))
    assert (table["n"].sum(), table["n_bad"].sum()) == (n, pytest.approx(y.sum()))
    assert table["capture"].is_monotonic_increasing
    assert table["capture"].iloc[-1] == pytest.approx(1)
    if levels == 1:
        assert table["lift"].to_numpy() == pytest.approx(1)


def test_flagged_shares_outside_0_to_1_are_refused():
    with pytest.raises(ValueError, match=r"\[1.5\] can't be flagged"):
        evaluate.flagged_table([0, 1], [0.1, 0.2], [0.5, 1.5])


def test_reliability_says_what_came_true_in_each_bin():
    p = np.repeat([0.1, 0.5], 50)
    y = np.r_[np.ones(10), np.zeros(40), np.ones(25), np.zeros(25)]
    curve = evaluate.reliability_curve(y, p)
    assert curve[["n", "told", "observed"]].to_numpy() == pytest.approx(np.array([[50, 0.1, 0.2], [50, 0.5, 0.5]]))
    assert evaluate.expected_calibration_error(y, p) == pytest.approx(0.05)
    # Wilson's interval of 10 in 50, as tabulated.
    assert np.array(wilson(np.array([0.2]), np.array([50.0]))).ravel() == pytest.approx([0.1124, 0.3304], abs=5e-4)


def test_stability_is_0_for_the_same_sample_and_as_worked_by_hand_for_another():
    same = np.arange(1000.0)
    assert evaluate.population_stability(same, same).value == 0
    # Two bins, half and half before, 0.2 and 0.8 after.
    before, after = np.repeat([0.0, 1.0], 50_000), np.repeat([0.0, 1.0], [20_000, 80_000])
    found = evaluate.population_stability(before, after)
    assert found.value == pytest.approx(-0.3 * np.log(0.4) + 0.3 * np.log(1.6), abs=1e-3)
    assert (found.bins, found.reading) == (2, "shifted")


def test_values_that_go_missing_and_values_never_seen_shift_a_feature():
    before = np.random.default_rng(0).normal(size=2_000)
    gaps = np.where(np.arange(2_000) % 3 == 0, np.nan, before)
    assert evaluate.population_stability(before, gaps).value > 0.25
    # The tenth that goes missing is the lowest: in a bin of its own it moves, among the lowest it would not.
    lowest = np.where(before <= np.quantile(before, 0.1), np.nan, before)
    assert evaluate.population_stability(before, lowest).value > 0.5
    assert evaluate.population_stability(gaps, gaps).bins == 11
    assert evaluate.population_stability(before, before + 10).value > 1
    assert np.isfinite(evaluate.population_stability(before, np.full(10, np.nan)).value)
    assert evaluate.population_stability(np.full(5, np.nan), np.full(5, np.nan)).value == 0
    with pytest.raises(ValueError, match="found 5 and 0 values"):
        evaluate.population_stability(np.ones(5), [])


def test_two_samples_of_one_population_differ_by_what_chance_gives():
    generator = np.random.default_rng(1)
    found = [evaluate.population_stability(generator.normal(size=800), generator.normal(size=400)) for _ in range(60)]
    assert np.mean([psi.value for psi in found]) == pytest.approx(found[0].by_chance, rel=0.25)
    assert found[0].reading == "stable"


def test_features_are_listed_by_how_far_they_moved():
    generator = np.random.default_rng(2)
    before = pd.DataFrame({"still": generator.normal(size=500), "moved": generator.normal(size=500)})
    table = evaluate.feature_stability(before, before.assign(moved=before["moved"] + 1))
    assert table["feature"].tolist() == ["moved", "still"]
    assert table["reading"].tolist() == ["shifted", "stable"]
    with pytest.raises(ValueError, match="lacks the features \\['moved'\\]"):
        evaluate.feature_stability(before, before[["still"]])


def test_vintages_are_months_where_months_hold_enough_bads_and_else_years():
    days = pd.date_range("2017-01-15", periods=24, freq="MS").repeat(25)
    labels, unit = evaluate.time_labels(days, np.ones(600))
    assert (unit, labels[0], len(set(labels))) == ("month", "2017-02", 24)
    labels, unit = evaluate.time_labels([*days[:599], None], np.r_[np.ones(30), np.zeros(570)])
    assert (unit, sorted(set(labels))) == ("year", ["2017", "2018", "2019", UNKNOWN])


def test_numbers_become_ranges_in_their_order_and_names_stay():
    ages = evaluate.segment_labels(pd.Series([*np.arange(100.0), np.nan]))
    assert sorted(set(ages))[:2] == ["1: up to 19.8", "2: 19.8 to 39.6"]
    assert (ages[-1], len(set(ages))) == (UNKNOWN, 6)
    assert evaluate.segment_labels(pd.Series(["north", None])).tolist() == ["north", UNKNOWN]
    assert evaluate.segment_labels(pd.Series([True, False])).tolist() == ["True", "False"]


def test_small_parts_are_shown_together_and_one_class_has_counts_only():
    generator = np.random.default_rng(3)
    p = generator.random(300)
    y = (generator.random(300) < p).astype(int)
    labels = np.repeat(["big", "good", "tiny 1", "tiny 2"], [200, 60, 20, 20])
    y[200:260] = 0
    table = evaluate.by_slice(y, p, labels, resamples=50).set_index("part")
    assert table.index.tolist() == ["big", "good", SMALL]
    assert table.loc[SMALL, "n"] == 40
    assert table["n"].sum() == 300
    assert np.isnan(table.loc["good", "auc"])
    assert table.loc["good", "n_bad"] == 0
    expected = evaluate.intervals(y[:200], p[:200], resamples=50)
    assert table.loc["big", "auc"] == pytest.approx(expected["auc"].value)
    assert table.loc["big", "calibration_slope_low"] == expected["calibration_slope"].low
    many = evaluate.by_slice(y, p, np.arange(300) % 6, resamples=2, most=4)
    assert many["part"].tolist()[-1] == SMALL
    assert len(many) == 4


def test_the_health_score_gives_the_figure_that_the_seed_states():
    assert health_score(auc=0.70, recall=0.85, precision=0.68) == pytest.approx(75.6)
    with pytest.raises(ValueError, match="'auc': 70"):
        health_score(auc=70, recall=0.85, precision=0.68)
