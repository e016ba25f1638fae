"""The decisions of a day: every open application, by the champion, with reasons; written, and sampled for review."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml.eligibility.applications import OpenApplications, read_open
from ml.eligibility.decision import INSUFFICIENT_EVIDENCE, decide
from ml.eligibility.model import MODEL_NAME, EligibilityModel
from ml.eligibility.record import draw_reviews, write_decisions
from ml.eligibility.registered import usable_champion
from ml.eligibility.thresholds import APPROVE, REVIEW, SOFT_DECLINE
from ml.registry.serving import Champion

SCORED, INSUFFICIENT, NOT_APPLICABLE = "scored", "insufficient_data", "not_applicable"
NO_MODEL = "no version decides yet: a person decides every application"
_NOTHING = "[]"


@dataclass(frozen=True)
class ReviewShares:
    """How many decisions chance sends to a person besides, whatever the model says.

    Attributes
    ----------
    declined, approved : float
        Share of the applications that were declined, approved.
    seed : int
        Another one draws another sample. Nobody who may choose an application's number should know it.
    """

    declined: float = 0.05
    approved: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class DecidedDay:
    """Decisions of one day.

    Attributes
    ----------
    statuses, decisions : dict of str to int
        Applications by status, and by decision.
    written : int
        Rows inserted, changed or removed.
    kept : int
        Applications that keep what was decided on the day: the version of now has learnt from later outcomes.
    drawn : int
        Applications new on the list of reviews.
    open : OpenApplications
        What was read, with what was left out and why.
    refused : tuple of str
        Versions that could not be used, where an earlier one decided in their place, or nobody.
    """

    version: str | None
    statuses: dict[str, int]
    decisions: dict[str, int]
    written: int
    kept: int
    drawn: int
    open: OpenApplications
    message: str | None = None
    refused: tuple[str, ...] = field(default=())


def decide_day(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    knowledge_cutoff: dt.datetime,
    reviews: ReviewShares | None = None,
    open_days: int = 365,
) -> DecidedDay:
    """Decide every application that is open at the end of a day and store the decisions; the caller commits.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, knowledge_cutoff : date, datetime
        What became known later does not exist. The champion is the one of now: where it has learnt from later outcomes,
        the decisions say that they are retrospective.
    reviews : ReviewShares, optional
        Its own defaults where not given.
    open_days : int
        See ``ml.eligibility.applications.read_open``.
    """
    reviews = reviews or ReviewShares()
    found = read_open(connection, as_of_date, knowledge_cutoff, open_days)
    champion = usable_champion(connection, as_of_date)
    rows = decided_rows(champion, found.frame, knowledge_cutoff)
    written = write_decisions(connection, as_of_date, rows)
    drawn = draw_reviews(
        connection, as_of_date, rows, {SOFT_DECLINE: reviews.declined, APPROVE: reviews.approved}, reviews.seed
    )
    return DecidedDay(
        version=champion.version,
        statuses=_counts(rows["score_status"]),
        decisions=_counts(rows["decision"]),
        written=written.rows,
        kept=written.kept,
        drawn=drawn,
        open=found,
        message=NO_MODEL if champion.version is None else None,
        refused=champion.refused,
    )


def decided_rows(
    champion: Champion[EligibilityModel], frame: pd.DataFrame, knowledge_cutoff: dt.datetime
) -> pd.DataFrame:
    """Rows of ``ml.eligibility_decisions`` for open applications, in their order.

    Whoever died is not decided by a model; too few known facts, and no model, leave the decision to a person.
    """
    n, model = len(frame), champion.model
    rows = pd.DataFrame(
        {
            "eid": frame["eid"].to_numpy(),
            "gr_id": frame["gr_id"].to_numpy(),
            "scheme_id": frame["scheme_id"].to_numpy(),
            "knowledge_cutoff": pd.Series([knowledge_cutoff] * n, dtype="datetime64[us, UTC]"),
            "model_name": MODEL_NAME,
            "model_version": champion.version,
            "score_status": INSUFFICIENT,
            "decision": REVIEW,
            "reasons": _NOTHING,
            "missing_evidence": _NOTHING,
            "would_change": _NOTHING,
            "is_retrospective": False,
        }
    )
    if model is not None and n:
        decided = decide(model, frame[["eid", *model.columns]])
        by_rule = (decided["decision_basis"] != INSUFFICIENT_EVIDENCE).to_numpy()
        rows = rows.assign(
            rule_version=decided["rule_version"].to_numpy(),
            score_status=np.where(by_rule, SCORED, INSUFFICIENT),
            probability=np.where(by_rule, decided["probability"], np.nan),
            decision=decided["decision"].to_numpy(),
            approve_threshold=model.thresholds.approve,
            review_threshold=model.thresholds.review,
            reasons=decided["reasons"].where(by_rule, _NOTHING).to_numpy(),
            missing_evidence=decided["missing_evidence"].to_numpy(),
            would_change=decided["correctable_facts"].to_numpy(),
            is_retrospective=_is_retrospective(model, knowledge_cutoff),
        )
    gone = frame["is_deceased"].to_numpy(bool)
    rows.loc[gone, ["score_status", "decision", "is_retrospective"]] = [NOT_APPLICABLE, None, False]
    if "probability" in rows:
        rows.loc[gone, "probability"] = np.nan
    rows.loc[gone, ["reasons", "missing_evidence", "would_change"]] = _NOTHING
    return rows


def _is_retrospective(model: EligibilityModel, knowledge_cutoff: dt.datetime) -> bool:
    """Whether the model has learnt from an outcome that was not known yet; one that does not say so counts as such."""
    stated = model.metadata.get("outcomes_known_at")
    return stated is None or knowledge_cutoff < dt.datetime.fromisoformat(stated)


def _counts(values: "pd.Series[Any]") -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().sort_index().items()}
