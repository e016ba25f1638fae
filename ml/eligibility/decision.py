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
from ml.eligibility.thresholds import REVIEW, decide_known
from ml.explain.reasons import reasons
from ml.explain.wording import format_values

Floats = NDArray[np.float64]
Rows = pd.DataFrame | Sequence[Mapping[str, Any]]

# Why a decision is what it is.
BY_THRESHOLDS, MISSING_EVIDENCE, INSUFFICIENT_EVIDENCE = "thresholds", "missing_evidence", "insufficient_evidence"
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

    What is not known declines nobody and approves nobody. An approval stands only where it would stand whatever the
    missing facts are, so that leaving facts out never makes an approval of a decline; a decline, where it would stand
    were they the usual ones. A row whose gaps decide goes to review, and so does one that lacks more than
    ``model.max_missing_share`` of the facts, of which a merged pair is one.

    Raises
    ------
    EligibilityInputError
        If the rows are not what the model was trained on.
    """
    frame, source = read_rows(model, rows)
    ids = check_ids(frame, source)
    X = model.numbers(frame, source)
    probability = model.probability(X)
    low, high = (model.calibrator.probability(raw) for raw in model.cautious_log_odds(X))
    decision, waits = decide_known(model.thresholds, probability, low, high)
    empty = model.missing_share(X) > model.max_missing_share
    decision = np.where(empty, REVIEW, decision).astype(object)
    basis = np.where(empty, INSUFFICIENT_EVIDENCE, np.where(waits, MISSING_EVIDENCE, BY_THRESHOLDS)).astype(object)
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
        ``eid, probability, decision, decision_basis`` (thresholds; missing_evidence: a gap, and not the thresholds,
        sent it to review; insufficient_evidence: too many gaps), ``approve_threshold, review_threshold, model_version,
        rule_version``; as JSON text ``reasons`` (see :func:`ml.explain.reasons`; contributions in log-odds beyond the
        usual values), ``missing_evidence`` and ``correctable_facts``; for people ``override_decision, override_by,
        override_reason, overridden_at, appealed_decision`` (empty) and
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
            "missing_evidence": _missing_evidence(model, decided.X, decided.basis == MISSING_EVIDENCE),
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


def _missing_evidence(model: EligibilityModel, X: Floats, waits: NDArray[np.bool_]) -> list[str]:
    """What is not known, and pairs that contradict each other, as JSON; rows that lack the same share their text."""
    facts = model.policy.facts
    disagree = np.zeros((len(X), len(model.policy.merges)), dtype=bool)
    for at, merge in enumerate(model.policy.merges):
        pair = X[:, [model.columns.index(name) for name in merge.columns]]
        with np.errstate(invalid="ignore"):
            disagree[:, at] = (pair >= 0).all(axis=1) & (pair.max(axis=1) > merge.tolerance * pair.min(axis=1))
    patterns, which = np.unique(np.hstack([np.isnan(X), disagree, waits[:, None]]), axis=0, return_inverse=True)
    texts = []
    for pattern in patterns:
        lacking = [
            {
                "column": fact.name,
                "text": f"{fact.words} is not known; {fact.evidence} would show it"
                + (", and the decision waits for it" if pattern[-1] else ""),
            }
            for fact, gone in zip(facts, pattern, strict=False) if gone
        ]  # fmt: skip
        for merge, differs in zip(model.policy.merges, pattern[len(facts) : -1], strict=True):
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
    by_rule = decided.basis != INSUFFICIENT_EVIDENCE
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
