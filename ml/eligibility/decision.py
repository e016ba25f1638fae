"""The decision of every application as a record: what was decided, by which rules, why, and what could be wrong."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.encoding import NO_LEVEL
from ml.eligibility.corrections import Corrections, find_corrections
from ml.eligibility.model import EligibilityModel
from ml.eligibility.policy import Fact
from ml.eligibility.reading import ID, check_ids, read_table
from ml.eligibility.thresholds import REVIEW
from ml.explain.reasons import reasons
from ml.explain.wording import format_values

Floats = NDArray[np.float64]
Rows = pd.DataFrame | Sequence[Mapping[str, Any]]

# Why a decision is what it is.
BY_THRESHOLDS, INSUFFICIENT_EVIDENCE = "thresholds", "insufficient_evidence"
_UNITS = {"amount": "amount", "count": "count", "score": "count", "number": "", "level": ""}
_MOST_FACTS = 3
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True)
class Decided:
    """Decisions of n rows of k columns."""

    ids: "pd.Series[Any]"
    X: Floats
    probability: Floats
    decision: NDArray[np.object_]
    basis: NDArray[np.object_]


def read_rows(model: EligibilityModel, rows: Rows) -> tuple[pd.DataFrame, str]:
    """The table of rows and the name of its source; of no mappings, which name no columns, the model's columns."""
    frame, source = read_table(rows)
    if len(frame.columns) == 0:
        frame = pd.DataFrame(columns=[ID, *model.columns])
    return frame, source


def decide_rows(model: EligibilityModel, rows: Rows) -> Decided:
    """Probability and decision of each row.

    A row that lacks more than ``model.max_missing_share`` of the facts goes to review: what is not known declines
    nobody and approves nobody.

    Raises
    ------
    EligibilityInputError
        If the rows are not what the model was trained on.
    """
    frame, source = read_rows(model, rows)
    ids = check_ids(frame, source)
    X = model.numbers(frame, source)
    probability = model.probability(X)
    # Facts that training never saw a value of say nothing about how much is known of a row.
    in_use = np.array([value is not None for value in model.usual])
    enough = np.isnan(X[:, in_use]).mean(axis=1) <= model.max_missing_share
    decision = np.where(enough, model.thresholds.decide(probability), REVIEW).astype(object)
    basis = np.where(enough, BY_THRESHOLDS, INSUFFICIENT_EVIDENCE).astype(object)
    return Decided(ids, X, probability, decision, basis)


def decide(model: EligibilityModel, rows: Rows, *, top_reasons: int = 3) -> pd.DataFrame:
    """Decision records, one a row, ready to be stored.

    Parameters
    ----------
    model : EligibilityModel
        As trained or loaded.
    rows : pandas.DataFrame or sequence of mappings
        Exactly the model's columns; application id, target and protected columns may be there and are not looked at.
    top_reasons : int
        Reasons a row, at most.

    Returns
    -------
    pandas.DataFrame of n rows
        ``eid, probability, decision, decision_basis`` (thresholds or insufficient_evidence), ``approve_threshold,
        review_threshold, model_version, rule_version``; as JSON text ``reasons`` (see :func:`ml.explain.reasons`;
        contributions in log-odds beyond the usual values), ``missing_evidence`` and ``correctable_facts``; for people
        ``override_decision, override_by, override_reason, overridden_at, appealed_decision`` (empty) and
        ``appeal_state`` (none).

    Raises
    ------
    EligibilityInputError
        If the rows are not what the model was trained on.
    """
    decided = decide_rows(model, rows)
    found = find_corrections(model, decided.X, decided.decision)
    nothing = np.full(len(decided.ids), None, dtype=object)
    return pd.DataFrame(
        {
            "eid": decided.ids.to_numpy(dtype=object),
            "probability": decided.probability,
            "decision": decided.decision,
            "decision_basis": decided.basis,
            "approve_threshold": model.thresholds.approve,
            "review_threshold": model.thresholds.review,
            "model_version": model.version,
            "rule_version": model.rule_version,
            "reasons": [_encode(row) for row in worded_reasons(model, decided.X, top_reasons)],
            "missing_evidence": _missing_evidence(model, decided.X),
            "correctable_facts": _correctable(model, decided, found),
            "override_decision": nothing,
            "override_by": nothing,
            "override_reason": nothing,
            "overridden_at": nothing,
            "appeal_state": "none",
            "appealed_decision": nothing,
        }
    )


