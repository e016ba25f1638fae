"""Who is told a band, who is not and why, and in which words."""

import numpy as np
import pandas as pd
import pytest

from ml.income import BANDS, METHODS, UNKNOWN, BandScale, Evidence, IncomeModel, infer, train
from ml.income.concepts import CONCEPTS
from ml.income.model import fold_of
from tests.unit.income.people import QUICK, SCALE, people


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return people()[0]


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> IncomeModel:
    return train(Evidence.of(frame), people()[1], fold_of(frame["family_id"].tolist(), QUICK.folds), SCALE, QUICK)


def told(frame: pd.DataFrame, model: IncomeModel | None, fold: int = -1) -> pd.DataFrame:
    return infer(Evidence.of(frame), model, np.full(len(frame), fold), scale=SCALE, currency="USD", config=QUICK)


def one(frame: pd.DataFrame, **changed: object) -> pd.DataFrame:
    row = frame[frame["is_activity_covered"]].iloc[[0]].astype(object)
    for name, value in changed.items():
        row[name] = value
    return row


NOTHING_SEEN = {
    "is_activity_covered": False,
    **dict.fromkeys(
        ("salary_monthly_amount", "pension_monthly_amount", "income_monthly_amount", "spending_monthly_amount"), np.nan
    ),
}


@pytest.mark.parametrize(
    ("changed", "method"),
    [
        ({"party_type": "organisation"}, "unknown_organisation"),
        ({"status": "deceased"}, "unknown_not_active"),
        ({"age": 17}, "unknown_minor"),
        ({**NOTHING_SEEN, "occupation": None}, "unknown_thin_evidence"),
        # An employment is something; but nobody who declared was known by it alone.
        ({**NOTHING_SEEN, "occupation": None, "employment_status": "Employed"}, "unknown_unlike_learnt"),
        ({}, "model"),
    ],
)
def test_thin_evidence_is_unknown_with_its_reason(
    frame: pd.DataFrame, model: IncomeModel, changed: dict[str, object], method: str
) -> None:
    row = told(one(frame, **changed), model).iloc[0]
    assert row["method"] == method
    assert (row["income_band"] == UNKNOWN) == method.startswith("unknown")
    assert np.isnan(row["confidence"]) == method.startswith("unknown")
    assert set(METHODS) >= {method}


def test_a_band_that_would_be_wrong_more_often_than_right_is_not_told(frame: pd.DataFrame, model: IncomeModel) -> None:
    found = told(frame, model)
    probability = np.array([[row[band] for band in BANDS] for row in found["probabilities"]])
    unsure = found["income_band"] == UNKNOWN
    assert 0 < unsure.sum() < len(found)
    assert set(found.loc[unsure, "method"]) == {"unknown_low_confidence"}
    assert (probability[unsure].max(axis=1) < 0.5).all()
    assert np.allclose(found.loc[~unsure, "confidence"], probability[~unsure].max(axis=1), atol=1e-4)
    assert [BANDS[at] for at in probability[~unsure].argmax(axis=1)] == found.loc[~unsure, "income_band"].tolist()


def test_people_learnt_from_are_told_by_the_predictor_of_their_fold(frame: pd.DataFrame, model: IncomeModel) -> None:
    evidence = Evidence.of(frame)
    folds = fold_of(frame["family_id"].tolist(), QUICK.folds)
    found = infer(evidence, model, folds, scale=SCALE, currency="USD", config=QUICK)
    for fold in range(QUICK.folds):
        mine = folds == fold
        expected = model.by_fold[fold].probabilities(evidence.rows(mine))
        assert np.allclose([list(row.values()) for row in found["probabilities"][mine]], expected, atol=1e-4)
    assert set(found["method"]) == {"model_out_of_fold", "unknown_low_confidence"}


def test_what_somebody_declares_is_no_evidence(frame: pd.DataFrame, model: IncomeModel) -> None:
    columns = {column for concept in CONCEPTS for column in concept.columns}
    assert not {column for column in columns if "declared" in column or "segment" in column or column == "sex"}
    declared = frame.assign(declared_annual_income_amount=999_999.0, declared_band="Very High", sex="male")
    pd.testing.assert_frame_equal(told(declared, model), told(frame, model))


def test_evidence_is_told_in_words_with_units_strongest_first(frame: pd.DataFrame, model: IncomeModel) -> None:
    row = one(frame, salary_monthly_amount=21_204.4, income_monthly_amount=21_254.4, occupation="Manager")
    items = told(row, model)["evidence"].iloc[0]
    texts = {item["concept"]: item["text"] for item in items}
    assert texts.get("salary", "salary credits of 21,204 USD a month") == "salary credits of 21,204 USD a month"
    assert texts.get("income", "income seen of 21,254 USD a month in all") == "income seen of 21,254 USD a month in all"
    assert {"salary", "income"} & set(texts)
    strength = [abs(item["contribution"]) for item in items]
    assert strength == sorted(strength, reverse=True)
    assert items[0]["effect"] == "raises"
    assert all((item["effect"] == "raises") == (item["contribution"] > 0) for item in items)


def test_what_is_not_known_is_told_once(frame: pd.DataFrame, model: IncomeModel) -> None:
    items = told(one(frame, **NOTHING_SEEN), model)["evidence"].iloc[0]
    texts = [item["text"] for item in items]
    assert len(texts) == len(set(texts))
    assert "no covered account activity" in texts


def test_without_a_model_the_income_seen_is_told_without_a_confidence(frame: pd.DataFrame) -> None:
    row = one(frame, salary_monthly_amount=7_000.0, income_monthly_amount=7_100.0)
    found = told(row, None).iloc[0]
    assert (found["income_band"], found["method"], found["probabilities"]) == ("High", "observed_income", None)
    assert np.isnan(found["confidence"])
    assert [item["text"] for item in found["evidence"]] == [
        "income seen of 7,100 USD a month in all",
        "salary credits of 7,000 USD a month",
    ]
    nothing = told(one(frame, income_monthly_amount=0.0, salary_monthly_amount=0.0), None).iloc[0]
    assert (nothing["income_band"], nothing["method"]) == (UNKNOWN, "unknown_no_income_seen")


def test_nobody_is_told_of_nobody(frame: pd.DataFrame, model: IncomeModel) -> None:
    assert len(told(frame.iloc[:0], model)) == 0
    assert len(told(frame.iloc[:0], None)) == 0


def test_a_bound_belongs_to_the_band_above_it() -> None:
    assert SCALE.of([39_999.99, 40_000, 75_000, 149_999, 150_000]).tolist() == [0, 1, 2, 2, 3]
    with pytest.raises(ValueError, match="expected 3 rising amounts"):
        BandScale((2.0, 1.0, 3.0))
    with pytest.raises(ValueError, match=r"unknown income bands \['Rich'\]"):
        SCALE.number(["Low", "Rich"])
