"""Reasons add up exactly and say in words what the numbers say."""

import re

import numpy as np
import pytest

from ml.delinquency import score
from ml.explain import Contributions, expected_signs, format_values, reasons

from .conftest import CATALOGUE, FEATURES


def test_contributions_and_base_add_up_to_the_log_odds(model, frame):
    X = frame[FEATURES].to_numpy(float)
    parts = model.contributions(X)
    assert np.abs(parts.base + parts.values.sum(axis=1) - model.log_odds(X)).max() < 1e-9
    probability = score(model, frame[FEATURES])["probability"].to_numpy()
    assert np.abs(np.log(probability / (1 - probability)) - parts.log_odds).max() < 1e-9


def test_contributions_beyond_the_usual_row_add_up_to_the_same_log_odds(model, frame):
    X = frame[FEATURES].to_numpy(float)
    usual = model.contributions(model.usual_row())
    beyond = model.contributions(X).relative_to(usual)
    assert beyond.base == pytest.approx(model.log_odds(model.usual_row())[0], abs=1e-9)
    assert np.abs(beyond.log_odds - model.log_odds(X)).max() < 1e-9
    assert np.abs(usual.relative_to(usual).values).max() == 0.0


def test_reasons_point_away_from_the_usual_score_and_are_ordered_by_strength(model, frame):
    parts = model.contributions(frame[FEATURES].to_numpy(float))
    parts = parts.relative_to(model.contributions(model.usual_row()))
    for found, log_odds in zip(score(model, frame[FEATURES])["reasons"], parts.log_odds, strict=True):
        strengths = [abs(reason["contribution"]) for reason in found]
        assert strengths == sorted(strengths, reverse=True)
        expected = "raises" if log_odds >= parts.base else "lowers"
        assert {reason["direction"] for reason in found} <= {expected}


def test_a_reason_is_worded_by_the_catalogue():
    found = reasons(
        Contributions(np.array([[0.2, 1.5, 0.0], [-0.4, 0.1, 0.0]]), -2.0),
        np.array([[0.381, 12345.6, np.nan], [0.05, 900.0, 3.0]]),
        ["cash_share", "income", "quiet"],
        usual={"cash_share": 0.12, "income": 8000.0, "quiet": None},
        catalogue={
            "cash_share": {
                "unit": "share",
                "reason_text": "spent {value} of income at cash machines, usual {usual}",
            },
            "income": {"unit": "CZK", "reason_text": "income {value} {odd}, usual {usual}"},
        },
    )
    assert [reason["text"] for reason in found[0]] == [
        "income 12,346 CZK {odd}, usual 8,000 CZK",
        "spent 38 % of income at cash machines, usual 12 %",
    ]
    assert found[1] == [
        {
            "cause": "cash_share",
            "feature": "cash_share",
            "value": 0.05,
            "contribution": -0.4,
            "direction": "lowers",
            "text": "spent 5 % of income at cash machines, usual 12 %",
        }
    ]


def test_a_value_that_reads_like_the_usual_one_is_no_reason():
    found = reasons(
        Contributions(np.array([[3.0, 2.0, 1.0]]), 0.0),
        np.array([[0.0, 1000.4, 7.0]]),
        ["gambling", "income", "days"],
        usual={"gambling": 0.0, "income": 1000.0, "days": 2.0},
        catalogue={"income": {"unit": "amount"}, "days": {"unit": "days"}},
    )
    assert [reason["text"] for reason in found[0]] == ["days: 7 days (usually 2 days)"]


def test_where_nothing_else_is_left_the_strongest_that_differs_is_given_alone():
    found = reasons(
        Contributions(np.array([[3.0, -0.5, -1.0], [3.0, 0.0, 0.0]]), 0.0),
        np.array([[0.001, 4.0, 5.0], [0.001, 4.0, 5.0]]),
        ["same", "weak", "strong"],
        usual={"same": 0.0, "weak": 2.0, "strong": 2.0},
        catalogue={"same": {"unit": "ratio"}},
    )
    assert [(reason["feature"], reason["direction"]) for reason in found[0]] == [("strong", "lowers")]
    assert found[1] == []