def worded_reasons(model: EligibilityModel, X: Floats, top: int) -> list[list[dict[str, Any]]]:
    """The strongest reasons of each row, strongest first, with levels by their names."""
    catalogue = {
        fact.name: {
            "cause": merge.name if (merge := model.policy.merge_of(fact.name)) else fact.name,
            "unit": _UNITS[fact.kind],
            "reason_text": f"{fact.words}: {{value}} (usually {{usual}})",
        }
        for fact in model.policy.facts
    }
    usual = dict(zip(model.columns, model.usual, strict=True))
    found = reasons(model.contributions(X), X, model.columns, usual=usual, catalogue=catalogue, top=top)
    leveled = {fact.name: fact for fact in model.policy.facts if fact.kind == "level"}
    for reason in (reason for row in found for reason in row if reason["feature"] in leveled):
        fact, code = leveled[reason["feature"]], reason["value"]
        reason["value"] = None if code is None else fact.levels[int(code)]
        reason["text"] = f"{fact.words}: {_level(fact, code)} (usually {_level(fact, usual[fact.name])})"
    return found


def _level(fact: Fact, code: float | None) -> str:
    return NO_LEVEL if code is None or np.isnan(code) else fact.levels[int(code)]


def _missing_evidence(model: EligibilityModel, X: Floats) -> list[str]:
    """What is not known, and pairs that contradict each other, as JSON; rows that lack the same share their text."""
    facts = model.policy.facts
    disagree = np.zeros((len(X), len(model.policy.merges)), dtype=bool)
    for at, merge in enumerate(model.policy.merges):
        pair = X[:, [model.columns.index(name) for name in merge.columns]]
        with np.errstate(invalid="ignore"):
            disagree[:, at] = (pair >= 0).all(axis=1) & (pair.max(axis=1) > merge.tolerance * pair.min(axis=1))
    patterns, which = np.unique(np.hstack([np.isnan(X), disagree]), axis=0, return_inverse=True)
    texts = []
    for pattern in patterns:
        lacking = [
            {"column": fact.name, "text": f"{fact.words} is not known; {fact.evidence} would show it"}
            for fact, gone in zip(facts, pattern, strict=False) if gone
        ]  # fmt: skip
        for merge, differs in zip(model.policy.merges, pattern[len(facts) :], strict=True):
            if differs:
                first, second = (model.policy.fact(name) for name in merge.columns)
                proofs = " and ".join(dict.fromkeys((first.evidence, second.evidence)))
                text = f"{first.words} and {second.words} disagree; {proofs} would settle it"
                lacking.append({"column": merge.name, "text": text})
        texts.append(_encode(lacking))
    return [texts[at] for at in which.ravel().tolist()]


def _correctable(model: EligibilityModel, decided: Decided, found: Corrections) -> list[str]:
    """The nearest few facts of each row that would change its decision, as JSON.

    Neither the value that would change it nor what the decision would be is written: together they are a recipe.
    """
    by_rule = decided.basis == BY_THRESHOLDS
    order = np.argsort(found.distance, axis=1, kind="stable")[:, :_MOST_FACTS]
    distance = np.where(by_rule[:, None], np.take_along_axis(found.distance, order, axis=1), np.inf)
    rows, places = np.nonzero(np.isfinite(distance))
    columns = order[rows, places]
    entries = np.empty(len(rows), dtype=object)
    for at, fact in enumerate(model.policy.facts):
        own = np.flatnonzero(columns == at)
        stated = decided.X[rows[own], at]
        if fact.levels:
            names = [_encode(level) for level in fact.levels]
            values = [names[int(code)] for code in stated]
            texts = [name[1:-1] for name in values]
        else:
            values = [repr(number) for number in stated.tolist()]
            texts = format_values(stated, _UNITS[fact.kind])
        # What all entries of a fact share is written once: with a dict an entry this takes twice as long.
        head = f'{{"column": {_encode(fact.name)}, "value": '
        before = f'"evidence": {_encode(fact.evidence)}, "text": {_encode(f"{fact.words}: recorded as ")[:-1]}'
        after = _encode(f". If that is wrong, {fact.evidence} would correct it, and the decision would be made anew.")
        entries[own] = [
            f"{head}{value}, {before}{text}{after[1:]}}}" for value, text in zip(values, texts, strict=True)
        ]
    ends = np.cumsum(np.bincount(rows, minlength=len(decided.X))).tolist()
    flat = entries.tolist()
    return [f"[{', '.join(flat[start:end])}]" for start, end in itertools.pairwise([0, *ends])]
