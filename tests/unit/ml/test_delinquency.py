"""What training and scoring promise: same bytes, no leakage, refusals in words."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import (
    ArtifactError,
    FeatureError,
    OneClassError,
    SchemaMismatchError,
    TrainedModel,
    TrainingConfig,
    score,
    train,
)
from ml.delinquency.config import LogisticSettings
from ml.delinquency.logistic import LogisticMember
from ml.delinquency.model import NUMBERS_ONLY, checksum
from ml.delinquency.validation import fit_link, nested_cross_validation, outer_folds
from ml.evaluate import gate

from .conftest import AVERAGE, CATALOGUE, FEATURES, LOGISTIC, TREES, fit, make_frame, quick


def test_same_data_and_seed_give_the_same_bytes_in_any_order_of_rows(frame, average):
    again = fit(frame.sample(frac=1, random_state=1), AVERAGE)
    assert again.artifact == average.artifact
    assert again.sha256 == average.sha256
    assert again.metrics == average.metrics


def test_another_seed_gives_another_artifact(frame, average):
    assert fit(frame, AVERAGE, seed=1).sha256 != average.sha256


def test_a_model_read_back_scores_alike_to_the_last_bit(model, frame):
    back = TrainedModel.from_artifact(model.artifact, model.sha256, model.metadata)
    X = frame[FEATURES].to_numpy(float)
    assert (back.probability(X) == model.probability(X)).all()
    assert back.artifact == model.artifact
    assert back.metrics == model.metrics


def test_a_changed_artifact_is_refused_before_it_is_parsed(model):
    with pytest.raises(ArtifactError, match="was changed"):
        TrainedModel.from_artifact("not even json", model.sha256)
    with pytest.raises(ArtifactError, match="was changed"):
        TrainedModel.from_artifact(model.artifact.replace('"slope":', '"slope":1'), model.sha256)


def test_an_artifact_of_another_format_or_kind_is_refused(average):
    for text in (average.artifact.replace("default_model/2", "default_model/9"), '["list"]'):
        with pytest.raises(ArtifactError, match="format"):
            TrainedModel.from_artifact(text, checksum(text))
    strange = average.artifact.replace('"kind":"trees"', '"kind":"pickle"')
    with pytest.raises(ArtifactError, match="pickle"):
        TrainedModel.from_artifact(strange, checksum(strange))


def test_an_artifact_of_the_format_before_is_read_and_scores_alike(average, frame):
    body = json.loads(average.artifact)
    body["format"] = NUMBERS_ONLY
    del body["encoder"]
    for member in body["members"]:
        for name in ("levels", "cap", "ranks", "used", "products"):
            member.pop(name, None)
    text = json.dumps(body)
    X = frame[FEATURES].to_numpy(float)
    back = TrainedModel.from_artifact(text, checksum(text))
    assert (back.probability(X) == average.probability(X)).all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (FEATURES[:-1], r"missing \['empty'\]"),
        ([*FEATURES, "granted_on"], r"unexpected \['granted_on'\]"),
        ([FEATURES[1], FEATURES[0], *FEATURES[2:]], "'stress' at position 1, found 'income'"),
    ],
)
def test_other_features_or_another_order_are_refused(average, frame, columns, words):
    with pytest.raises(SchemaMismatchError, match=words):
        score(average, frame[columns], catalogue=CATALOGUE)


def test_another_catalogue_version_is_refused(average, frame):
    with pytest.raises(SchemaMismatchError, match="catalogue version None, found 'v2'"):
        score(average, frame[FEATURES], catalogue_version="v2")


def test_scores_have_probability_band_and_reasons(model, frame):
    scored = score(model, frame[FEATURES], catalogue=CATALOGUE)
    assert scored["score_status"].eq("scored").all()
    assert scored["probability"].between(0, 1).all()
    assert scored.index.equals(frame.index)
    low = scored["probability"] < 0.05
    assert scored.loc[low, "risk_band"].eq("Low").all()
    assert scored.loc[scored["probability"] >= 0.35, "risk_band"].eq("Critical").all()
    assert scored["reasons"].map(len).max() <= 3
    assert scored["reasons"].map(len).sum() > len(frame)


def test_a_bound_belongs_to_the_band_above_it(average):
    assert average.band(np.array([0.0, 0.0499, 0.05, 0.15, 0.35, 1.0])).tolist() == [
        "Low", "Low", "Medium", "High", "Critical", "Critical",
    ]  # fmt: skip


def test_a_row_that_is_mostly_missing_is_not_scored(average, frame):
    sparse = frame[FEATURES].head(3).copy()
    sparse.loc[1, ["stress", "income", "noise", "gappy"]] = np.nan
    scored = score(average, sparse, catalogue=CATALOGUE)
    assert scored["score_status"].tolist() == ["scored", "insufficient_data", "scored"]
    assert np.isnan(scored.loc[1, "probability"])
    assert scored.loc[1, "risk_band"] is None
    assert scored.loc[1, "reasons"] == []


def test_no_rows_give_no_scores(average, frame):
    assert score(average, frame[FEATURES].head(0), catalogue=CATALOGUE).empty


def test_constant_and_empty_columns_contribute_nothing_even_when_values_turn_up_later(model, frame):
    later = frame[FEATURES].copy()
    later["constant"], later["empty"] = 1e6, -5.0
    before, after = score(model, frame[FEATURES]), score(model, later)
    assert np.allclose(before["probability"], after["probability"], atol=1e-12)


def test_a_gap_where_training_had_none_counts_as_the_median_not_as_zero(model, frame):
    gap, median = frame[FEATURES].head(5).copy(), frame[FEATURES].head(5).copy()
    gap["income"], median["income"] = np.nan, frame["income"].median()
    assert np.allclose(score(model, gap)["probability"], score(model, median)["probability"], atol=1e-12)


def test_coefficients_keep_the_expected_sign():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(400, 2))
    y = (X[:, 0] - X[:, 1] + generator.normal(size=400) > 0).astype(float)
    free = LogisticMember.fit(X, y, LogisticSettings(1.0), [0, 0], 0)
    held = LogisticMember.fit(X, y, LogisticSettings(1.0), [-1, -1], 0)
    assert free.coefficients[0] > 0.5
    assert held.coefficients[0] == 0
    assert held.coefficients[1] < 0


def test_logistic_member_equals_scikit_learn_on_the_same_design():
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(2)
    X = generator.normal(size=(300, 3))
    y = (generator.random(300) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
    ours = LogisticMember.fit(X, y, LogisticSettings(0.5, winsor=0.0), [0, 0, 0], 0)
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit((X - X.mean(0)) / X.std(0), y)
    assert np.allclose(ours.coefficients, theirs.coef_[0], atol=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_rows_held_out_do_not_reach_what_is_learned_from_the_others():
    """Noise in one outer fold's rows leaves the predictions of rows trained without it where they were."""
    frame = make_frame(160)
    X, y = frame[FEATURES].to_numpy(float), frame["is_bad"].to_numpy(float)
    groups = np.arange(len(y))
    config, signs = quick(LOGISTIC), [0] * len(FEATURES)
    before = nested_cross_validation(X, y, groups, signs, config).probability[0]
    _, held_out = next(outer_folds(y, groups, config, 0))
    row = held_out[0]
    changed = X.copy()
    changed[row] = 1e9
    after = nested_cross_validation(changed, y, groups, signs, config).probability[0]
    others = np.setdiff1d(held_out, [row])
    assert (before[others] == after[others]).all()
    assert before[row] != after[row]


