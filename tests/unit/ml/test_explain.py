"""Reasons add up exactly and say in words what the numbers say."""

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


def test_reasons_point_away_from_the_base_and_are_ordered_by_strength(model, frame):
    parts = model.contributions(frame[FEATURES].to_numpy(float))
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
            "feature": "cash_share",
            "value": 0.05,
            "contribution": -0.4,
            "direction": "lowers",
            "text": "spent 5 % of income at cash machines, usual 12 %",
        }
    ]


def test_a_feature_without_words_and_a_missing_value_still_read_well():
    found = reasons(Contributions(np.array([[1.0]]), 0.0), np.array([[np.nan]]), ["gap"], usual={"gap": 2.0})
    assert found[0][0]["text"] == "gap is not known, usual 2.00"
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
    assert set(expected_signs(catalogue, catalogue.names()).values()) == {-1, 0, 1}
