"""Bands of people: by a model, by what was seen where there is no model, or unknown, with the reason.

The order of the rules is the order of ``METHODS``; the first that applies decides.
"""

from dataclasses import dataclass
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
    "observed_income": "no model (too few declared an income): the band of the income seen in a year; not calibrated",
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
        What runs every day, where not given.

    Returns
    -------
    pandas.DataFrame
        Indexed as the evidence: ``income_band``, ``confidence`` (calibrated; NaN where unknown or not calibrated),
        ``method`` (one of ``METHODS``), ``evidence`` (strongest first), ``probabilities`` (by band, or None).
    """
    config = config or IncomeConfig()
    told = _Told.nothing(_reasons_to_say_nothing(evidence))
    rows = told.method == ""
    if model is None:
        _by_income_seen(told, evidence, rows, scale, currency)
    else:
        alike = np.array(
            [model.alike.get(str(known), 0) >= config.min_alike for known in evidence.pattern()], dtype=bool
        )
        told.method[rows & ~alike] = "unknown_unlike_learnt"
        _by_model(told, evidence.only(model.concepts), rows & alike, model, fold, currency, config)
    return told.frame(evidence.frame.index)


@dataclass
class _Told:
    """What is told of n people, column by column; filled in place."""

    band: NDArray[np.object_]
    confidence: Floats
    method: NDArray[np.object_]
    evidence: list[list[dict[str, Any]]]
    probabilities: list[dict[str, float] | None]

    @classmethod
    def nothing(cls, method: NDArray[np.object_]) -> "_Told":
        n = len(method)
        return cls(np.full(n, UNKNOWN, dtype=object), np.full(n, np.nan), method, [[] for _ in range(n)], [None] * n)

    def frame(self, index: "pd.Index[Any]") -> pd.DataFrame:
        columns = {
            "income_band": pd.Series(self.band, index=index, dtype=object),
            "confidence": pd.Series(self.confidence, index=index),
            "method": pd.Series(self.method, index=index, dtype=object),
            "evidence": pd.Series(self.evidence, index=index, dtype=object),
            "probabilities": pd.Series(self.probabilities, index=index, dtype=object),
        }
        return pd.DataFrame(columns, index=index)


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


def _by_income_seen(told: _Told, evidence: Evidence, rows: NDArray[np.bool_], scale: BandScale, currency: str) -> None:
    """The income seen, carried to a year.

    How often that is right can't be measured without declarations: no confidence.
    """
    seen = evidence.number("income_monthly_amount")
    told.method[rows & ~(seen > 0)] = "unknown_no_income_seen"
    at = np.flatnonzero(rows & (seen > 0))
    told.band[at] = np.array(scale.bands, dtype=object)[scale.of(12 * seen[at])]
    told.method[at] = "observed_income"
    for person, items in zip(at.tolist(), rule_evidence(evidence.rows(at), currency), strict=True):
        told.evidence[person] = items


def _by_model(
    told: _Told,
    evidence: Evidence,
    rows: NDArray[np.bool_],
    model: IncomeModel,
    fold: NDArray[np.int64],
    currency: str,
    config: IncomeConfig,
) -> None:
    bands = np.array(model.scale.bands, dtype=object)
    for number in np.unique(fold[rows]).tolist():
        at = np.flatnonzero(rows & (fold == number))
        people = evidence.rows(at)
        predictor = model.of_all if number < 0 else model.by_fold[number]
        probability = predictor.probabilities(people)
        confidence = probability.max(axis=1)
        is_sure = confidence >= config.min_confidence
        told.band[at] = np.where(is_sure, bands[probability.argmax(axis=1)], UNKNOWN)
        told.confidence[at] = np.where(is_sure, confidence, np.nan)
        told.method[at] = np.where(is_sure, "model" if number < 0 else "model_out_of_fold", "unknown_low_confidence")
        items = main_evidence(people, predictor.contributions(people), currency)
        # Four digits: what is stored is read by people, and equal on every machine.
        for position, person in enumerate(at.tolist()):
            told.evidence[person] = items[position]
            row = np.round(probability[position], 4).tolist()
            told.probabilities[person] = dict(zip(model.scale.bands, row, strict=True))
