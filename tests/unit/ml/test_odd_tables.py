"""Tables as outsiders bring them: types of Arrow, names that are numbers, dates in many forms, few defaults, leaks."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import Candidate, FeatureError, OneClassError, TrainedModel, score, train
from ml.delinquency.dates import SEVERAL, date_form, number_form, read_dates
from ml.delinquency.encoding import learn_encoder
from ml.delinquency.errors import FeatureWarning
from ml.delinquency.outcome import as_days, outcome
from ml.delinquency.screening import leak_warnings

from .conftest import LOGISTIC, TREES, kinds, quick

QUICK = quick(LOGISTIC)


def loans(n: int = 300, seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(n, 3)), columns=["a", "b", "c"])
    frame["is_bad"] = (generator.random(n) < 1 / (1 + np.exp(0.8 - 1.2 * frame["a"]))).astype(int)
    frame["granted_on"] = pd.Timestamp("2019-01-01") + pd.to_timedelta(generator.integers(0, 300, n), unit="D")
    return frame


def opened(frame: pd.DataFrame, seed: int = 2) -> "pd.Series[pd.Timestamp]":
    days = np.random.default_rng(seed).integers(30, 6000, len(frame))
    return frame["granted_on"] - pd.to_timedelta(days, unit="D")


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["03/25/2015", "01/02/2016"], "%m/%d/%Y"),
        (["25/03/2015", "01/02/2016"], "%d/%m/%Y"),
        (["25-03-15", "01-02-16"], "%d-%m-%y"),
        (["3/25/2015 14:05", "1/2/2016 9:00"], "%m/%d/%Y %H:%M"),
        (["25.03.2015", "1.2.2016"], "%d.%m.%Y"),
        (["Jan-2015", None, "feb-2016", "NA"], "%b-%Y"),
        (["Aug-99", "Jan-03"], "%b-%y"),
        (["25 March 2015", "1 May 2016"], "%d %B %Y"),
        (["201503", "201612"], "%Y%m"),
        (["20150325", "20161231"], "%Y%m%d"),
        (["03/2015", "12/2016"], "%m/%Y"),
        (["2015-03-25", "2016-01-02T10:00:00Z"], "ISO8601"),
        ([dt.date(2015, 3, 25), None], "ISO8601"),
        (["03/04/2015", "01/02/2016"], SEVERAL),
        (["05/05/2015", "06/06/2016"], SEVERAL),
        (["2015", "2016"], None),
        (["1.5", "2.5"], None),
        (["18-25", "26-35"], None),
        (["31/12/2015", "12/31/2015"], None),
        (["no", "yes"], None),
    ],
)
def test_the_form_of_dates_is_decided_by_the_whole_column(values, form):
    assert date_form(pd.Series(values, dtype=object)) == form


def test_numbers_are_dates_only_where_each_reads_as_one():
    assert number_form(pd.Series([201503, 201612, None])) == "%Y%m"
    assert number_form(pd.Series([20150325, 20161231])) == "%Y%m%d"
    assert number_form(pd.Series([201503, 201613])) is None
    assert number_form(pd.Series([200150.5])) is None
    assert number_form(pd.Series([2015, 2016])) is None


def test_a_value_of_another_form_is_refused_when_scoring():
    with pytest.raises(FeatureError, match=r"x: 1 of 2 values are no dates of the form 03/25/2015"):
        read_dates(pd.Series(["03/25/2015", "2015-03-25"], name="x"), "%m/%d/%Y")


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%y", "%Y%m%d"])
def test_a_single_row_is_read_as_the_column_was(form):
    """The third of April by itself could be the fourth of March: the model remembers."""
    frame = loans()
    frame["opened"] = opened(frame).dt.strftime(form)
    model = train(frame, "is_bad", time="granted_on", config=QUICK)
    row = frame.loc[:0, list(model.features)].assign(opened=pd.Timestamp("2015-04-03").strftime(form))
    for one in (model, TrainedModel.from_artifact(model.artifact, model.sha256)):
        X = one.numbers(row, np.array(["2019-04-03"], dtype="datetime64[D]"))
        assert X[0, model.features.index("opened")] == 1461


def test_years_of_two_digits_that_would_lie_ahead_are_of_the_century_before():
    frame = loans()
    born = np.where(np.arange(300) % 3 == 0, "Jan-55", "Jun-85")
    model = train(frame.assign(born=born), "is_bad", time="granted_on", config=QUICK)
    X = model.numbers(frame.assign(born=born)[list(model.features)], as_days(frame["granted_on"]))
    years = X[:, model.features.index("born")] / 365.25
    assert 63 < years.max() < 66
    assert 32 < years.min() < 36


@pytest.mark.parametrize("form", ["%d-%b-%y", "%m/%d/%y", "%d.%m.%y"])
def test_births_in_two_digits_are_never_ahead_and_maturities_are(form):
    """Two thirds of these births read as 2028 to 2068; a contract ends within 40 years of its row."""
    generator = np.random.default_rng(0)
    days = np.full(400, np.datetime64("2008-06-01"))
    born = pd.Timestamp("1928-01-01") + pd.to_timedelta(generator.integers(0, 365 * 60, 400), "D")
    ends = pd.Timestamp("2008-06-02") + pd.to_timedelta(generator.integers(0, 365 * 30, 400), "D")
    frame = pd.DataFrame({"born": born.strftime(form), "ends": ends.strftime(form)})
    encoder = learn_encoder(frame, ["born", "ends"], numeric=frozenset(), keep=False, days=days)
    told = encoder.numbers(frame, days)
    assert (told == (days[:, None] - np.column_stack([born, ends]).astype("datetime64[D]")).astype(float)).all()
    assert [said.split(":")[0] for said in encoder.warnings if "have two digits" in said] == [
        "feature born", "feature ends",
    ]  # fmt: skip


@pytest.mark.parametrize("as_text", [False, True])
def test_digits_are_dates_where_the_name_says_so_or_they_fill_the_calendar(as_text):
    generator = np.random.default_rng(1)
    n = 1000
    months = pd.Timestamp("2012-01-01") + pd.to_timedelta(generator.integers(0, 1500, n), "D")
    one_year = 200100 + generator.integers(1, 13, n)
    frame = pd.DataFrame(
        {
            "branch_code": one_year,
            "branch": one_year,
            "opened_ym": one_year,
            "branch_code_date": one_year,
            "date_code": one_year,
            "issueDate": one_year,
            "v1": months.strftime("%Y%m").astype(int),
            "v2": months.strftime("%Y%m%d").astype(int),
            "v3": 200001 + 1000 * generator.integers(0, 10, n) // 100 * 100 + generator.integers(0, 12, n),
            "rate_date": 190001 + generator.integers(0, 12, n),
        }
    )
    found, encoder = kinds(frame.astype(str) if as_text else frame)
    number = "number_in_text" if as_text else "number"
    dates = {"opened_ym", "branch_code_date", "issueDate", "v1", "v2"}
    assert found == {name: "days_before" if name in dates else number for name in frame}
    told = {said.split(":")[0].removeprefix("feature "): said for said in encoder.warnings}
    assert set(told) == set(frame)
    assert all(("are taken as dates" in said) == (name in dates) for name, said in told.items())


def test_a_code_that_is_no_date_is_missing_when_scoring_and_counted():
    frame = pd.DataFrame({"opened_ym": np.tile(200101 + np.arange(12), 20), "b": np.arange(240) % 7})
    encoder = kinds(frame)[1]
    days = np.full(3, np.datetime64("2002-01-01"))
    for values in ([200101, 200113, None], ["200101", "new", None], [200101.0, 200101.5, np.nan]):
        with pytest.warns(FeatureWarning, match="opened_ym: 1 of 3 values are no dates of the form 201503"):
            X = encoder.numbers(pd.DataFrame({"opened_ym": values, "b": 1}), days)
        assert X[0, 0] == 365
        assert np.isnan(X[1:, 0]).all()


@pytest.mark.parametrize("odd", ["not known", "2015-13-01", "2015-02-30"])
def test_a_few_values_that_are_no_dates_are_missing_and_told(odd):
    days = pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(1000), "D")
    frame = pd.DataFrame({"opened": days.strftime("%Y-%m-%d"), "number": days.strftime("%Y%m%d").astype(int)})
    frame = frame.assign(first=frame["opened"], many=frame["opened"], number_date=frame["number"])
    frame.loc[[0], "first"] = odd
    frame.loc[[3, 500], "opened"] = odd
    frame.loc[[3, 500], "number_date"] = [0, 99991231]
    frame.loc[::10, "many"] = [f"{odd} {number}" for number in range(100)]
    found, encoder = kinds(frame)
    assert found == dict.fromkeys(["opened", "number", "first", "number_date"], "days_before")
    assert any("opened: 2 of 1000 values are no dates of the form 2015-03-25: taken as missing" in said
               for said in encoder.warnings)  # fmt: skip
    assert "900 of 1000 values are dates such as 2015-03-25" in encoder.dropped["many"]
    with pytest.warns(FeatureWarning):
        X = encoder.numbers(frame, np.full(1000, np.datetime64("2019-06-01")))
    assert np.flatnonzero(np.isnan(X[:, encoder.names.index("opened")])).tolist() == [3, 500]


def test_odd_values_do_not_decide_between_day_and_month():
    generator = np.random.default_rng(2)
    day, month = generator.integers(1, 13, (2, 1000))
    frame = pd.DataFrame({"opened": [f"{a:02d}/{b:02d}/2015" for a, b in zip(day, month, strict=True)]})
    frame.loc[[5, 6], "opened"] = ["25/04/2015", "04/25/2015"]
    found, encoder = kinds(frame)
    assert found == {"opened": "level"}
    assert "day and month can't be told apart" in encoder.warnings[0]
    frame["opened"] = (pd.Timestamp("2015-01-01") + pd.to_timedelta(np.arange(1000), "D")).strftime("%d/%m/%Y")
    frame.loc[[5, 6], "opened"] = "not known"
    assert [column.form for column in kinds(frame)[1].columns] == ["%d/%m/%Y"]


def test_the_time_may_be_named_when_scoring():
    frame = loans()
    frame["opened"] = opened(frame)
    model = train(frame, "is_bad", time="granted_on", config=QUICK)
    rows = frame.head(5)
    named = score(model, rows[[*model.features, "granted_on"]], time="granted_on")
    apart = score(model, rows[list(model.features)], time=rows["granted_on"])
    assert named["probability"].tolist() == apart["probability"].tolist()


def test_day_and_month_are_never_guessed():
    frame = loans()
    frame["opened"] = [f"0{1 + at % 9}/0{1 + at % 7}/2015" for at in range(300)]
    model = train(frame, "is_bad", time="granted_on", config=QUICK)
    assert any("opened: day and month can't be told apart" in said for said in model.metadata["warnings"])
    assert all(column.kind != "days_before" for column in model.encoder.columns)
    with pytest.raises(FeatureError, match="time: day and month can't be told apart"):
        train(frame, "is_bad", time="opened", config=QUICK)


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (pd.Series([201503, 201611]), "2015-03-01"),
        (pd.Series(["2015", "2016"]), "2015-01-01"),
        (pd.Series(["03/25/2015", "01/02/2016"]), "2015-03-25"),
        (pd.Series(pd.to_datetime(["2015-03-25 23:30"]).tz_localize("Europe/Prague")), "2015-03-25"),
    ],
)
def test_time_comes_in_the_same_forms(values, first):
    assert str(as_days(values)[0]) == first


def test_no_rows_have_no_days():
    assert as_days(pd.Series([], dtype=object)).shape == (0,)


def test_a_table_of_arrow_types_is_learnt_from_and_scored():
    import pyarrow as pa

    frame = loans()
    frame["is_bad"] = np.where(frame["is_bad"] == 1, "bad", "good")
    frame["town"] = np.array(["x", "y", None, "z"] * 75, dtype=object)
    frame["owns"] = np.arange(300) % 2 == 0
    frame["opened"] = opened(frame).dt.date
    frame["granted_on"] = frame["granted_on"].dt.date
    arrow = pa.Table.from_pandas(frame).to_pandas(types_mapper=pd.ArrowDtype)
    first, second = (train(one, "is_bad", time="granted_on", config=QUICK) for one in (frame, arrow))
    names = list(first.features)
    told = score(second, arrow[names], time=arrow["granted_on"])["probability"]
    assert told.tolist() == score(first, frame[names], time=frame["granted_on"])["probability"].tolist()


def test_an_empty_batch_has_no_scores_whatever_the_columns_are():
    frame = loans().assign(town=np.array(["x", "y", "z"] * 100), owns=np.arange(300) % 2 == 0)
    frame["opened"] = opened(frame)
    model = train(frame, "is_bad", time="granted_on", config=QUICK)
    none = frame.head(0)
    assert score(model, none[list(model.features)], time=none["granted_on"]).empty
    assert score(model, none[list(model.features)].astype(object), time=[]).empty


def test_names_may_be_numbers():
    frame = loans()
    frame.columns = range(5)
    model = train(frame, 3, time=4, config=QUICK)
    assert model.features == ("0", "1", "2")
    assert score(model, frame[[0, 1, 2]])["probability"].notna().all()
    assert model.numbers(frame).shape == (300, 3)
    with pytest.raises(FeatureError, match=r"columns stand twice: \['1'\]"):
        train(frame.rename(columns={2: "1"}), 3, config=QUICK)


@pytest.mark.parametrize("candidate", [LOGISTIC, TREES])
def test_numbers_near_the_end_of_the_floats_break_nothing(candidate):
    frame = loans()
    frame["b"] = np.where(np.arange(300) % 2, 1.7e308, frame["b"])
    frame["c"] = -1.5e308 * np.random.default_rng(0).random(300)
    with np.errstate(over="raise", invalid="raise"):
        model = train(frame, "is_bad", config=quick(candidate))
        told = score(model, frame[list(model.features)])["probability"]
    assert told.between(0, 1).all()
    assert model.metrics["overall"]["auc"] > 0.65


def test_models_are_equal_where_they_score_alike_and_to_nothing_else():
    frame = loans()
    first, second = (train(frame, "is_bad", config=QUICK) for _ in range(2))
    other = train(frame, "is_bad", config=quick(TREES))
    assert first == second
    assert hash(first) == hash(second)
    assert first != other
    assert first != "a model"


@pytest.mark.parametrize(
    ("labels", "bad_label"),
    [([1.0, 2.0, 1.0], 2), (["1", "2", "1"], 2), ([1, 2, 1], "2"), ([1, 2, 1], 2.0), ([False, True, False], True)],
)
def test_the_bad_label_is_found_whatever_its_type(labels, bad_label):
    assert outcome(pd.Series(labels), bad_label).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("pair", [("Y", "N"), ("yes", "no"), ("Charged Off", "Fully Paid"), ("T", "F")])
def test_labels_that_speak_need_no_setting(pair):
    assert outcome(pd.Series([pair[1], pair[0], pair[1]], dtype="category")).tolist() == [0.0, 1.0, 0.0]


def test_numbers_that_name_a_row_are_no_features():
    generator = np.random.default_rng(3)
    frame = loans(600).sort_values("granted_on")
    frame["loan"] = np.cumsum(generator.integers(1, 2000, 600))
    frame["reference"] = generator.permutation(10_000_000)[:600].astype(float)
    frame["income"] = np.unique(generator.lognormal(10, 0.7, 2000).astype(int))[generator.permutation(1000)[:600]]
    frame["score"] = (1e6 * frame["a"].rank(pct=True) + generator.integers(0, 900, 600)).astype(int)
    assert all(frame[name].is_unique for name in ("loan", "reference", "income", "score"))
    model = train(frame, "is_bad", time="granted_on", config=QUICK)
    assert "in the order of time" in model.metadata["dropped"]["loan"]
    assert any("feature loan: whole numbers" in said for said in model.metadata["warnings"])
    assert "say nothing of the outcome" in model.metadata["dropped"]["reference"]
    assert {"income", "score"} <= set(model.features)


def test_whole_numbers_that_order_the_risk_are_features_unless_their_name_says_identifier():
    generator = np.random.default_rng(7)
    rank = generator.permutation(600)
    frame = pd.DataFrame({"rank": rank, "credit_id": rank, "loanId": rank[::-1], "noise": generator.normal(size=600)})
    frame["balance"] = np.where(np.arange(600) % 20, generator.permutation(660)[:600], np.nan)
    frame["is_bad"] = generator.random(600) < 1 / (1 + np.exp(-(rank - 440) / 60))
    model = train(frame, "is_bad", config=QUICK)
    assert model.features == ("noise", "rank")
    assert model.metrics["overall"]["auc"] > 0.85
    assert sorted(model.metadata["dropped"]) == ["balance", "credit_id", "loanId"]
    assert next(said for said in model.metadata["warnings"] if "kept, for they say something" in said).startswith(
        "feature rank: whole numbers, each once, hardly any left out"
    )


def test_a_suspected_identifier_is_not_asked_of_the_outcomes_that_test_the_model():
    """Numbers that know the outcomes of the last months only are noise to whoever learns before them."""
    generator = np.random.default_rng(8)
    n = 5200
    frame = loans(n).sort_values("granted_on", ignore_index=True)
    frame["granted_on"] = pd.Timestamp("2015-01-01") + pd.to_timedelta(np.arange(n) // 5, unit="D")
    numbers = generator.permutation(n)
    late = np.arange(n) > 0.93 * n
    numbers[late] = np.sort(numbers[late])[np.argsort(np.argsort(frame["is_bad"][late], kind="stable"))]
    model = train(frame.assign(number=numbers), "is_bad", time="granted_on", config=QUICK)
    assert "say nothing of the outcome" in model.metadata["dropped"]["number"]


def test_a_model_tested_by_time_is_the_same_whatever_the_order_of_rows_and_columns():
    generator = np.random.default_rng(9)
    n = 1600
    frame = loans(n)
    frame["granted_on"] = pd.Timestamp("2015-01-01") + pd.to_timedelta(np.arange(n), unit="D")
    frame["opened_ym"] = opened(frame).dt.strftime("%Y%m").astype(int)
    frame["born"] = opened(frame, 3).dt.strftime("%d-%b-%y")
    frame["seen"] = opened(frame, 4).dt.strftime("%Y-%m-%d")
    frame.loc[[7, 900], "seen"] = "not known"
    frame["score"] = (1e6 * frame["a"].rank(pct=True) + generator.integers(0, 300, n)).astype(int)
    frame["drawn"] = generator.permutation(n)
    frame["town"] = [f"t{code}" for code in generator.integers(0, 40, n)]
    frame["who"] = generator.integers(0, 900, n)
    average = Candidate("average", (*LOGISTIC.members, *TREES.members))
    config = quick(average, held_out_above_rows=1000)
    turned = frame.sample(frac=1, random_state=2)[frame.columns[::-1]]
    with pytest.warns(FeatureWarning, match="seen: 2 of 1600"):
        models = [train(one, "is_bad", time="granted_on", group="who", config=config) for one in (frame, frame, turned)]
    assert models[0].metadata["design"]["by_time"]
    assert {"opened_ym", "born", "seen", "score"} <= set(models[0].features)
    assert "drawn" in models[0].metadata["dropped"]
    assert len({model.sha256 for model in models}) == 1
    assert models[0].metadata == models[1].metadata == models[2].metadata


def test_values_that_give_the_outcome_away_are_warned_of_and_a_steep_risk_is_not():
    generator = np.random.default_rng(4)
    frame = loans(2000)
    z = 3.0 * frame["a"]
    frame["is_bad"] = generator.random(2000) < 1 / (1 + np.exp(-z))
    told = frame["is_bad"] & (generator.random(2000) < 0.5)
    frame["recovered"] = np.where(told, generator.random(2000), 0.0)
    frame["stage"] = np.where(told, "collection", np.array(["x", "y"])[generator.integers(0, 2, 2000)])
    frame["closed"] = np.where(told, np.nan, generator.random(2000))
    warnings = train(frame.drop(columns="granted_on"), "is_bad", config=quick(LOGISTIC)).metadata["warnings"]
    assert len(warnings) == 3
    assert all(any(f"feature {name}: all" in said for said in warnings) for name in ("recovered", "stage", "closed"))


@pytest.mark.parametrize(
    ("slope", "rows", "base"), [(1.0, 5000, 0.01), (2.6, 5000, 0.01), (2.6, 20_000, 0.05), (3.5, 2000, 0.5)]
)
def test_a_strong_honest_feature_is_no_leak(slope, rows, base):
    generator = np.random.default_rng(6)
    for _ in range(10):
        x = generator.normal(size=rows)
        y = generator.random(rows) < 1 / (
            1 + np.exp(-(np.log(base / (1 - base)) - slope**2 / 2 * (base < 0.5) + slope * x))
        )
        X = np.column_stack([x, np.maximum(x, 0), np.digitize(x, [-1, 0, 1])])
        assert leak_warnings(X, y.astype(float), ["x", "x_or_0", "level"], [0, 0, 4]) == []


@pytest.mark.parametrize("base", [0.01, 0.1, 0.4])
def test_the_outcome_with_mistakes_and_a_status_of_afterwards_are_warned_of(base):
    generator = np.random.default_rng(7)
    y = generator.random(20_000) < base
    mistaken = np.where(generator.random(20_000) < 0.05, ~y, y)
    status = np.where(y & (generator.random(20_000) < 0.4), 3, generator.integers(0, 3, 20_000))
    names = ["copy", "mistaken", "status"]
    warnings = leak_warnings(np.column_stack([y, mistaken, status]).astype(float), y.astype(float), names, [0, 2, 4])
    assert [said.split()[1].strip(":") for said in warnings] == names


def test_few_defaults_among_many_rows_give_a_small_model_and_a_warning():
    generator = np.random.default_rng(5)
    frame = pd.DataFrame(generator.normal(size=(20_000, 6)), columns=list("abcdef"))
    risk = frame["a"] + generator.gumbel(size=20_000)
    frame["is_bad"] = risk >= np.sort(risk)[-15]
    model = train(frame, "is_bad")
    overall = model.metrics["overall"]
    assert (overall["n"], overall["n_bad"]) == (20_000, 15)
    assert any("only 15 of 20000 rows" in said for said in model.metadata["warnings"])
    assert all(member.kind != "trees" for member in model.members)
    assert overall["auc_high"] - overall["auc_low"] > 0.05
    told = model.probability(model.numbers(frame[list(model.features)]))
    assert told.sum() == pytest.approx(15, rel=0.05)
    with pytest.raises(OneClassError, match="9 bad outcomes"):
        train(frame.assign(is_bad=risk >= np.sort(risk)[-9]), "is_bad")


@pytest.mark.parametrize("candidate", [LOGISTIC, TREES])
def test_reasons_of_categories_flags_and_dates_are_in_words(candidate):
    generator = np.random.default_rng(6)
    n = 600
    frame = pd.DataFrame(
        {
            "purpose": np.where(generator.random(n) < 0.7, "car", "travel"),
            "town": [f"town {code}" for code in np.minimum(generator.geometric(0.02, n), 250)],
            "employed": generator.random(n) < 0.7,
            "granted_on": pd.Timestamp("2019-01-01") + pd.to_timedelta(generator.integers(0, 300, n), unit="D"),
        }
    )
    frame["opened"] = opened(frame)
    age = (frame["granted_on"] - frame["opened"]).dt.days
    z = 2.0 * (frame["purpose"] == "travel") - 2.0 * frame["employed"] - 0.001 * (age - 3000)
    frame["is_bad"] = generator.random(n) < 1 / (1 + np.exp(0.3 - z))
    model = train(frame, "is_bad", time="granted_on", config=quick(candidate))
    rows = pd.DataFrame(
        {
            "employed": [False, None, True, False],
            "opened": pd.to_datetime(["2019-02-27", None, "2005-05-04", "2019-03-01"]),
            "purpose": ["boat", None, "travel", "travel"],
            "town": ["nowhere", None, "town 1", "town 1"],
        }
    )[list(model.features)]
    scored = score(model, rows, time=["2019-03-01"] * 4, top_reasons=4)
    texts = {
        (at, reason["feature"]): (reason["value"], reason["text"])
        for at, found in enumerate(scored["reasons"])
        for reason in found
    }
    said = {text for _, text in texts.values()}
    assert texts[0, "employed"] == (False, "employed: no (usually yes)")
    assert texts[3, "purpose"] == ("travel", "purpose: travel (usually car)")
    assert texts[0, "opened"][1].startswith("opened: 27 February 2019, 2 days before (usually ")
    assert texts[3, "opened"][1].startswith("opened: 1 March 2019, on the same day (usually ")
    assert any("boat, not seen before" in text for text in said) or (0, "purpose") not in texts
    assert not any("(rare)" in text or "no value" in text or ": 0.00" in text or "nan" in text for text in said)


def test_categories_that_are_rare_new_or_missing_are_said_so():
    from ml.explain.wording import said_of_a_date, said_of_a_flag, said_of_a_level

    assert said_of_a_level("boat", is_new=True) == "boat, not seen before"
    assert said_of_a_level("Nowhere", is_rare=True) == "Nowhere, a rare value"
    assert said_of_a_level(None) == said_of_a_flag(None) == said_of_a_date(float("nan")) == "not known"
    day = np.datetime64("2019-03-01")
    assert said_of_a_date(1.0, day) == "28 February 2019, 1 day before"
    assert said_of_a_date(-100.0, day) == "9 June 2019, 3 months after"
    assert said_of_a_date(1200.0) == "3.3 years before"
