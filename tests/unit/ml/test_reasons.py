"""One reason a cause, strongest first, the same as a list and as JSON text."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.delinquency import score
from ml.explain import Contributions, causes_of, format_values, reasons, reasons_json

NAMES = ["cash_mean", "cash_max", "income", "gambling"]
CATALOGUE = {
    "cash_mean": {"signal": "weekly", "cause": "cash", "unit": "share", "reason_text": "Cash {value}, usual {usual}"},
    "cash_max": {"signal": "peak", "cause": "cash", "unit": "EUR", "reason_text": "Most cash: {value}"},
    "income": {"signal": "income", "unit": "amount"},
}  # fmt: skip
USUAL = {"cash_mean": 0.12, "cash_max": 90.0, "income": 2000.0, "gambling": None}
AWAY = np.array([[0.38, 400.0, 1000.0, 5.0]])


def explain(*contributions: float, X: np.ndarray = AWAY, **changes) -> list[dict]:
    return reasons(
        Contributions(np.array([contributions]), -2.0), X, NAMES, usual=USUAL, catalogue=CATALOGUE, **changes
    )[0]


def brief(found: list[dict]) -> list[tuple[str, str, float]]:
    return [(reason["cause"], reason["feature"], reason["contribution"]) for reason in found]


def test_features_of_one_cause_are_one_reason_and_the_strongest_speaks():
    found = explain(0.25, 0.5, 0.625, 0.125)
    assert brief(found) == [("cash", "cash_max", 0.75), ("income", "income", 0.625), ("gambling", "gambling", 0.125)]
    assert found[0] == {
        "cause": "cash",
        "feature": "cash_max",
        "value": 400.0,
        "contribution": 0.75,
        "direction": "raises",
        "text": "Most cash: 400 EUR",
    }


def test_the_feature_that_speaks_pulls_in_the_direction_of_its_cause():
    assert brief(explain(0.25, -0.125, 0.0, 0.0)) == [("cash", "cash_mean", 0.125)]
    assert brief(explain(0.25, -0.5, 0.0, 0.0)) == [("cash", "cash_max", -0.25)]


def test_a_cause_whose_features_outweigh_each_other_is_no_reason():
    assert brief(explain(0.5, -0.5, 0.0, 0.25)) == [("gambling", "gambling", 0.25)]
    assert brief(explain(0.25, -0.5, 0.5, 0.0)) == [("income", "income", 0.5)]


def test_a_feature_that_reads_like_the_usual_value_lets_another_of_its_cause_speak():
    X = np.array([[0.121, 400.0, 1000.0, 5.0]])
    assert brief(explain(0.5, 0.25, 0.0, 0.0, X=X)) == [("cash", "cash_max", 0.75)]
    assert explain(0.5, 0.0, 0.0, 0.0, X=X) == []


def test_a_row_below_the_base_is_explained_by_what_lowers_it():
    found = explain(-0.25, -0.25, 0.125, -0.125)
    assert brief(found) == [("cash", "cash_mean", -0.5), ("gambling", "gambling", -0.125)]
    assert {reason["direction"] for reason in found} == {"lowers"}


def test_of_equally_strong_ones_the_first_comes_first():
    assert brief(explain(0.125, 0.125, 0.25, 0.25)) == [
        ("cash", "cash_mean", 0.25),
        ("income", "income", 0.25),
        ("gambling", "gambling", 0.25),
    ]
    assert brief(explain(0.125, 0.125, 0.25, 0.25, top=1)) == [("cash", "cash_mean", 0.25)]


def test_a_missing_value_is_said_and_is_null():
    parts, X = Contributions(np.array([[0.25, 0.0, 0.125, 0.0]]), -2.0), np.array([[np.nan, 90.0, np.inf, np.nan]])
    found = reasons(parts, X, NAMES, usual=USUAL, catalogue=CATALOGUE)
    assert [(reason["value"], reason["text"]) for reason in found[0]] == [
        (None, "Cash not known, usual 12 %"),
        (None, "income: not known (usually 2,000)"),
    ]
    assert json.loads(reasons_json(parts, X, NAMES, usual=USUAL, catalogue=CATALOGUE)[0]) == found[0]


def test_no_more_reasons_than_asked_for_and_than_there_are_causes():
    assert [len(explain(0.5, 0.5, 0.5, 0.5, top=top)) for top in (0, 1, 2, 3, 9)] == [0, 1, 2, 3, 3]


def test_a_cause_is_stated_or_the_signal_or_the_feature_itself():
    assert causes_of(CATALOGUE, NAMES) == ["cash", "cash", "income", "gambling"]
    entries = {"a": SimpleNamespace(signal="s", cause=None), "b": SimpleNamespace(signal="s")}
    assert causes_of(SimpleNamespace(entries=entries), ["a", "b", "c"]) == ["s", "s", "c"]


def test_the_words_do_not_depend_on_the_kind_of_model(average, frame):
    """A linear and a tree member that name the same feature of a row say the same."""
    features, usual = list(average.features), average.usual
    X = frame[features].to_numpy(float)
    said = []
    for member in average.members:
        beyond = member.contributions(X).relative_to(member.contributions(average.usual_row()))
        found = reasons(beyond, X, features, usual=usual, top=6)
        said.append({(row, one["feature"]): one["text"] for row, ones in enumerate(found) for one in ones})
    both = said[0].keys() & said[1].keys()
    assert len(both) > 100
    assert {key: said[0][key] for key in both} == {key: said[1][key] for key in both}


def test_scores_have_at_most_one_reason_a_cause(average, frame):
    catalogue = {name: {"cause": "all but income"} for name in average.features if name != "income"}
    found = score(average, frame[list(average.features)], catalogue=catalogue)["reasons"]
    causes = [[reason["cause"] for reason in row] for row in found]
    assert max(map(len, causes)) == 2
    assert all(len(set(row)) == len(row) for row in causes)


def slowly(contributions, X, features, usual, catalogue, top):
    """The definition, row by row and cause by cause."""
    causes = causes_of(catalogue, features)
    units = [(catalogue.get(name) or {}).get("unit") for name in features]
    found = []
    for parts, values in zip(contributions.values, X, strict=True):
        away = 1.0 if contributions.base + parts.sum() >= contributions.base else -1.0
        for direction, most in ((away, top), (-away, 1)):
            candidates = []
            for cause in dict.fromkeys(causes):
                own = [at for at, name in enumerate(causes) if name == cause]
                differs = [
                    at
                    for at in own
                    if parts[at] * direction > 0
                    and len(
                        set(format_values([values[at], np.nan if (u := usual[features[at]]) is None else u], units[at]))
                    )
                    > 1
                ]
                total = sum(parts[at] for at in own)
                if total * direction > 0 and differs:
                    speaker = max(differs, key=lambda at: (parts[at] * direction, -at))
                    candidates.append((cause, features[speaker], total))
            kept = sorted(candidates, key=lambda one: -one[2] * direction)[:most]
            if kept:
                break
        found.append(kept)
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ranking_is_the_definition_and_json_is_the_list(data):
    k, n = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 12))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    features = [f'f"{at}{{value}}' if at == 1 else f"f{at}" for at in range(k)]
    units = np.array(["share", "ratio", "count", "days", "amount", "CZK", None], dtype=object)
    catalogue = {
        name: {
            "unit": generator.choice(units),
            "cause": f"c{generator.integers(0, 4)}",
            "reason_text": generator.choice(['„{name}“ \\ {value}\n"{usual}"', "{value} % x {value}, {usual} %", ""]),
        }
        for name in features
        if generator.random() < 0.8
    }
    # Eighths: sums are exact, and many are equal.
    contributions = Contributions(generator.integers(-4, 5, (n, k)) / 8, -1.0)
    X = generator.choice([0.0, -0.001, 0.25, 1.0, 12.5, 1234.5, -7.0, np.nan], (n, k))
    usual = {
        name: None if generator.random() < 0.2 else float(generator.choice([0.0, 0.25, 12.0])) for name in features
    }
    top = data.draw(st.integers(1, 4))
    given = {"usual": usual, "catalogue": catalogue, "top": top}
    found = reasons(contributions, X, features, **given)
    assert [brief(row) for row in found] == slowly(contributions, X, features, usual, catalogue, top)
    assert reasons_json(contributions, X, features, **given) == [json.dumps(row) for row in found]


def test_many_rows_are_explained_like_few():
    generator = np.random.default_rng(4)
    parts, X = generator.normal(size=(500, 4)), generator.lognormal(3, 1, (500, 4))
    given = {"usual": USUAL, "catalogue": CATALOGUE}
    few = reasons_json(Contributions(parts, 0.0), X, NAMES, **given)
    many = reasons_json(Contributions(np.tile(parts, (140, 1)), 0.0), np.tile(X, (140, 1)), NAMES, **given)
    assert many == few * 140


def test_no_rows_have_no_reasons():
    nothing = Contributions(np.empty((0, 4)), 0.0)
    assert reasons(nothing, np.empty((0, 4)), NAMES, usual=USUAL) == []
    assert reasons_json(nothing, np.empty((0, 4)), NAMES, usual=USUAL) == []


def test_numbers_beyond_what_can_be_rounded_are_written_whole():
    assert format_values([2.0**60, -1e300], "count")[0] == f"{2**60:,}"
    assert format_values([1e307], "share") == ["not known"]


@pytest.mark.parametrize("unit", ["share", "percent", "ratio", "count", "days", "amount", "CZK"])
def test_numbers_are_written_alike_exactly_where_they_read_like_the_usual_one(unit):
    values = np.concatenate([np.linspace(-1, 1, 201), np.linspace(9.9, 10.1, 41), [np.nan]])
    texts = format_values(values, unit)
    for usual, words in zip([0.0, 0.125, 9.996, None], format_values([0.0, 0.125, 9.996, np.nan], unit), strict=True):
        found = reasons(
            Contributions(np.ones((len(values), 1)), 0.0), values[:, None], ["x"],
            usual={"x": usual}, catalogue={"x": {"unit": unit}},
        )  # fmt: skip
        assert [bool(row) for row in found] == [text != words for text in texts]
