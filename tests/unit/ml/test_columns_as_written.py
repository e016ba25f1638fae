"""How columns of text are read as people write them: numbers, dates with fillers, identifiers, words in between."""

import json

import numpy as np
import pandas as pd
import pytest

from ml.delinquency.encoding import Encoder, learn_encoder
from ml.delinquency.errors import FeatureWarning

from .conftest import kinds


@pytest.mark.parametrize("filler", [0, 99991231, 11, "00000000", "0000-00-00", "31.12.9999", "never"])
def test_what_stands_for_no_date_in_many_rows_is_missing_and_told(filler):
    days = pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(1000), "D")
    text = days.strftime({"0000-00-00": "%Y-%m-%d", "31.12.9999": "%d.%m.%Y"}.get(filler, "%Y%m%d"))
    opened_on = pd.Series(text.astype(object) if isinstance(filler, str) else text.astype(int))
    frame = pd.DataFrame({"opened_on": opened_on.where(np.arange(1000) % 10 > 0, filler)})
    found, encoder = kinds(frame)
    assert found == {"opened_on": "days_before"}
    assert any("100 of 1000 values stand for no date" in said for said in encoder.warnings)
    read_back = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    X = read_back.numbers(frame, np.full(1000, np.datetime64("2019-06-01")))
    assert np.flatnonzero(np.isnan(X[:, 0])).tolist() == list(range(0, 1000, 10))


def test_digits_that_are_dates_but_for_many_values_are_told_of_where_the_name_says_date():
    generator = np.random.default_rng(4)
    days = pd.Timestamp("2012-01-01") + pd.to_timedelta(np.arange(1000), "D")
    number = np.where(np.arange(1000) % 10, days.strftime("%Y%m%d").astype(int), generator.integers(1, 900, 1000))
    found, encoder = kinds(pd.DataFrame({"opened_on": number, "branch_code": number}))
    assert found == {"opened_on": "number", "branch_code": "number"}
    assert [said.partition(" values")[0] for said in encoder.warnings] == ["feature opened_on: 900 of 1000"]


def written(amount: float, how: str) -> str:
    """An amount as people write it."""
    whole = f"{int(amount):,}"
    indian = f"{int(amount) // 100_000},{int(amount) // 1000 % 100:02d},{int(amount) % 1000:03d}"
    return {
        "german": whole.replace(",", "."),
        "swiss": whole.replace(",", "'"),
        "spaced": whole.replace(",", "\u202f"),
        "indian": indian if amount >= 100_000 else whole,
        "brackets": f"({whole})" if amount < 5000 else whole,
        "behind": f"{int(amount)}-",
        "code": f"USD {whole}",
        "rupees": f"Rs. {whole}",
        "months": f"{int(amount)} month{'s' * (int(amount) != 1)}",
        "thousands": f"{int(amount)}" if amount < 5000 else f"{int(amount) / 1000:.9g}k",
    }[how]


HOWS = ("german", "swiss", "spaced", "indian", "brackets", "behind", "code", "rupees", "months", "thousands")


def test_numbers_are_read_however_a_column_writes_them():
    amount = np.unique(np.random.default_rng(5).lognormal(9, 2, 300).astype(int))
    frame = pd.DataFrame({how: [written(one, how) for one in amount] for how in HOWS})
    encoder = kinds(frame)[1]
    assert encoder.warnings == ()
    sign = {"behind": -1, "brackets": np.where(amount < 5000, -1, 1)}
    read_back = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    for how, told in zip(HOWS, read_back.numbers(frame).T, strict=True):
        np.testing.assert_allclose(told, amount * sign.get(how, 1), err_msg=how)


def test_three_digits_behind_each_point_are_thousands_only_where_nothing_speaks_against_it():
    fractions = [f"{number / 1000:.3f}" for number in range(1001, 1200)]
    frame = pd.DataFrame({"open": fractions, "small": ["0.126", *fractions[1:]], "large": ["1250", *fractions[1:]]})
    frame["thousands"] = ["950", *fractions[1:]]
    encoder = kinds(frame)[1]
    assert encoder.numbers(frame)[1].tolist() == [1.002, 1.002, 1.002, 1002.0]
    assert [said.partition(":")[0] for said in encoder.warnings] == ["feature open"]


@pytest.mark.parametrize(("word", "rows"), [("unknown", 1), ("inf", 2), ("-", 2), ("XNA", 100), (".", 2)])
def test_a_word_among_numbers_in_text_is_missing_and_told(word, rows):
    text = pd.Series([f"{number / 100:,.2f}" for number in range(100_000, 101_000)], dtype=object)
    text[:rows] = word
    found, encoder = kinds(pd.DataFrame({"income": text}))
    assert found == {"income": "number_in_text"}
    assert f"{1000 - rows} of 1000 values are numbers" in encoder.warnings[0]
    X = encoder.numbers(pd.DataFrame({"income": [*text[-3:], word]}))
    assert X[0, 0] == 1009.97
    assert np.isnan(X[:, 0]).tolist() == [False] * 3 + [True]


def test_numbers_among_many_different_words_stay_text_and_that_is_told():
    text = pd.Series([f"{number} EUR" for number in range(1000)], dtype=object)
    other = text.where(np.arange(1000) % 10 > 0, text.str.replace("EUR", "USD"))
    code = pd.Series([f"E{number}" for number in range(1000)], dtype=object)
    encoder = kinds(pd.DataFrame({"income": other, "code": code, "grade": pd.Series(list("12345678X9") * 100)}))[1]
    assert "900 of 1000 values are numbers such as EUR 13.5; the others are 100 different" in encoder.dropped["income"]
    assert encoder.dropped["code"].startswith("an identifier or free text")
    assert {column.name: column.kind for column in encoder.columns} == {"grade": "level"}
    assert encoder.warnings == ()


def test_a_word_that_training_did_not_see_is_missing_where_it_is_one_of_many():
    encoder = kinds(pd.DataFrame({"income": [f"{number}%" for number in range(100)]}))[1]
    with pytest.warns(FeatureWarning, match="1 of 3 values are no finite numbers"):
        X = encoder.numbers(pd.DataFrame({"income": ["3%", "4%", "new"]}))
    assert np.isnan(X[:, 0]).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "numbers",
    [
        pd.Series([f"{number:08d}" for number in range(1, 601)]),
        pd.Series(1_500_000_000_000_000_000 + 4_000_000_017 * np.arange(600)),
        pd.Series(np.r_[np.arange(1, 600), 1]),
    ],
    ids=["text", "above 2**53", "one twice"],
)
def test_identifiers_are_left_out_however_they_are_written(numbers):
    frame = pd.DataFrame({"id": numbers, "account": numbers, "z": np.random.default_rng(0).normal(size=600)})
    encoder = learn_encoder(frame, list(frame), numeric=frozenset(), keep=False)
    assert encoder.dropped["id"].startswith("an identifier: whole numbers")
    asked = learn_encoder(frame, list(frame), numeric=frozenset(), keep=False, asks_outcome=True)
    assert set(asked.suspects) == {"account"}
