"""Two thresholds from the precision-recall curve: whom to approve without more ado, whom a person looks at."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.fairness.rates import wilson_interval

Floats = NDArray[np.float64]

APPROVE, REVIEW, SOFT_DECLINE = "APPROVE", "REVIEW", "SOFT_DECLINE"
DECISIONS = (APPROVE, REVIEW, SOFT_DECLINE)
# Thresholds stand in letters and answers: four digits, approve rounded up and review down.
_STEPS = 10_000


@dataclass(frozen=True)
class ThresholdTargets:
    """What the thresholds aim for. Policy: those set them who answer for the programme.

    Attributes
    ----------
    approve_precision : float
        Share of the approved that really need support. 0.90 (2026-11-28): one approval in ten may be wrong.
    review_recall : float
        Share of those in need who are approved or reviewed. 0.90 (2026-11-28): at most one in ten is declined without
        a person having looked; means tests in the literature leave out 44 to 55 %.
    min_rows : int
        Rows at or above a threshold, below which its precision is luck.
    """

    approve_precision: float = 0.90
    review_recall: float = 0.90
    min_rows: int = 20

    def __post_init__(self) -> None:
        for name in ("approve_precision", "review_recall"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected above 0 and at most 1")


@dataclass(frozen=True)
class Thresholds:
    """Least probability to be approved, and to be reviewed."""

    approve: float
    review: float

    def decide(self, probability: Floats) -> NDArray[np.object_]:
        """Decision of each probability; a threshold belongs to the decision above it."""
        found = np.where(probability >= self.review, REVIEW, SOFT_DECLINE).astype(object)
        return np.where(probability >= self.approve, APPROVE, found)


def decide_known(
    thresholds: Thresholds, probability: Floats, low: Floats, high: Floats
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Decisions that do not come from the gaps of a row, and review where they do.

    Parameters
    ----------
    thresholds : Thresholds
        In force.
    probability, low, high : ndarray of shape (n,)
        Of each row: as it is, as its gaps count for an approval, and as they count for a decline.

    Returns
    -------
    decision : ndarray of shape (n,)
    waits : ndarray of bool, shape (n,)
        Where the gaps, and not the thresholds, sent the row to review.
    """
    decision = thresholds.decide(probability)
    waits = (decision == APPROVE) & (low < thresholds.approve)
    waits |= (decision == SOFT_DECLINE) & (high >= thresholds.review)
    return np.where(waits, REVIEW, decision).astype(object), waits


def choose_thresholds(y: Floats, probability: Floats, targets: ThresholdTargets) -> tuple[Thresholds, dict[str, Any]]:
    """Thresholds, and what was found at them.

    Approve is the least probability from which on the precision reaches its target, review the greatest that still
    reaches the recall's. Where the model is so good that review would lie above approve, the two change places: both
    targets then hold all the more, and the borderline keeps its reviewers. Where no probability reaches the precision,
    nobody is approved without review (threshold 1), and ``note`` says so.

    Parameters
    ----------
    y, probability : ndarray of shape (n,)
        Outcomes, and probabilities by a model that has not learnt from them.
    targets : ThresholdTargets
        What to aim for.

    Returns
    -------
    thresholds : Thresholds
    found : dict
        ``approve`` and ``review`` with ``threshold, target, precision, precision_low, precision_high, recall,
        recall_low, recall_high, share``, and ``note``. Shares of the same rows that the thresholds were chosen on.
    """
    order = np.argsort(-probability, kind="stable")
    falling, hits = probability[order], np.cumsum(y[order])
    last = np.r_[falling[1:] != falling[:-1], True]
    at, rows, hits = falling[last], np.flatnonzero(last) + 1, hits[last]
    precision, recall = hits / rows, hits / y.sum()
    note = ""
    reached = np.flatnonzero((precision >= targets.approve_precision) & (rows >= targets.min_rows))
    if len(reached):
        approve = float(at[reached[-1]])
    else:
        approve = 1.0
        note = f"no probability reaches a precision of {targets.approve_precision}: nobody is approved without review"
    review = float(at[np.flatnonzero(recall >= targets.review_recall)[0]])
    if review > approve:
        approve, review = review, approve
        note = "both targets are met at once; the zone between the two thresholds goes to review"
    chosen = Thresholds(
        _rounded_up(approve, y, probability, targets.approve_precision), math.floor(review * _STEPS) / _STEPS
    )
    found: dict[str, Any] = {"note": note}
    for name, threshold in (("approve", chosen.approve), ("review", chosen.review)):
        found[name] = {"threshold": threshold} | _at(y, probability >= threshold)
    found["approve"]["target"] = f"precision of {targets.approve_precision} or more"
    found["review"]["target"] = f"recall of {targets.review_recall} or more"
    return chosen, found


def _rounded_up(threshold: float, y: Floats, probability: Floats, target: float) -> float:
    """The next of four digits whose precision is as near its target as the exact one's; else the exact one."""
    exact = probability >= threshold
    aim = min(target, float(y[exact].mean())) if exact.any() else 0.0
    first = math.ceil(threshold * _STEPS)
    for step in range(first, min(first + _STEPS // 100, _STEPS) + 1):
        chosen = probability >= step / _STEPS
        if not chosen.any() or y[chosen].mean() >= aim:
            return step / _STEPS
    return threshold


def _at(y: Floats, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    hits, rows, need = float(y[chosen].sum()), float(chosen.sum()), float(y.sum())
    low, high = wilson_interval([hits, hits], [rows, need])
    none = rows == 0
    return {
        "precision": None if none else hits / rows,
        "precision_low": None if none else float(low[0]),
        "precision_high": None if none else float(high[0]),
        "recall": hits / need,
        "recall_low": float(low[1]),
        "recall_high": float(high[1]),
        "share": rows / len(y),
    }
