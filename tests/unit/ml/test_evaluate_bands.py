"""Measures of probabilities of ordered bands, on cases that can be worked out by hand."""

import numpy as np
import pytest

from ml.evaluate.bands import (
    brier_skill,
    expected_calibration_error,
    intervals,
    reliability,
    summarise_bands,
)

BAND = np.array([0, 1, 2, 3])


def test_a_perfect_answer_and_the_worst() -> None:
    perfect = summarise_bands(BAND, np.eye(4))
    assert perfect == pytest.approx(
        {"accuracy": 1, "within_one": 1, "macro_f1": 1, "log_loss": 0, "brier_score": 0, "brier_skill": 1, "ece": 0},
        abs=1e-9,
    )
    worst = summarise_bands(BAND, np.eye(4)[[3, 3, 0, 0]])
    assert (worst["accuracy"], worst["within_one"], worst["brier_score"]) == (0, 0, 2)


def test_neighbours_count_as_within_one() -> None:
    told = np.eye(4)[[1, 1, 0, 2]]
    assert summarise_bands(BAND, told)["within_one"] == 0.75
    # F1 by band: 0 of none right; 2*1/(2+1); 0; 0.
    assert summarise_bands(BAND, told)["macro_f1"] == pytest.approx((0 + 2 / 3 + 0 + 0) / 4)


def test_telling_everybody_the_shares_has_no_skill() -> None:
    band = np.array([0] * 6 + [1] * 3 + [2])
    shares = np.tile([0.6, 0.3, 0.1, 0.0], (10, 1))
    assert brier_skill(band, shares) == pytest.approx(0)
    # Equal probabilities are one bin, in whatever order their rows come.
    assert expected_calibration_error(band, shares) == pytest.approx(0)


def test_overconfidence_is_the_gap_between_told_and_right() -> None:
    band = np.array([0, 0, 0, 1] * 25)
    told = np.tile([0.95, 0.05], (100, 1))
    assert expected_calibration_error(band, told, bins=1) == pytest.approx(0.2)
    (part,) = reliability(band, told, bins=1)
    assert (part.count, part.told, part.right) == (100, pytest.approx(0.95), 0.75)


def test_intervals_hold_the_value_and_repeat_with_the_seed() -> None:
    rng = np.random.default_rng(2)
    band = rng.integers(0, 3, 300)
    told = rng.dirichlet(np.ones(3), 300)
    found = intervals(band, told, names=("accuracy",), resamples=200, seed=4)
    value, low, high = found["accuracy"]
    assert low < value < high
    assert found == intervals(band, told, names=("accuracy",), resamples=200, seed=4)
