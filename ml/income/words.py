"""The main evidence in words, strongest first, from exact contributions."""

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.income.concepts import Concept
from ml.income.evidence import Evidence

Floats = NDArray[np.float64]
TOP = 3
# Log-odds below which a contribution is no reason: it moves an even chance by a hundredth at most.
_LEAST = 0.04


def main_evidence(
    evidence: Evidence, contributions: Floats, currency: str, top: int = TOP
) -> list[list[dict[str, Any]]]:
    """The evidence that moved each person's band most, away from the average person's.

    Parameters
    ----------
    evidence : Evidence
        Of n people by k concepts.
    contributions : ndarray of shape (n, k)
        To the mean log-odds of lying above a bound. What is told in equal words (such as all that is not known of
        somebody without covered accounts) is added up and told once.
    currency : str
        Of the amounts.
    top : int
        Most to tell of a person.

    Returns
    -------
    list of list of dict
        ``concept, text, value, effect ("raises" or "lowers"), contribution`` in plain JSON types.
    """
    if len(evidence) == 0:
        return []
    values = [evidence.frame[concept.columns[0]].to_numpy() for concept in evidence.concepts]
    merged = _merge_equal_words(evidence.concepts, values, contributions)
    order = np.argsort(-np.abs(merged), axis=1, kind="stable")[:, :top]
    told: list[list[dict[str, Any]]] = []
    for row in range(len(evidence)):
        chosen = [at for at in order[row].tolist() if abs(merged[row, at]) >= _LEAST]
        told.append([_item(evidence.concepts[at], values[at][row], currency, float(merged[row, at])) for at in chosen])
    return told


def rule_evidence(evidence: Evidence, currency: str, top: int = TOP) -> list[list[dict[str, Any]]]:
    """What the income seen is made of, the largest part first."""
    names = ("income", "salary", "pension", "benefits", "other_income", "cash")
    concepts = [concept for concept in evidence.concepts if concept.name in names]
    # The sum first, then its parts by size.
    concepts.sort(key=lambda concept: concept.name != "income")
    amounts = np.column_stack([evidence.number(concept.columns[0]) for concept in concepts])
    told: list[list[dict[str, Any]]] = []
    for row in amounts:
        parts = [0, *(1 + np.argsort(-row[1:], kind="stable")).tolist()]
        told.append([_item(concepts[at], row[at], currency) for at in parts if row[at] > 0][:top])
    return told


def _merge_equal_words(concepts: tuple[Concept, ...], values: list[NDArray[Any]], contributions: Floats) -> Floats:
    """Contributions with what is told in equal words added up at the first concept that tells it."""
    merged = contributions.astype(float, copy=True)
    # A row's concept is told in these words: by words, the concepts and the rows.
    groups: dict[str, list[tuple[int, NDArray[np.bool_]]]] = defaultdict(list)
    for at, concept in enumerate(concepts):
        if concept.kind == "category":
            groups[concept.missing].append((at, np.array([value is None for value in values[at]])))
            continue
        groups[concept.missing].append((at, np.isnan(values[at].astype(float))))
        if concept.zero is not None:
            groups[concept.zero].append((at, values[at].astype(float) == 0))
    for members in groups.values():
        teller = np.full(len(merged), -1)
        for at, holds in members:
            first, later = holds & (teller < 0), holds & (teller >= 0) & (teller != at)
            teller[first] = at
            rows = np.flatnonzero(later)
            merged[rows, teller[rows]] += merged[rows, at]
            merged[rows, at] = 0.0
    return merged


def _item(concept: Concept, value: Any, currency: str, contribution: float | None = None) -> dict[str, Any]:
    text = concept.words(value, currency)
    is_number = concept.kind != "category"
    plain = None if value is None or (is_number and np.isnan(value)) else (float(value) if is_number else str(value))
    item: dict[str, Any] = {"concept": concept.name, "text": text, "value": plain}
    if contribution is not None:
        item |= {"effect": "raises" if contribution > 0 else "lowers", "contribution": round(contribution, 4)}
    return item
