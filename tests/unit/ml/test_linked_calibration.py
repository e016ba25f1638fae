"""Intervals of the calibration slope where the link was learnt from other rows: as wide as the slope really varies."""

import numpy as np
import pytest

from ml.delinquency.validation import fit_link
from ml.evaluate.calibration import log_odds
from ml.evaluate.intervals import calibration_intervals
from ml.evaluate.linked import LinkedPart, linked_calibration
from ml.evaluate.refit import LinkFit, slopes_and_intercepts
from ml.evaluate.resampling import Interval


def outcomes(generator: np.random.Generator, raw: np.ndarray) -> np.ndarray:
    return (generator.random(raw.shape) < 1 / (1 + np.exp(-(1.0 + 1.5 * raw)))).astype(float)


def world(seed: int, learnt_on: int, judged: int) -> tuple[np.ndarray, list[LinkedPart], np.ndarray]:
    """Outcomes, one part whose link rests on ``learnt_on`` rows, and calibrated probabilities of the judged rows."""
    generator = np.random.default_rng(seed)
    raw = generator.normal(-1.5, 1.0, learnt_on + judged)
    y = outcomes(generator, raw)
    link = fit_link(raw[None, :learnt_on], y[:learnt_on])
    rows, link_rows = np.arange(learnt_on, learnt_on + judged), np.arange(learnt_on)
    told = 1 / (1 + np.exp(-(link.intercept + link.slope * raw[learnt_on:])))
    return y, [LinkedPart(rows, raw[rows], link_rows, raw[link_rows])], told


def test_the_interval_is_as_wide_as_the_slope_varies_when_all_is_drawn_anew():
    slopes, widths, plain = [], [], []
    for seed in range(60):
        y, parts, told = world(seed, 200, 1000)
        slopes.append(slopes_and_intercepts(y[200:], log_odds(told)[None, :], np.ones((1, 1000)))[0, 0])
        if seed < 6:
            widths.append(np.diff(ends(linked_calibration(y, parts, resamples=100, seed=seed)[0])))
            plain.append(np.diff(ends(calibration_intervals(y[200:], told, resamples=100, seed=seed)[0])))
    varies = 2 * 1.96 * np.std(slopes)
    assert 0.75 < np.mean(widths) / varies < 1.35
    assert np.mean(plain) / varies < 0.7


def ends(found: Interval) -> list[float]:
    return [found.low, found.high]


def test_value_is_that_of_the_probabilities_and_a_link_of_many_rows_adds_nothing():
    y, parts, told = world(1, 40_000, 500)
    slope, intercept = linked_calibration(y, parts, resamples=200, seed=3)
    plain, level = calibration_intervals(y[40_000:], told, resamples=200, seed=3)
    assert (slope.value, intercept.value) == pytest.approx((plain.value, level.value), abs=1e-4)
    assert slope.high - slope.low == pytest.approx(plain.high - plain.low, rel=0.25)


def test_people_are_drawn_whole_over_link_and_judged_rows():
    y, parts, _ = world(2, 300, 300)
    alone, _ = linked_calibration(y, parts, resamples=200)
    tens, _ = linked_calibration(y, parts, group=np.arange(600) // 100, resamples=200)
    assert tens.value == alone.value
    assert tens.high - tens.low != alone.high - alone.low


@pytest.mark.parametrize("rows", [150, 6000])
def test_a_link_of_resampled_rows_is_the_link_that_would_be_fitted_on_them(rows):
    generator = np.random.default_rng(4)
    raw = generator.normal(-1.0, 1.0, rows)
    y = outcomes(generator, raw)
    weights = np.stack([np.ones(rows), np.bincount(generator.integers(0, rows, rows), minlength=rows)])
    fitted = LinkFit(raw, y).fit(weights.astype(float))
    for weight, (intercept, slope) in zip(weights, fitted, strict=True):
        drawn = np.repeat(np.arange(rows), weight.astype(int))
        link = fit_link(raw[None, drawn], y[drawn])
        assert (intercept, slope) == pytest.approx((link.intercept, link.slope), abs=0.01)


def test_rows_that_are_judged_and_carry_a_link_are_refused():
    y, parts, _ = world(1, 100, 100)
    both = LinkedPart(parts[0].rows, parts[0].raw, np.r_[parts[0].link_rows, 150], np.r_[parts[0].link_raw, 0.0])
    with pytest.raises(ValueError, match="1 rows are judged and carry a link"):
        linked_calibration(y, [both])
