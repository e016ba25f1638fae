"""The scorecard: bins, points, and sums that are exact."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.delinquency.binning import bin_edges
from ml.delinquency.config import ScorecardSettings
from ml.delinquency.scorecard import ScorecardMember, points_of

OPTIONS = {"max_bins": 8, "min_share": 0.02, "min_gain": 6.6}


def drawn(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, 4))
    X[:, 3] = generator.integers(0, 5, n)
    z = -1.5 + X[:, 0] - 0.5 * X[:, 1] + np.array([0, 1, -1, 0, 0.5])[X[:, 3].astype(int)]
    X[generator.random(n) < 0.2, 1] = np.nan
    return X, (generator.random(n) < 1 / (1 + np.exp(-z))).astype(float)


@pytest.fixture(scope="module")
def card() -> ScorecardMember:
    X, y = drawn()
    return ScorecardMember.fit(X, y, ScorecardSettings(), [0] * 4, 0, [0, 0, 0, 5])


def test_contributions_and_points_add_up(card):
    X, _ = drawn(seed=1)
    parts = card.contributions(X)
    assert np.allclose(parts.log_odds, card.log_odds(X), atol=1e-12)
    table = card.table(["a", "b", "c", "d"], slope=0.9, intercept=-0.2)
    row = X[~np.isnan(X[:, 1])][0]
    total = 0.0
    for at, name in enumerate("abcd"):
        bins = table[table["feature"] == name]
        if bins.empty:
            continue
        if name == "d":
            total += float(bins.loc[bins["level"] == int(row[at]), "points"].iloc[0])
        else:
            inside = (bins["low"].astype(float) <= row[at]) & (row[at] < bins["high"].astype(float))
            total += float(bins.loc[inside, "points"].iloc[0])
    assert total == pytest.approx(card.points(row[None, :], slope=0.9, intercept=-0.2)[0], abs=1e-9)


def test_fifty_to_one_is_600_points_and_20_more_double_the_odds():
    assert points_of(np.array([-np.log(50.0)]))[0] == pytest.approx(600)
    assert points_of(np.array([-np.log(100.0)]))[0] == pytest.approx(620)


def test_a_card_is_plain_json_and_keeps_every_bit(card):
    X, _ = drawn(seed=2)
    back = ScorecardMember.from_dict(json.loads(json.dumps(card.to_dict(), allow_nan=False)))
    assert (back.log_odds(X) == card.log_odds(X)).all()


def test_a_gap_has_a_bin_of_its_own_and_adds_nothing_where_training_had_none(card):
    row = np.zeros((2, 4))
    row[1, 0] = np.nan
    assert card.contributions(row).values[1, 0] == 0.0
    assert card.missing_evidence[1] != 0.0


def test_the_evidence_of_a_bin_is_smoothed_to_the_base_rate():
    X = np.r_[np.zeros(1000), np.ones(3)][:, None]
    y = np.r_[np.arange(1000) % 5 == 0, [1, 1, 1]].astype(float)
    card = ScorecardMember.fit(X, y, ScorecardSettings(), [0], 0, [2])
    assert np.isfinite(card.evidence[0]).all()
    assert 0 < card.evidence[0][1] < 2.0


def test_noise_has_one_bin_and_a_step_is_found():
    generator = np.random.default_rng(4)
    values = generator.normal(size=5000)
    noise = (generator.random(5000) < 0.2).astype(float)
    assert len(bin_edges(values, noise, **OPTIONS)) <= 1
    step = (generator.random(5000) < np.where(values > 0.5, 0.5, 0.1)).astype(float)
    edges = bin_edges(values, step, **OPTIONS)
    assert 1 <= len(edges) <= 3
    assert np.abs(edges - 0.5).min() < 0.12


def test_a_special_code_keeps_a_bin_of_its_own():
    generator = np.random.default_rng(4)
    values = np.where(generator.random(6000) < 0.06, -9.0, generator.uniform(0, 100, 6000))
    y = (generator.random(6000) < np.where(values < 0, 0.6, 0.1 + 0.003 * values)).astype(float)
    edges = bin_edges(values, y, **OPTIONS)
    assert -9.0 < edges[0] <= 4.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, -1]), st.booleans())
def test_bins_keep_a_given_direction_and_their_size(seed, sign, is_whole):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=800)
    values = np.round(values) if is_whole else values
    y = (generator.random(800) < 1 / (1 + np.exp(-generator.normal() * values))).astype(float)
    edges = bin_edges(values, y, sign=sign, **OPTIONS)
    at = np.searchsorted(edges, values, side="right")
    rows, bad = np.bincount(at, minlength=len(edges) + 1), np.bincount(at, y, minlength=len(edges) + 1)
    assert (np.diff(bad / rows) * sign >= 0).all()
    assert len(rows) == 1 or rows.min() >= 0.02 * len(values)
    assert len(rows) <= 8