def test_a_customer_is_never_on_both_sides_of_a_fold(frame):
    y, groups = frame["is_bad"].to_numpy(float), pd.factorize(frame["gr_id"])[0]
    for train_rows, test_rows in outer_folds(y, groups, quick(LOGISTIC), 0):
        assert not set(groups[train_rows]) & set(groups[test_rows])


def test_the_link_recovers_a_known_distortion_and_never_turns_the_ranking():
    generator = np.random.default_rng(4)
    z = generator.normal(-1, 1, 20_000)
    y = (generator.random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)
    link = fit_link((z - 0.5)[None, :] / 2, y)
    assert (link.intercept, link.slope) == (pytest.approx(0.5, abs=0.08), pytest.approx(2, abs=0.08))
    assert fit_link(-z[None, :], y).slope == 0


def test_metrics_tell_overall_vintages_and_choice(frame, average):
    assert average.metrics["overall"]["n"] == len(frame)
    assert [row["vintage"] for row in average.metrics["by_vintage"]] == ["2017", "2018"]
    assert average.metrics["chosen"] == {"average": 3}
    assert average.metadata["data_window"]["bad"] == int(frame["is_bad"].sum())
    assert average.out_of_fold["target"].sort_index().tolist() == frame["is_bad"].astype(int).tolist()


