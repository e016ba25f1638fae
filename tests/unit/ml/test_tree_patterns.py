"""Contributions looked up by pattern are LightGBM's own, whatever the trees and the values."""

import re
import warnings

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.delinquency.trees import TreeMember
from ml.explain import Contributions, tree_contributions
from ml.explain.patterns import tabulate

QUIET = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 3, "min_data_in_bin": 1, "deterministic": True}
# What LightGBM takes for zero, and its neighbours.
ZERO = float(np.float32(1e-35))
ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, ZERO, -ZERO, 2 * ZERO, -2 * ZERO, 1e300, 5e-324]


def make_rows(generator: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Columns of every sort: dense, with gaps, with many zeros, of few values, tiny, constant."""
    X = generator.normal(size=(n, k))
    kind = generator.integers(0, 6, k)
    X[:, kind == 1] = np.where(generator.random(X[:, kind == 1].shape) < 0.3, np.nan, X[:, kind == 1])
    X[:, kind == 2] = np.maximum(X[:, kind == 2], 0.0)
    X[:, kind == 3] = np.round(X[:, kind == 3])
    X[:, kind == 4] = X[:, kind == 4] * ZERO
    X[:, kind == 5] = 7.0
    return X


def train(X: np.ndarray, generator: np.random.Generator, rounds: int = 8, **parameters) -> lgb.Booster:
    y = np.nan_to_num(X[:, 0]) + generator.normal(size=len(X)) > 0
    parameters = {**QUIET, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0, **parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lgb.train(parameters, lgb.Dataset(X, y.astype(float), params=parameters), rounds)


def cuts_of(booster: lgb.Booster) -> np.ndarray:
    return booster.trees_to_dataframe()["threshold"].dropna().to_numpy(float)


def assert_as_lightgbm(booster: lgb.Booster, X: np.ndarray) -> None:
    found, expected = tree_contributions(booster, X), np.asarray(booster.predict(X, pred_contrib=True))
    assert found.values.shape == X.shape
    assert np.abs(found.values - expected[:, :-1]).max(initial=0.0) < 1e-9
    assert abs(found.base - expected[0, -1]) < 1e-9
    assert np.abs(found.log_odds - booster.predict(X, raw_score=True)).max() < 1e-9


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(3, 150),
    k=st.integers(1, 9),
    depth=st.integers(1, 4),
    boosting=st.sampled_from(["gbdt", "dart", "rf"]),
    from_average=st.booleans(),
    use_missing=st.booleans(),
    zero_as_missing=st.booleans(),
)
def test_contributions_are_lightgbms_and_add_up(
    seed, n, k, depth, boosting, from_average, use_missing, zero_as_missing
):
    generator = np.random.default_rng(seed)
    X = make_rows(generator, n, k)
    booster = train(
        X,
        generator,
        max_depth=depth,
        num_leaves=int(generator.integers(2, 2**depth + 1)),
        boosting=boosting,
        bagging_freq=1,
        bagging_fraction=0.7,
        feature_fraction=0.8,
        boost_from_average=from_average,
        use_missing=use_missing,
        zero_as_missing=zero_as_missing,
    )
    assert tabulate(booster) is not None
    cuts = cuts_of(booster)
    special = np.concatenate([ODD, cuts, np.nextafter(cuts, np.inf), np.nextafter(cuts, -np.inf)])
    assert_as_lightgbm(booster, np.vstack([X, generator.choice(special, (200, k)), np.full((1, k), np.nan)]))


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return make_rows(np.random.default_rng(11), 400, 8)


@pytest.fixture(scope="module")
def booster(rows) -> lgb.Booster:
    return train(rows, np.random.default_rng(12), max_depth=3, num_leaves=8)


def test_the_reference_implementation_agrees(booster, rows):
    import shap

    explanation = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")(rows)
    found = tree_contributions(booster, rows)
    assert np.abs(found.values - explanation.values).max() < 1e-9
    assert np.abs(found.base - explanation.base_values).max() < 1e-9


def test_a_feature_that_stands_twice_on_a_path_is_one_feature():
    X = np.random.default_rng(1).normal(size=(300, 2))
    one_feature = train(X[:, :1], np.random.default_rng(2), max_depth=4, num_leaves=16)
    assert max(len(table.decisions) for table in tabulate(one_feature).tables) > 4
    assert {table.columns for table in tabulate(one_feature).tables} == {(0,)}
    assert_as_lightgbm(one_feature, X[:, :1])


def test_a_full_tree_of_depth_four_is_two_small_tables():
    X = np.random.default_rng(1).normal(size=(2000, 12))
    full = train(X, np.random.default_rng(2), rounds=3, max_depth=4, num_leaves=16)
    tables = tabulate(full).tables
    assert full.num_trees() < len(tables) <= 2 * full.num_trees()
    assert max(table.values.shape[1] for table in tables) == 2**8
    assert_as_lightgbm(full, X)


def test_more_thresholds_than_a_byte_counts_are_told_apart():
    X = np.random.default_rng(1).normal(size=(3000, 1))
    fine = train(X, np.random.default_rng(2), rounds=150, max_depth=3, num_leaves=8, max_bin=2000)
    assert len(np.unique(cuts_of(fine))) > 256
    cuts = cuts_of(fine)[:, None]
    assert_as_lightgbm(fine, np.vstack([X, cuts, np.nextafter(cuts, np.inf), [[np.nan]]]))


def test_a_split_between_missing_and_all_others_holds_for_infinite_values():
    generator = np.random.default_rng(1)
    X = np.where(generator.random((300, 1)) < 0.4, np.nan, generator.normal(size=(300, 1)))
    booster = lgb.train({**QUIET, "max_depth": 1}, lgb.Dataset(X, np.isnan(X[:, 0]).astype(float)), 1)
    assert cuts_of(booster).tolist() == [1e300]  # a dump has no infinity
    assert_as_lightgbm(booster, np.array([[np.inf], [1.1e300], [5.0], [-np.inf], [np.nan]]))


@pytest.mark.parametrize("threshold", [0.0, 1e-36, -1e-36, ZERO, -ZERO])
def test_thresholds_within_what_counts_as_zero_decide_as_in_lightgbm(threshold):
    generator = np.random.default_rng(1)
    X = generator.normal(size=(60, 1))
    booster = train(X, generator, rounds=1, max_depth=1, num_leaves=2, zero_as_missing=False)
    stored = re.sub(r"threshold=\S+", f"threshold={threshold!r}", booster.model_to_string())
    moved = lgb.Booster(model_str=stored)
    assert cuts_of(moved).tolist() == [threshold]
    assert_as_lightgbm(moved, np.array(ODD)[:, None])


def test_trees_without_a_split_only_move_the_base():
    constant = lgb.train(QUIET, lgb.Dataset(np.ones((60, 2)), np.repeat([0.0, 0.0, 1.0], 20)), 3)
    found = tree_contributions(constant, np.ones((4, 2)))
    assert (found.values == 0.0).all()
    assert found.base == pytest.approx(np.log(0.5), abs=1e-9)
    assert_as_lightgbm(constant, np.ones((4, 2)))


def test_the_trees_behind_the_best_iteration_are_left_out(rows):
    booster = train(rows, np.random.default_rng(12), max_depth=3, num_leaves=8)
    booster.best_iteration = 2
    assert len(tabulate(booster).tables) == 2
    assert_as_lightgbm(booster, rows)


def test_a_model_read_back_from_its_text_explains_alike(booster, rows):
    again = lgb.Booster(model_str=booster.model_to_string())
    assert_as_lightgbm(again, rows)
    assert (tree_contributions(again, rows).values == tree_contributions(booster, rows).values).all()


def test_a_rows_contributions_do_not_depend_on_the_rows_beside_it(booster, rows):
    many = np.tile(rows, (180, 1))  # several blocks, the last one not full
    found = tree_contributions(booster, many).values
    assert (found == np.tile(tree_contributions(booster, rows).values, (180, 1))).all()
    assert (tree_contributions(booster, rows[7:8]).values == found[7:8]).all()
    assert (tree_contributions(booster, np.asfortranarray(rows)).values == found[:400]).all()


def test_no_rows_have_no_contributions(booster):
    found = tree_contributions(booster, np.empty((0, 8)))
    assert found.values.shape == (0, 8)
    assert found.base == tree_contributions(booster, np.zeros((1, 8))).base


def test_values_in_single_precision_are_decided_as_they_are(booster, rows):
    single = rows.astype(np.float32)
    expected = booster.predict(single, pred_contrib=True)
    assert np.abs(tree_contributions(booster, single).values - expected[:, :-1]).max() < 1e-9


@pytest.mark.parametrize(
    "parameters",
    [{"max_depth": 5, "num_leaves": 32}, {"max_depth": -1}, {"max_depth": 4, "categorical_feature": [3]}],
)
def test_what_no_small_table_holds_is_explained_by_lightgbm(parameters):
    X = make_rows(np.random.default_rng(11), 400, 8)
    X[:, 3] = np.random.default_rng(5).integers(0, 6, 400)
    X[:, 0] += np.isin(X[:, 3], [1, 4])
    booster = train(X, np.random.default_rng(12), rounds=20, **parameters)
    assert tabulate(booster) is None
    assert_as_lightgbm(booster, X)


def test_several_outputs_and_linear_leaves_are_refused():
    X = np.random.default_rng(1).normal(size=(200, 2))
    y = np.arange(200) % 3
    several = lgb.train({**QUIET, "objective": "multiclass", "num_class": 3}, lgb.Dataset(X, y), 2)
    with pytest.raises(ValueError, match=r"one output a row .* found 3"):
        tree_contributions(several, X)
    linear = lgb.train({**QUIET, "objective": "regression", "linear_tree": True}, lgb.Dataset(X, y), 2)
    with pytest.raises(ValueError, match="without linear_tree"):
        tree_contributions(linear, X)


def test_rows_of_another_width_are_refused(booster):
    with pytest.raises(ValueError, match=r"rows of 8 features, found an array of shape \(2, 7\)"):
        tree_contributions(booster, np.zeros((2, 7)))
    with pytest.raises(ValueError, match="8 features"):
        tree_contributions(booster, np.zeros(8))


def test_a_member_computes_its_tables_once(booster, rows):
    member = TreeMember(booster, np.full(8, np.nan))
    assert member._explainer is member._explainer
    found = member.contributions(rows)
    assert isinstance(found, Contributions)
    assert np.abs(found.log_odds - member.log_odds(rows)).max() < 1e-9
