"""What is told of a person comes from the declarations of others, is calibrated, and is the same every time."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluate.bands import brier_skill, expected_calibration_error
from ml.income import Evidence, IncomeModel, TooFewDeclaredError, train
from ml.income.calibration import BandLink
from ml.income.model import fold_of
from ml.income.training import cross_fit, out_of_fold
from tests.unit.income.people import QUICK, SCALE, people


@pytest.fixture(scope="module")
def learnt() -> tuple[Evidence, np.ndarray, np.ndarray]:
    frame, band = people()
    return Evidence.of(frame), band, fold_of(frame["family_id"].tolist(), QUICK.folds)


@pytest.fixture(scope="module")
def model(learnt: tuple[Evidence, np.ndarray, np.ndarray]) -> IncomeModel:
    return train(*learnt, SCALE, QUICK)


@pytest.mark.parametrize("fold", range(QUICK.folds))
def test_what_a_fold_declares_changes_nothing_of_what_is_told_of_it(
    learnt: tuple[Evidence, np.ndarray, np.ndarray], model: IncomeModel, fold: int
) -> None:
    evidence, band, folds = learnt
    mine = folds == fold
    other = band.copy()
    # Everybody of the fold declares something else: members, calibration and choice of its predictor must not notice.
    other[mine] = np.random.default_rng(7).permutation(band[mine])[::-1]
    other[mine] = np.where(other[mine] == band[mine], (band[mine] + 1) % 4, other[mine])
    again = train(evidence, other, folds, SCALE, QUICK)
    before, after = out_of_fold(model, evidence, folds), out_of_fold(again, evidence, folds)
    assert np.array_equal(before[mine], after[mine])
    assert again.by_fold[fold].to_dict() == model.by_fold[fold].to_dict()
    # The others did learn from it, so the test can tell.
    assert not np.array_equal(before[~mine], after[~mine])


def test_a_household_lies_in_one_fold_whatever_the_order() -> None:
    families = [f"F{number // 2}" for number in range(200)]
    folds = fold_of(families, 5)
    assert all(len(set(folds[np.array(families) == family])) == 1 for family in set(families))
    assert np.array_equal(fold_of(families[::-1], 5)[::-1], folds)
    assert set(folds) == set(range(5))


def test_equal_data_give_an_equal_model_and_it_survives_being_written(
    learnt: tuple[Evidence, np.ndarray, np.ndarray], model: IncomeModel
) -> None:
    assert train(*learnt, SCALE, QUICK).artifact == model.artifact
    read = IncomeModel.from_artifact(model.artifact)
    assert read.artifact == model.artifact
    assert np.array_equal(out_of_fold(read, learnt[0], learnt[2]), out_of_fold(model, learnt[0], learnt[2]))


def test_held_out_people_are_told_calibrated_probabilities() -> None:
    frame, band = people(2_000, seed=3)
    evidence, folds = Evidence.of(frame), fold_of(frame["family_id"].tolist(), QUICK.folds)
    told_model = train(evidence, band, folds, SCALE, dataclasses.replace(QUICK, tree_rounds=60))
    fresh_frame, fresh_band = people(2_000, seed=4, start=5_000)
    fresh = told_model.of_all.probabilities(Evidence.of(fresh_frame))
    # A perfect model of these people shows 0.02 to 0.03 by chance alone.
    for actual, told in ((fresh_band, fresh), (band, out_of_fold(told_model, evidence, folds))):
        assert expected_calibration_error(actual, told) < 0.045
        assert brier_skill(actual, told) > 0.4


def test_figures_are_of_people_not_seen(learnt: tuple[Evidence, np.ndarray, np.ndarray]) -> None:
    evidence, band, folds = learnt
    noise = np.random.default_rng(5).permutation(band)
    model, told = cross_fit(evidence, noise, folds, SCALE, QUICK)
    # Nothing can be known of noise; a figure measured on the people learnt from would claim some.
    assert model.metadata["metrics"]["chosen"]["brier_skill"] < 0.02
    assert np.allclose(told.chosen.sum(axis=1), 1)
    # What is told of those who declared nothing is calibrated by people not seen, too. By those learnt from, memorised
    # noise would look like knowledge, and calibration would make it surer still (slopes of 2).
    assert max(model.of_all.link.slope) < 1.3


def test_too_few_declarations_are_refused_with_the_counts() -> None:
    frame, band = people(90)
    with pytest.raises(TooFewDeclaredError, match=r"90 people .* expected 100 or more, and 5 in each band"):
        train(Evidence.of(frame), band, fold_of(frame["family_id"].tolist(), 3), SCALE, QUICK)


@settings(max_examples=60, deadline=None)
@given(
    raw=st.lists(st.lists(st.floats(-60, 60), min_size=3, max_size=3), min_size=1, max_size=20),
    intercept=st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    slope=st.lists(st.floats(0, 5), min_size=3, max_size=3),
)
def test_probabilities_add_up_and_no_band_is_impossible(
    raw: list[list[float]], intercept: list[float], slope: list[float]
) -> None:
    probability = BandLink(tuple(intercept), tuple(slope)).probabilities(np.array(raw))
    assert np.allclose(probability.sum(axis=1), 1)
    assert (probability > 0).all()


def test_contributions_add_up_to_the_log_odds(
    learnt: tuple[Evidence, np.ndarray, np.ndarray], model: IncomeModel
) -> None:
    evidence = learnt[0]
    for predictor in (model.of_all, *model.by_fold):
        raw = np.mean([member.log_odds(evidence) for member in predictor.members], axis=0)
        told = predictor.link.log_odds(raw).mean(axis=1)
        base = told - predictor.contributions(evidence).sum(axis=1)
        assert np.ptp(base) < 1e-6