def test_pure_noise_does_not_pass_the_gate():
    frame = make_frame(200)
    frame["is_bad"] = np.random.default_rng(9).permutation(frame["is_bad"].to_numpy())
    model = fit(frame, LOGISTIC, TREES)
    assert not all(result.passed for result in gate(model.metrics["overall"]))


def test_one_class_or_too_few_of_one_is_refused_in_words(frame):
    with pytest.raises(OneClassError, match=r"0 bad outcomes .* expected at least 10"):
        fit(frame.assign(is_bad=False), LOGISTIC)
    few = np.arange(len(frame)) < 4
    with pytest.raises(OneClassError, match="4 bad outcomes of 2 groups"):
        fit(frame.assign(is_bad=few), LOGISTIC)


def test_missing_or_strange_outcomes_are_refused(frame):
    with pytest.raises(OneClassError, match="missing in 1 of"):
        fit(frame.assign(is_bad=frame["is_bad"].astype("boolean").mask(frame.index == 0)), LOGISTIC)
    with pytest.raises(OneClassError, match="holds 2; expected"):
        fit(frame.assign(is_bad=2), LOGISTIC)


def test_unusable_features_are_refused_by_name(frame):
    with pytest.raises(FeatureError, match="income has the type"):
        fit(frame.assign(income="much"), LOGISTIC)
    with pytest.raises(FeatureError, match=r"infinite values in \['stress'\]"):
        fit(frame.assign(stress=np.inf), LOGISTIC)
    with pytest.raises(FeatureError, match=r"lacks 1 of 6 features: \['gappy'\]"):
        fit(frame.drop(columns="gappy"), LOGISTIC)
    with pytest.raises(FeatureError, match="none of the 2 features varies"):
        train(frame, "is_bad", features=["constant", "empty"], config=quick(LOGISTIC))
    with pytest.raises(FeatureError, match="group names the column 'nobody'"):
        train(frame, "is_bad", features=["stress"], group="nobody", config=quick(LOGISTIC))


def test_database_types_are_numbers_too(average, frame):
    from decimal import Decimal

    typed = frame[FEATURES].head(4).copy()
    typed["noise"] = typed["noise"].astype("Int64")
    typed["income"] = [Decimal(str(value)) for value in typed["income"]]
    typed["gappy"] = typed["gappy"].astype(object).where(typed["gappy"].notna(), None)
    plain = score(average, frame[FEATURES].head(4))
    assert np.allclose(score(average, typed)["probability"], plain["probability"])


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="expected rising bounds"):
        TrainingConfig(bands=((0.5, "Low"), (0.2, "High")))
    with pytest.raises(ValueError, match="no candidates"):
        TrainingConfig(candidates=())
    with pytest.raises(ValueError, match="outer_folds 1"):
        TrainingConfig(outer_folds=1)


def test_importing_the_library_is_light():
    import subprocess
    import sys

    program = (
        "import sys, ml.delinquency, ml.explain, ml.evaluate, ml.registry;"
        "print([m for m in ('lightgbm', 'sklearn', 'scipy', 'dagster', 'orchestration') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
