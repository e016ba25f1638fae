"""Bands of people: by a model, by what was seen where there is no model, or unknown, with the reason.

The order of the rules is the order of ``METHODS``; the first that applies decides.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.income.bands import UNKNOWN, BandScale
from ml.income.config import IncomeConfig
from ml.income.evidence import Evidence
from ml.income.model import IncomeModel
from ml.income.words import main_evidence, rule_evidence

Floats = NDArray[np.float64]

ADULT_AGE = 18

# What the column `method` says, and what it means.
METHODS = {
    "unknown_organisation": "an organisation has turnover, not income",
    "unknown_not_active": "deceased, or gone from its source",
    "unknown_minor": "under 18: no income of its own is inferred",
    "unknown_thin_evidence": "neither covered accounts or purchases, nor an occupation or employment is known",
    "unknown_no_income_seen": "no model, and no income on accounts covered for 60 days: it may be paid elsewhere",
    "observed_income": "no model (too few have declared an income): the band of the income seen, carried to a year; not calibrated",
    "unknown_unlike_learnt": "too few of those who declared an income are known by the same kinds of evidence",
    "unknown_low_confidence": "no band is as likely as the least confidence asked for",
    "model_out_of_fold": "by a model that has not seen what the person, or the household, declared",
    "model": "by the model; the person has declared nothing",
}  # fmt: skip


def infer(
    evidence: Evidence,
    model: IncomeModel | None,
    fold: NDArray[np.int64],
    *,
    scale: BandScale,
    currency: str,
    config: IncomeConfig | None = None,
) -> pd.DataFrame:
    """Band of each person.

    Parameters
    ----------
    evidence : Evidence
        Of n people.
    model : IncomeModel or None
        None: too few have declared an income to learn from; then only the income seen is told.
    fold : ndarray of shape (n,)
        The fold in which the model has learnt from the person (or from one of his household); -1: never.
    scale : BandScale
        The portfolio's bounds.
    currency : str
        Of the amounts, for the words.
    config : IncomeConfig, optional

    Returns
    -------
    pandas.DataFrame
        Indexed as the evidence: ``income_band``, ``confidence`` (calibrated; NaN where unknown or not calibrated),
        ``method`` (one of ``METHODS``), ``evidence`` (strongest first), ``probabilities`` (by band, or None).
    """
    config = config or IncomeConfig()
    n = len(evidence)
    told = pd.DataFrame(
        {
            "income_band": pd.Series(UNKNOWN, index=evidence.frame.index, dtype=object),
            "confidence": np.nan,
            "method": _reasons_to_say_nothing(evidence),
            "evidence": pd.Series([[] for _ in range(n)], index=evidence.frame.index, dtype=object),
            "probabilities": pd.Series([None] * n, index=evidence.frame.index, dtype=object),
        },
        index=evidence.frame.index,
    )
    open_rows = (told["method"] == "").to_numpy()
    if model is None:
        _by_income_seen(told, evidence, open_rows, scale, currency)
    else:
        alike = pd.Series(evidence.pattern()).map(model.alike).fillna(0).to_numpy() >= config.min_alike
        told.loc[open_rows & ~alike, "method"] = "unknown_unlike_learnt"
        _by_model(told, evidence.only(model.concepts), open_rows & alike, model, fold, currency, config)
    return told


def _reasons_to_say_nothing(evidence: Evidence) -> NDArray[np.object_]:
    frame = evidence.frame
    age = evidence.number("age") if "age" in frame else np.full(len(frame), np.nan)
    return np.select(
        [
            (frame["party_type"] == "organisation").to_numpy(),
            (frame["status"] != "active").to_numpy(),
            age < ADULT_AGE,
            evidence.is_thin(),
        ],
        ["unknown_organisation", "unknown_not_active", "unknown_minor", "unknown_thin_evidence"],
        "",
    ).astype(object)


def _by_income_seen(
    told: pd.DataFrame, evidence: Evidence, rows: NDArray[np.bool_], scale: BandScale, currency: str
) -> None:
    """The income seen, carried to a year. How often that is right can't be measured without declarations: no confidence."""
    seen = evidence.frame["income_monthly_amount"].astype(float).to_numpy()
    has_income = seen > 0
    told.loc[rows & ~has_income, "method"] = "unknown_no_income_seen"
    at = np.flatnonzero(rows & has_income)
    names = np.array(scale.bands, dtype=object)
    told.iloc[at, told.columns.get_loc("income_band")] = names[scale.of(12 * seen[at])]
    told.iloc[at, told.columns.get_loc("method")] = "observed_income"
    _set(told, at, "evidence", rule_evidence(evidence.rows(at), currency))


def _by_model(
    told: pd.DataFrame,
    evidence: Evidence,
    rows: NDArray[np.bool_],
    model: IncomeModel,
    fold: NDArray[np.int64],
    currency: str,
    config: IncomeConfig,
) -> None:
    names = np.array(model.scale.bands, dtype=object)
    for number in np.unique(fold[rows]).tolist():
        at = np.flatnonzero(rows & (fold == number))
        people = evidence.rows(at)
        predictor = model.of_all if number < 0 else model.by_fold[number]
        probability = predictor.probabilities(people)
        confidence = probability.max(axis=1)
        is_sure = confidence >= config.min_confidence
        told.iloc[at, told.columns.get_loc("income_band")] = np.where(is_sure, names[probability.argmax(axis=1)], UNKNOWN)
        told.iloc[at, told.columns.get_loc("confidence")] = np.where(is_sure, confidence, np.nan)
        told.iloc[at, told.columns.get_loc("method")] = np.where(
            is_sure, "model" if number < 0 else "model_out_of_fold", "unknown_low_confidence"
        )
        _set(told, at, "evidence", main_evidence(people, predictor.contributions(people), currency))
        rounded = np.round(probability, 4).tolist()
        _set(told, at, "probabilities", [dict(zip(model.scale.bands, row, strict=True)) for row in rounded])


def _set(told: pd.DataFrame, at: NDArray[np.int64], column: str, values: list[Any]) -> None:
    held = told[column].to_numpy(object, copy=True)
    for position, value in zip(at.tolist(), values, strict=True):
        held[position] = value
    told[column] = held
