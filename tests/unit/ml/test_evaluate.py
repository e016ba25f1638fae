"""Figures of ml.evaluate against scikit-learn and values known in closed form."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from ml import evaluate
from ml.evaluate.calibration import log_odds


@pytest.fixture
def predictions() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    p = generator.beta(1, 5, 600).round(2).clip(0.01, 0.99)
    return (generator.random(600) < p).astype(int), p


def test_auc_gini_and_losses_equal_scikit_learn_ties_included(predictions):
    y, p = predictions
    assert evaluate.auc(y, p).value == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert evaluate.bootstrap_auc(y, p, resamples=50).value == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert evaluate.gini(y, p) == pytest.approx(2 * roc_auc_score(y, p) - 1)
    assert evaluate.brier_score(y, p) == pytest.approx(brier_score_loss(y, p))
    assert evaluate.log_loss(y, p) == pytest.approx(sklearn_log_loss(y, p))


def test_auc_of_repeats_is_their_mean(predictions):
    y, p = predictions
    other = np.random.default_rng(0).random(len(y))
    expected = (roc_auc_score(y, p) + roc_auc_score(y, other)) / 2
    assert evaluate.auc(y, np.array([p, other])).value == pytest.approx(expected)


def test_delong_and_bootstrap_intervals_agree(predictions):
    y, p = predictions
    delong, bootstrap = evaluate.auc(y, p), evaluate.bootstrap_auc(y, p, resamples=4000)
    assert delong.low == pytest.approx(bootstrap.low, abs=0.01)
    assert delong.high == pytest.approx(bootstrap.high, abs=0.01)


def test_delong_variance_of_a_case_worked_by_hand():
    # Bads at 3 and 1, goods at 2 and 0: placements 1, 1/2 and 1/2, 1; variance 1/16 + 1/16.
    found = evaluate.auc([1, 1, 0, 0], [3, 1, 2, 0])
    half = 1.959963984540054 * np.sqrt(1 / 8) / (0.75 * 0.25)
    assert found.value == 0.75
    assert found.low == pytest.approx(1 / (1 + np.exp(-(np.log(3) - half))))


def test_resampling_whole_groups_widens_the_interval(predictions):
    y, p = predictions
    y, p, group = np.tile(y, 5), np.tile(p, 5), np.tile(np.arange(len(y)), 5)
    rows, groups = evaluate.bootstrap_auc(y, p), evaluate.bootstrap_auc(y, p, group=group)
    assert (groups.high - groups.low) > 1.8 * (rows.high - rows.low)


def test_paired_difference_of_a_score_with_itself_is_zero_and_with_noise_is_clear(predictions):
    y, p = predictions
    same = evaluate.auc_difference(y, p, p)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert same.is_not_worse
    noise = evaluate.auc_difference(y, np.random.default_rng(0).random(len(y)), p)
    assert noise.high < 0
    assert not noise.is_not_worse


def test_ks_of_separated_and_of_equal_scores():
    assert evaluate.ks_statistic([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]) == 1
    assert evaluate.ks_statistic([0, 1, 0, 1], [0.1, 0.1, 0.5, 0.5]) == 0


def test_brier_skill_is_zero_for_the_base_rate_and_one_for_the_truth():
    y = np.array([0, 0, 0, 1])
    assert evaluate.brier_skill(y, np.full(4, 0.25)) == pytest.approx(0)
    assert evaluate.brier_skill(y, y) == pytest.approx(1)


def test_calibration_recovers_a_known_distortion():
    generator = np.random.default_rng(1)
    z = generator.normal(-1, 1.5, 40_000)
    y = generator.random(len(z)) < 1 / (1 + np.exp(-z))
    right = evaluate.calibration(y, 1 / (1 + np.exp(-z)))
    assert right.slope == pytest.approx(1, abs=0.05)
    assert right.intercept == pytest.approx(0, abs=0.05)
    extreme = evaluate.calibration(y, 1 / (1 + np.exp(-2 * z)))
    assert extreme.slope == pytest.approx(0.5, abs=0.03)
    shifted = evaluate.calibration(y, 1 / (1 + np.exp(-(z - 0.7))))
    assert shifted.intercept == pytest.approx(0.7, abs=0.05)


def test_log_odds_keeps_small_probabilities_apart():
    assert log_odds(0.5) == 0
    assert log_odds([1e-9, 1e-8])[0] < log_odds([1e-9, 1e-8])[1]


def test_a_vintage_with_one_class_keeps_counts_and_has_no_auc():
    table = evaluate.by_vintage([0, 1, 0, 0], [0.1, 0.9, 0.2, 0.1], ["2017", "2017", "2018", "2018"], resamples=50)
    assert table["n"].tolist() == [2, 2]
    assert table["auc"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("target", "score", "words"),
    [
        ([1, 1], [0.1, 0.2], "one class only"),
        ([0, 1], [0.1, np.nan], "missing or infinite"),
        ([0, 2], [0.1, 0.2], "expected 0 and 1"),
        ([0, 1, 1], [0.1, 0.2], "shape"),
    ],
)
def test_unusable_input_is_refused_in_words(target, score, words):
    with pytest.raises(ValueError, match=words):
        evaluate.auc(target, score)


def test_the_gate_passes_a_sound_model_and_fails_noise_and_missing_figures(predictions):
    y, p = predictions
    sound = evaluate.gate(evaluate.summarise(y, p, resamples=200), evaluate.GateConfig(auc_margin=0.05))
    assert all(result.passed for result in sound), [r.message for r in sound]
    noise = np.random.default_rng(0).uniform(0.01, 0.99, len(y))
    failed = {r.name for r in evaluate.gate(evaluate.summarise(y, noise, resamples=200)) if not r.passed}
    assert {"auc_lower_bound", "calibration_slope", "brier_skill"} <= failed
    assert not any(result.passed for result in evaluate.gate({}))


def test_the_gate_names_the_first_difference_of_the_schema(predictions):
    metrics = evaluate.summarise(*predictions, resamples=50)
    same = evaluate.gate(metrics, features=["a", "b"], expected_features=["a", "b"])[-1]
    swapped = evaluate.gate(metrics, features=["b", "a"], expected_features=["a", "b"])[-1]
    missing = evaluate.gate(metrics, features=["a"], expected_features=["a", "b"])[-1]
    assert same.passed
    assert "position 1: 'b' instead of 'a'" in swapped.message
    assert "missing ['b']" in missing.message
    assert "FAILED" in missing.message