def test_a_number_of_which_nobody_says_the_unit_can_be_a_reason_however_small_it_is():
    assert format_values([0.00123, 0.00456, 12.3456, 1234.6, 0.0], None) == ["0.00123", "0.00456", "12.3", "1,235", "0"]
    (found,) = reasons(
        Contributions(np.array([[1.0, 0.5]]), 0.0),
        np.array([[0.003, 4.0]]),
        ["small", "other"],
        usual={"small": 0.001, "other": 2.0},
    )
    assert [reason["feature"] for reason in found] == ["small", "other"]


def test_no_reason_of_a_model_repeats_the_usual_value(model, frame):
    for found in score(model, frame[FEATURES], catalogue=CATALOGUE)["reasons"]:
        for reason in found:
            unit = CATALOGUE.get(reason["feature"], {}).get("unit")
            value = np.nan if reason["value"] is None else reason["value"]
            shown, usual = format_values([value, model.usual[reason["feature"]]], unit)
            assert shown != usual


def test_a_ratio_is_a_percentage_where_the_words_say_so():
    found = reasons(
        Contributions(np.array([[1.0], [1.0], [1.0]]), 0.0),
        np.array([[0.93], [np.nan], [0.504]]),
        ["spent"],
        usual={"spent": 0.5},
        catalogue={"spent": {"unit": "ratio", "reason_text": "Spent of income: {value} % (usually {usual} %)"}},
    )
    assert [[reason["text"] for reason in row] for row in found] == [
        ["Spent of income: 93 % (usually 50 %)"],
        ["Spent of income: not known (usually 50 %)"],
        [],
    ]


def test_a_feature_without_words_and_a_missing_value_still_read_well():
    found = reasons(Contributions(np.array([[1.0]]), 0.0), np.array([[np.nan]]), ["gap"], usual={"gap": 2.0})
    assert found[0][0]["text"] == "gap: not known (usually 2.00)"
    assert found[0][0]["value"] is None


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, "amount", "1,234"),
        (-0.001, "amount", "0"),
        (3.5, "amount", "3.50"),
        (0.385, "percent", "0 %"),
        (38.5, "percent", "38 %"),
        (3.0, "count", "3"),
        (2.25, "count", "2.2"),
        (36, "months", "36 months"),
        (0.1234, "ratio", "0.12"),
        (-0.004, "ratio", "0.00"),
        (-0.3, "percent", "0 %"),
        (2.04, "count", "2"),
        (9.999, "amount", "10"),
        (float("nan"), "days", "not known"),
    ],
)
def test_values_are_written_in_their_unit(value, unit, text):
    assert format_values([value], unit) == [text]


def test_signs_are_read_and_unknown_ones_refused():
    assert expected_signs(CATALOGUE, FEATURES)["income"] == -1
    assert expected_signs(None, ["a"]) == {"a": 0}
    with pytest.raises(ValueError, match="expected 1, -1 or 0"):
        expected_signs({"a": {"expected_sign": "up"}}, ["a"])


def test_the_projects_own_catalogue_is_understood():
    from ml.explain import catalogue_version, entries_of
    from ml.features import load_catalogue

    catalogue = load_catalogue()
    assert catalogue_version(catalogue) == catalogue.version
    assert list(entries_of(catalogue)) == catalogue.names()
    signs = expected_signs(catalogue, catalogue.names())
    assert set(signs.values()) == {-1, 0, 1}
    assert signs["lifetime_income_weekly_mean_amount"] == signs["income_weekly_mean_amount"] == -1


# What a case worker should not have to know.
FORMULA_WORDS = re.compile(
    r"standard deviation|\bmean\b|\bover (the|their|its|all)\b|\bratio\b|\bless that\b|window|30\.4|debit"
)


def test_reasons_are_in_plain_words():
    from ml.features import load_catalogue

    for name, entry in load_catalogue().entries.items():
        assert not FORMULA_WORDS.search(entry.reason_text.lower()), name
        assert ("{value} %" in entry.reason_text) == ("{usual} %" in entry.reason_text), name
        assert entry.unit == "ratio" or "{value} %" not in entry.reason_text, name
        # Whatever stands for the value ("not known", too) must read well: nothing follows it but the usual one.
        assert ": {value}" in entry.reason_text, name
        assert " (usually {usual}" in entry.reason_text.split("{value}")[1].removeprefix(" %"), name
