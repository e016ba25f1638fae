"""Intervals: the values are those of the plain measures, the ends those of people drawn again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import evaluate
from ml.evaluate.calibration import log_odds
from ml.evaluate.discrimination import auc_difference
from ml.evaluate.intervals import calibration_intervals
from ml.evaluate.refit import Recalibration
from ml.evaluate.resampling import group_codes, resampled_weights


def calibrated(n: int, seed: int, digits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = (1 / (1 + np.exp(-generator.normal(-1.5, 1, n)))).round(digits).clip(0.01, 0.99)
    return (generator.random(n) < p).astype(int), p


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), digits=st.integers(1, 8))
def test_every_value_is_that_of_its_plain_measure_ties_included(seed, digits):
    y, p = calibrated(200, seed, digits)
    found = evaluate.intervals(y, p, resamples=2)
    expected = {
        "auc": evaluate.auc(y, p).value,
        "gini": evaluate.gini(y, p),
        "ks": evaluate.ks_statistic(y, p),
        "brier": evaluate.brier_score(y, p),
        "brier_skill": evaluate.brier_skill(y, p),
        "ece": evaluate.expected_calibration_error(y, p),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=1e-9)
    # The plain fit stops at L-BFGS's tolerance.
    fit = evaluate.calibration(y, p)
    assert found["calibration_slope"].value == pytest.approx(fit.slope, abs=2e-3)
    assert found["calibration_intercept"].value == pytest.approx(fit.intercept, abs=2e-3)
    flagged = evaluate.flagged_table(y, p)
    assert found["recall_at_5_pct"].value == pytest.approx(flagged["recall"][0])
    assert found["precision_at_10_pct"].value == pytest.approx(flagged["precision"][1])


def test_a_weighted_fit_is_the_fit_of_rows_repeated():
    y, p = calibrated(300, 4)
    weights = np.random.default_rng(0).multinomial(300, np.full(300, 1 / 300), size=5).astype(float)
    refit = Recalibration(y.astype(float), log_odds(p))
    for row, slope, intercept in zip(weights, refit.slope(weights), refit.intercept(weights), strict=True):
        again = np.repeat(np.arange(300), row.astype(int))
        expected = evaluate.calibration(y[again], p[again])
        assert (slope, intercept) == pytest.approx((expected.slope, expected.intercept), abs=2e-3)


def test_separated_rows_give_a_bounded_slope_and_one_probability_gives_none():
    y, p = np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    assert 1 < evaluate.intervals(y, p, resamples=20)["calibration_slope"].value <= 20
    assert evaluate.intervals(y, np.full(6, 0.5), resamples=20)["calibration_slope"].value == 0


def test_the_order_of_rows_and_the_size_of_blocks_change_nothing(monkeypatch):
    y, p = calibrated(400, 1)
    group = np.array([f"GR{i % 150:03d}" for i in range(400)])
    first = evaluate.intervals(y, p, group=group, resamples=60)
    monkeypatch.setattr("ml.evaluate.resampling._BLOCK_NUMBERS", 1_000)
    order = np.random.default_rng(0).permutation(400)
    second = evaluate.intervals(y[order], p[order], group=group[order], resamples=60)
    for name, found in first.items():
        assert (second[name].low, second[name].high) == pytest.approx((found.low, found.high), abs=1e-6), name


def test_rows_of_one_person_are_drawn_together():
    codes = group_codes(np.array(["b", "a", "b", "c"]), 4)
    for weights in resampled_weights(codes, resamples=50, seed=0):
        assert (weights[:, 0] == weights[:, 2]).all()
        assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    y, p = calibrated(300, 2)
    rows = evaluate.intervals(np.tile(y, 4), np.tile(p, 4), resamples=300)
    people = evaluate.intervals(np.tile(y, 4), np.tile(p, 4), group=np.tile(np.arange(300), 4), resamples=300)
    for name in ("auc", "calibration_slope", "brier"):
        assert (people[name].high - people[name].low) > 1.6 * (rows[name].high - rows[name].low), name


def test_the_slope_interval_of_a_calibrated_model_contains_1_about_95_times_in_100():
    inside = [calibration_intervals(*calibrated(400, seed), resamples=200)[0].contains(1.0) for seed in range(150)]
    assert 0.88 <= np.mean(inside) <= 0.995


def test_the_calibration_error_of_a_calibrated_model_may_be_nothing_and_of_a_false_one_may_not():
    y, p = calibrated(4_000, 3)
    assert evaluate.intervals(y, p, resamples=200)["ece"].low < 0.004
    assert evaluate.intervals(y, p**2, resamples=200)["ece"].low > 0.05


def test_few_bads_still_have_finite_ends():
    y, p = np.zeros(60, dtype=int), np.linspace(0.01, 0.5, 60)
    y[[5, 58]] = 1  # an eighth of the resamples hold no bad
    for name, found in evaluate.intervals(y, p, resamples=200).items():
        assert np.isfinite([found.low, found.high]).all(), name


def test_paired_differences_of_several_challengers_agree_with_those_of_one():
    y, p = calibrated(500, 6)
    noise = np.random.default_rng(1).random(500)
    found = evaluate.auc_differences(y, p, {"same": p, "noise": noise}, resamples=400)
    assert (found["same"].value, found["same"].low, found["same"].high) == (0, 0, 0)
    single = auc_difference(y, p, noise, resamples=400)
    assert (found["noise"].value, found["noise"].low, found["noise"].high) == pytest.approx(
        (single.value, single.low, single.high), abs=1e-9
    )


@pytest.mark.parametrize(
    ("group", "message"), [([1, 2], "2 labels, expected one for each of the 3"), ([1, None, 2], "missing in 1 of 3")]
)
def test_a_group_that_does_not_fit_is_refused(group, message):
    with pytest.raises(ValueError, match=message):
        evaluate.intervals([0, 1, 1], [0.1, 0.2, 0.3], group=np.array(group, dtype=object))


def test_repeats_are_refused_where_one_probability_a_row_is_meant():
    with pytest.raises(ValueError, match="2 repeats; expected one"):
        evaluate.intervals([0, 1], [[0.1, 0.2], [0.1, 0.2]])


def test_the_gate_asks_that_the_slope_s_interval_contains_1():
    sound = {"auc_low": 0.7, "calibration_slope": 0.9, "calibration_intercept": 0.0, "brier_skill": 0.1}
    verdict = {
        ends: evaluate.gate(sound | dict(zip(("calibration_slope_low", "calibration_slope_high"), ends, strict=True)))
        for ends in ((0.85, 0.95), (0.8, 1.1))
    }
    assert [result.passed for result in verdict[0.8, 1.1]] == [True] * 4
    assert [result.name for result in verdict[0.85, 0.95] if not result.passed] == ["calibration_slope"]
    assert "1 within [0.850, 0.950]" in verdict[0.85, 0.95][1].message
    # A wide interval does not excuse a slope out of bounds; a version without an interval is judged as before.
    wide = sound | {"calibration_slope": 0.3, "calibration_slope_low": -0.5, "calibration_slope_high": 1.2}
    assert not evaluate.gate(wide)[1].passed
    assert evaluate.gate(sound)[1].passed
