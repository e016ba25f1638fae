"""What training makes of a table nobody has prepared: kinds of columns, labels, dates, what is left out."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import (
    Candidate,
    FeatureError,
    OneClassError,
    TrainedModel,
    TrainingConfig,
    TreeSettings,
    score,
    train,
)
from ml.delinquency.config import LogisticSettings, ScorecardSettings
from ml.delinquency.encoding import OTHER, learn_encoder
from ml.delinquency.interactions import pairs_in
from ml.delinquency.outcome import as_days, outcome
from ml.delinquency.report import ReportConfig, build_report

from .conftest import LOGISTIC, quick


def credit_table(n: int = 400, seed: int = 3) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    purpose = np.array(["car", "home", "travel"])[generator.integers(0, 3, n)]
    frame = pd.DataFrame(
        {
            "amount": generator.lognormal(8, 0.5, n),
            "purpose": purpose,
            "interest": [f"{value:.1f}%" for value in generator.uniform(5, 20, n)],
            "employed": generator.random(n) < 0.7,
            "town": [f"town {number}" for number in np.minimum(generator.geometric(0.03, n), 200)],
            "opened_on": pd.Timestamp("2010-01-01") + pd.to_timedelta(generator.integers(0, 3000, n), unit="D"),
            "granted_on": pd.Timestamp("2019-01-01") + pd.to_timedelta(generator.integers(0, 300, n), unit="D"),
            "customer_id": generator.permutation(n) + 1000,
            "remark": [f"says {number} and more" for number in range(n)],
            "country": "CZ",
            "nothing": None,
        }
    )
    z = -1.0 + 1.2 * (purpose == "travel") - 0.8 * frame["employed"] + 0.1 * frame["interest"].str[:-1].astype(float)
    frame["status"] = np.where(generator.random(n) < 1 / (1 + np.exp(1.0 - z)), "bad", "good")
    return frame


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return credit_table()


@pytest.fixture(scope="module")
def model(table) -> TrainedModel:
    return train(table, "status", time="granted_on", config=quick(LOGISTIC))


def test_every_other_column_is_a_feature_unless_nothing_can_be_learnt_from_it(model):
    assert model.features == ("amount", "employed", "interest", "opened_on", "purpose", "town")
    dropped = model.metadata["dropped"]
    assert dropped["customer_id"] == "an identifier: whole numbers, each once"
    assert dropped["remark"].startswith("an identifier or free text: 400 different values")
    assert (dropped["country"], dropped["nothing"]) == ("constant", "no value in any row")


def test_dates_are_left_out_without_a_time_and_that_is_said(table):
    without = train(table.drop(columns="granted_on"), "status", config=quick(LOGISTIC))
    assert "opened_on" not in without.features
    assert "no time is given" in without.metadata["dropped"]["opened_on"]


def test_a_model_of_text_and_dates_is_read_back_and_scores_alike(model, table):
    back = TrainedModel.from_artifact(model.artifact, model.sha256, model.metadata)
    names, when = list(model.features), table["granted_on"]
    first, second = (score(one, table[names], time=when) for one in (model, back))
    assert (first["probability"] == second["probability"]).all()
    texts = {reason["text"] for row in first["reasons"] for reason in row if reason["feature"] == "purpose"}
    assert any("travel" in text for text in texts)
    with pytest.raises(FeatureError, match=r"opened_on is a date .* give the time of each row"):
        score(model, table[names])


def test_a_row_unlike_those_of_training_is_said_to_be_outside(model, table):
    rows = table[list(model.features)].head(4).astype({"employed": object})
    rows.loc[1, "amount"] = 1e7
    rows.loc[2, ["purpose", "interest", "amount"]] = ["boat", "60%", 1.0]
    rows.loc[3, list(model.features)] = None
    again = TrainedModel.from_artifact(model.artifact, model.sha256, json.loads(json.dumps(model.metadata)))
    told = score(again, rows, time=table["granted_on"].head(4))["is_outside_population"]
    assert told.tolist() == [False, True, True, None]
    usual = score(again, table[list(model.features)], time=table["granted_on"])["is_outside_population"]
    assert usual.mean() <= 0.03
    before = TrainedModel.from_artifact(model.artifact, model.sha256)
    assert score(before, rows, time=table["granted_on"].head(4))["is_outside_population"].isna().all()


def test_an_unknown_level_counts_as_missing_and_a_rare_one_as_rare(model, table):
    rows = table[list(model.features)].head(4).assign(purpose=["boat", None, "car", "home"], town="nowhere at all")
    X = model.numbers(rows, as_days(table["granted_on"].head(4)))
    purpose, town = model.features.index("purpose"), model.features.index("town")
    assert np.isnan(X[:2, purpose]).all()
    assert X[2:, purpose].tolist() == [0.0, 1.0]
    levels = model.metadata["levels"]["town"]
    assert levels[-1] == OTHER
    assert (X[:, town] == len(levels) - 1).all()


def test_the_order_of_rows_and_columns_does_not_matter(model, table):
    turned = table.sample(frac=1, random_state=2)[table.columns[::-1]]
    again = train(turned, "status", time="granted_on", config=quick(LOGISTIC))
    assert again.artifact == model.artifact
    assert again.metadata == model.metadata
    assert json.loads(json.dumps(model.metadata, allow_nan=False))["dropped"] == model.metadata["dropped"]


@pytest.mark.parametrize(
    ("labels", "bad_label", "bad"),
    [
        (["good", "bad", "Good"], None, [0, 1, 0]),
        (["yes", "no", "no"], None, [1, 0, 0]),
        ([1, 2, 1], 2, [0, 1, 0]),
        (["Fully Paid", "Charged Off", "Fully Paid"], "Charged Off", [0, 1, 0]),
        ([True, False, False], None, [1, 0, 0]),
        (pd.Categorical(["0", "1", "0"]), None, [0, 1, 0]),
    ],
)
def test_two_labels_are_a_target(labels, bad_label, bad):
    assert outcome(pd.Series(labels), bad_label).tolist() == bad


def test_labels_that_do_not_say_which_is_bad_are_refused(table):
    with pytest.raises(OneClassError, match=r"holds 1, 2; .*bad_label"):
        outcome(pd.Series([1, 2, 1]))
    with pytest.raises(OneClassError, match=r"\['closed', 'written down'\].*bad_label"):
        outcome(pd.Series(["closed", "written down"]))
    with pytest.raises(OneClassError, match="'worse'"):
        outcome(pd.Series(["good", "bad"]), "worse")
    with pytest.raises(OneClassError, match="missing in 1 of 2 rows"):
        outcome(pd.Series(["good", None]))
    with pytest.raises(OneClassError, match="0 bad outcomes"):
        train(table.assign(status="good"), "status", config=quick(LOGISTIC))


def test_the_label_that_was_taken_for_bad_is_told(table):
    repaid = table.drop(columns="status").assign(repaid=np.where(table["status"] == "bad", "N", "Y"))
    model = train(repaid, "repaid", config={"candidates": (LOGISTIC,), "repeats": 1, "resamples": 20})
    assert model.metadata["labels"] == {"bad": "Y", "good": "N"}
    assert any("'Y' is taken for the bad outcome" in said and "bad_label='N'" in said
               for said in model.metadata["warnings"])  # fmt: skip
    settings = quick(LOGISTIC, bad_label="N")
    model = train(repaid, "repaid", config=settings)
    assert model.metadata["labels"] == {"bad": "N", "good": "Y"}
    assert model.metadata["warnings"] == []
    assert build_report(model, config=ReportConfig(resamples=20, slice_resamples=20)).figures["bad_label"] == "N"


def test_what_is_no_frame_or_no_configuration_is_refused_in_words(table):
    with pytest.raises(FeatureError, match="frame is a ndarray; expected"):
        train(np.zeros((3, 2)), "status")
    with pytest.raises(TypeError, match=r"config names \['depth'\]; known are \['candidates'"):
        train(table, "status", config={"depth": 3})
    with pytest.raises(TypeError, match="config is a int; expected a TrainingConfig"):
        train(table, "status", config=7)


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (pd.Series(["2017-03-01", "2018-01-01"]), "2017-03-01"),
        (pd.Series(["Dec-2011", "Jan-2012"]), "2011-12-01"),
        (pd.Series([2015, 2016]), "2015-01-01"),
        (pd.Series(pd.to_datetime(["2017-03-01T10:00Z", "2017-03-02T10:00Z"])), "2017-03-01"),
    ],
)
def test_times_come_in_several_forms(values, first):
    assert str(as_days(values)[0]) == first


def test_times_that_are_none_are_refused():
    with pytest.raises(FeatureError, match="is no date"):
        as_days(pd.Series([17, 18]))
    with pytest.raises(FeatureError, match="missing in 1 of 2"):
        as_days(pd.Series(["2017-03-01", None]))


def test_infinite_values_name_column_and_count(table):
    broken = table.assign(amount=table["amount"].where(table.index > 2, np.inf))
    with pytest.raises(FeatureError, match=r"infinite values in \['amount'\]: \[3\] of 400 rows"):
        train(broken, "status", time="granted_on", config=quick(LOGISTIC))


def test_text_in_a_feature_of_numbers_is_refused_when_scoring(model, table):
    names = list(model.features)
    with pytest.raises(FeatureError, match="interest: 400 of 400 values are no finite numbers"):
        score(model, table[names].assign(interest="much"), time=table["granted_on"])


def test_numbers_in_text_and_codes_for_nothing_are_read():
    frame = pd.DataFrame({"paid": ["$1,200", "?", " 15 ", "NA"] * 5, "few": ["a", "b", "", "a"] * 5})
    encoder = learn_encoder(frame, ["paid", "few"], numeric=frozenset(), keep=False)
    X = encoder.numbers(frame)
    assert X[0, 0] == 1200.0
    assert np.isnan(X[1, 0])
    assert (X[2, 0], X[0, 1], X[1, 1]) == (15.0, 0.0, 1.0)
    assert np.isnan(X[2, 1])


def test_a_column_that_knows_the_outcome_is_warned_of(table):
    told = table.assign(collected=(table["status"] == "bad") * 100.0)
    assert train(table, "status", config=quick(LOGISTIC)).metadata["warnings"] == []
    warnings = train(told, "status", config=quick(LOGISTIC)).metadata["warnings"]
    assert len(warnings) == 1
    assert "collected alone reaches AUC 1.000" in warnings[0]


def test_settings_of_parts_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="four shares"):
        TrainingConfig(part_shares=(0.5, 0.5, 0.5, 0.5))
    with pytest.raises(ValueError, match="gap_days is -1"):
        TrainingConfig(gap_days=-1)
    with pytest.raises(ValueError, match="interactions name"):
        pairs_in(["a"], TrainingConfig(interactions=(("a", "b"),)))


@pytest.mark.parametrize("kind", [LogisticSettings(0.5), ScorecardSettings()])
def test_levels_are_learnt_as_levels_not_as_numbers(kind):
    """The middle code is the risky one: no straight line through codes could say so."""
    from ml.delinquency.validation import fit_member

    generator = np.random.default_rng(1)
    X = generator.integers(0, 3, (600, 1)).astype(float)
    y = (generator.random(600) < np.array([0.1, 0.7, 0.1])[X[:, 0].astype(int)]).astype(float)
    told = fit_member(X, y, kind, [0], 0, [3]).log_odds(np.array([[0.0], [1.0], [2.0], [np.nan]]))
    assert told[1] > told[0] + 1.5
    assert told[1] > told[2] + 1.5
    assert told[3] < told[1]


def test_a_column_of_decimal_commas_is_read_as_such_and_thousands_stay_thousands():
    rng = np.random.default_rng(3)
    value = np.round(rng.lognormal(5, 1.5, 400), 2)
    is_bad = rng.random(400) < 1 / (1 + np.exp(5.0 - np.log(value)))
    german = [f"{one:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".") for one in value]
    english = [f"{one:,.2f} $" for one in value]
    frame = pd.DataFrame({"german": german, "english": english, "is_bad": is_bad})
    model = train(frame, "is_bad", config=quick(LOGISTIC))
    assert [column.kind for column in model.encoder.columns] == ["number_in_text", "number_with_comma"]
    X = model.numbers(frame[list(model.features)])
    np.testing.assert_allclose(X, np.column_stack([value, value]))
    with pytest.raises(FeatureError, match="expected numbers such as 13,5"):
        model.numbers(frame[list(model.features)].assign(german="13.5"))


def test_many_levels_are_levels_where_each_has_rows_of_its_own():
    rng = np.random.default_rng(4)
    code = rng.integers(0, 120, 12_000)
    effect = rng.normal(0, 1, 120)
    frame = pd.DataFrame({"trade": [f"T{one:03d}" for one in code], "noise": rng.normal(size=12_000)})
    frame["is_bad"] = rng.random(12_000) < 1 / (1 + np.exp(2.5 - effect[code]))
    model = train(frame, "is_bad", config=quick(LOGISTIC))
    assert "trade" not in model.metadata["dropped"]
    assert len(model.encoder.columns[list(model.features).index("trade")].levels) == 120


def test_levels_are_columns_of_their_own_to_a_logistic_regression():
    """As scikit-learn fits them written out: centred, rare ones no steeper than one row in ten."""
    from sklearn.linear_model import LogisticRegression

    from ml.delinquency.validation import fit_member

    rng = np.random.default_rng(7)
    code = np.where(rng.random(500) < 0.1, np.nan, rng.choice(4, 500, p=[0.5, 0.3, 0.17, 0.03]))
    X = np.column_stack([rng.normal(size=500), code, rng.normal(size=500)])
    y = (rng.random(500) < 1 / (1 + np.exp(-X[:, 0] + (code == 2)))).astype(float)
    member = fit_member(X, y, LogisticSettings(0.5, winsor=0.0), [0, 0, 0], 0, [0, 4, 0])
    numbers, written = X[:, [0, 2]], (code[:, None] == np.arange(4)).astype(float)
    gap = np.isnan(code)[:, None].astype(float)
    parts = [(numbers - numbers.mean(0)) / numbers.std(0)]
    parts += [(written - written.mean(0)) / np.maximum(written.std(0), 0.3), (gap - gap.mean()) / gap.std()]
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(np.hstack(parts), y)
    assert np.allclose(member.log_odds(X), theirs.decision_function(np.hstack(parts)), atol=1e-3)
    assert np.allclose(member.contributions(X).log_odds, member.log_odds(X))


def test_trees_do_not_read_a_row_in_its_own_level():
    from ml.delinquency.trees import _own_values

    rng = np.random.default_rng(8)
    X = np.column_stack([rng.normal(size=3000), rng.integers(0, 300, 3000)])
    y = (rng.random(3000) < 1 / (1 + np.exp(1.0 - X[:, 0]))).astype(float)
    before = _own_values(X, y, [0, 300], 0)[1]
    turned = y.copy()
    turned[5] = 1 - y[5]
    after = _own_values(X, turned, [0, 300], 0)[1]
    alike = np.flatnonzero((X[:, 1] == X[5, 1]) & (np.arange(3000) != 5))
    assert after[5] == before[5]
    assert (after[alike] != before[alike]).any()
    frame = pd.DataFrame(X, columns=["a", "code"]).assign(is_bad=y, code=[f"c{one:.0f}" for one in X[:, 1]])
    trees = Candidate("trees", (TreeSettings(3, rounds=60, feature_fraction=1.0),))
    with_noise = train(frame, "is_bad", config=quick(trees)).metrics["overall"]["auc"]
    without = train(frame.drop(columns="code"), "is_bad", config=quick(trees)).metrics["overall"]["auc"]
    assert with_noise > without - 0.015


def test_a_persons_rows_do_not_tell_his_level_to_each_other():
    from ml.delinquency.trees import _own_values

    person = np.random.default_rng(9).integers(0, 600, 2400)
    X, y = (person // 2).astype(float)[:, None], np.random.default_rng(9).integers(0, 2, 2400).astype(float)
    told = _own_values(X, y, [300], 0, person)[0]
    own = person == person[5]
    after = _own_values(X, np.where(own, 1 - y, y), [300], 0, person)[0]
    alike = (X[:, 0] == X[5, 0]) & ~own
    assert (after[own] == told[own]).all()
    assert (after[alike] != told[alike]).any()


@pytest.mark.parametrize(("people", "each", "level"), [(300, 8, -2.0), (150, 6, -2.5)], ids=["held out", "nested"])
def test_trees_do_not_read_a_person_in_the_level_of_his_other_rows(people, each, level):
    """Outcomes are mostly a person's, and the level nearly names him: to people not seen it says nothing."""
    rng = np.random.default_rng(9)
    n = people * each
    person = rng.integers(0, people, n)
    is_risky = (rng.random(people) < 0.3)[person]
    frame = pd.DataFrame({"x": rng.normal(size=n), "branch": [f"b{one}" for one in person // 2], "who": person})
    frame["is_bad"] = rng.random(n) < 1 / (1 + np.exp(-level - frame["x"] - 3.0 * is_risky))
    config = quick(Candidate("trees", (TreeSettings(3, rounds=60, feature_fraction=1.0),)), held_out_above_rows=2000)
    model = train(frame, "is_bad", group="who", config=config)
    assert (model.out_of_fold is None) == (n > 2000)
    with_branch = model.metrics["overall"]["auc"]
    without = train(frame.drop(columns="branch"), "is_bad", group="who", config=config).metrics["overall"]["auc"]
    assert with_branch > without - 0.016
