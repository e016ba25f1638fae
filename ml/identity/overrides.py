"""What people decided about identity: which decisions are in force, what became of them, what a person should look at.

Belongs here: rules of decisions, pure. Does not belong here: how a decision is followed (``evidence``, ``constraints``)
and where it is stored (``stewardship``).
"""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from ml.identity.ledger import LEDGER_COLUMNS
from ml.identity.resolution import CANNOT_LINK, MUST_LINK, OVERRIDE, OVERRIDE_COLUMNS, TWO_ANCHORS, Resolution

DECISION_COLUMNS = [
    "override_id", "kind", "party_id_a", "party_id_b", "valid_until", "is_revoked", "applied_known_at",
    "is_expiry_told",
]  # fmt: skip
REVIEW_COLUMNS = [
    "review_key", "kind", "party_id_a", "party_id_b", "rule_name", "override_id", "against_override_id",
]  # fmt: skip
ANCHOR_CONFLICT = "anchor_conflict"
MUST_LINK_OF_ANCHORS = "must_link_of_anchors"
CONTRADICTION = "must_link_against_cannot_link"
EXPIRED = "override_expired"
WITHOUT_RECORD = "override_without_record"


@dataclass(frozen=True)
class Outcome:
    """What became of the decisions in one run.

    Attributes
    ----------
    reviews : DataFrame
        ``REVIEW_COLUMNS``: every contradiction that is there now.
    events : DataFrame
        ``LEDGER_COLUMNS``: decisions that took effect for the first time, and those that ran out.
    in_force, contradicted : int
        Decisions that count, and those of them that could not be followed.
    """

    reviews: pd.DataFrame
    events: pd.DataFrame
    in_force: int
    contradicted: int


def in_force(decisions: pd.DataFrame, as_of_date: dt.date, knowledge_cutoff: dt.datetime) -> pd.DataFrame:
    """The decisions that count on a day: ``OVERRIDE_COLUMNS``.

    A decision is known from the cut-off of the first run that follows it: earlier days stay as they were published.

    Parameters
    ----------
    decisions : DataFrame
        ``DECISION_COLUMNS``.
    as_of_date : date
        The run's day; ``valid_until`` is the last one on which a decision counts.
    knowledge_cutoff : datetime
        The run's.
    """
    counts = decisions[~decisions["is_revoked"].astype(bool) & ~_has_expired(decisions, as_of_date)]
    known = pd.to_datetime(counts["applied_known_at"], utc=True).astype("datetime64[us, UTC]")
    return counts.assign(known_at=known.fillna(pd.Timestamp(knowledge_cutoff)))[OVERRIDE_COLUMNS].reset_index(drop=True)


def judge(
    decisions: pd.DataFrame,
    resolution: Resolution,
    gr_of_party: pd.Series,
    as_of_date: dt.date,
    knowledge_cutoff: dt.datetime,
) -> Outcome:
    """What the decisions did to a resolution, and what a person should look at.

    Parameters
    ----------
    decisions : DataFrame
        ``DECISION_COLUMNS``; revoked and expired ones too.
    resolution : Resolution
        Made with those in force.
    gr_of_party : Series
        ``gr_id`` by ``party_id`` after the run.
    as_of_date, knowledge_cutoff : date, datetime
        The run's.
    """
    standing = decisions[~decisions["is_revoked"].astype(bool)]
    expired = _has_expired(standing, as_of_date)
    active = standing[~expired]
    refused = _refused(resolution)
    there = standing["party_id_a"].isin(gr_of_party.index) & standing["party_id_b"].isin(gr_of_party.index)
    together = standing["party_id_a"].map(gr_of_party).eq(standing["party_id_b"].map(gr_of_party))
    would_matter = expired & there & together.ne(standing["kind"].eq(MUST_LINK))
    reviews = pd.concat(
        [
            refused,
            _of_decisions(standing[would_matter], EXPIRED),
            _of_decisions(standing[~expired & ~there], WITHOUT_RECORD),
        ],
        ignore_index=True,
    )
    contradicted = refused.loc[refused["kind"].isin([MUST_LINK_OF_ANCHORS, CONTRADICTION]), "override_id"]
    followed = _followed(active, resolution)
    events = pd.concat(
        [
            followed[followed["applied_known_at"].isna()].assign(event="override_applied"),
            standing[expired & ~standing["is_expiry_told"].astype(bool)].assign(event="override_expired"),
        ],
        ignore_index=True,
    )
    cause = OVERRIDE + events["override_id"].astype(str)
    return Outcome(
        reviews=reviews[REVIEW_COLUMNS],
        events=_events(events.assign(cause=cause), gr_of_party, knowledge_cutoff),
        in_force=len(active),
        contradicted=int(contradicted.nunique()),
    )


def contradictions(opened: pd.DataFrame, gr_of_party: pd.Series, knowledge_cutoff: dt.datetime) -> pd.DataFrame:
    """Ledger events of the decisions that a newly opened review (``REVIEW_COLUMNS``) says could not be followed."""
    mine = opened[opened["kind"].isin([MUST_LINK_OF_ANCHORS, CONTRADICTION])]
    against = OVERRIDE + mine["against_override_id"].astype("Int64").astype(str)
    cause = against.where(mine["kind"].eq(CONTRADICTION), TWO_ANCHORS)
    return _events(mine.assign(event="override_contradicted", cause=cause), gr_of_party, knowledge_cutoff)


def _has_expired(decisions: pd.DataFrame, as_of_date: dt.date) -> pd.Series:
    until = pd.to_datetime(decisions["valid_until"]).astype("datetime64[s]")
    return until.lt(pd.Timestamp(as_of_date))


def _refused(resolution: Resolution) -> pd.DataFrame:
    """Links left out that nobody decided to leave out: evidence against a cannot-link is what the decision is for."""
    conflicts = resolution.conflicts
    is_decision = conflicts["rule_name"].astype(str).str.startswith(OVERRIDE)
    of_anchors = conflicts["reason"].eq(TWO_ANCHORS)
    kind = pd.Series(CONTRADICTION, index=conflicts.index).mask(of_anchors, MUST_LINK_OF_ANCHORS)
    kind = kind.mask(of_anchors & ~is_decision, ANCHOR_CONFLICT)
    number = conflicts["rule_name"].where(is_decision).astype("string").str.removeprefix(OVERRIDE).astype("Int64")
    rows = conflicts.assign(kind=kind, override_id=number)[of_anchors | is_decision]
    return _keyed(rows)


def _of_decisions(decisions: pd.DataFrame, kind: str) -> pd.DataFrame:
    rule = OVERRIDE + decisions["override_id"].astype(str)
    return _keyed(decisions.assign(kind=kind, rule_name=rule, against_override_id=None))


def _keyed(rows: pd.DataFrame) -> pd.DataFrame:
    kind, rule, one, other = (rows[column].astype(str) for column in ("kind", "rule_name", "party_id_a", "party_id_b"))
    numbers = {column: rows[column].astype("Int64") for column in ("override_id", "against_override_id")}
    return rows.assign(review_key=kind + "|" + rule + "|" + one + "|" + other, **numbers)[REVIEW_COLUMNS]


def _followed(active: pd.DataFrame, resolution: Resolution) -> pd.DataFrame:
    linked = resolution.edges.loc[resolution.edges["rule_name"].str.startswith(OVERRIDE).astype(bool), "rule_name"]
    parted = resolution.conflicts["against_override_id"].dropna()
    names = OVERRIDE + active["override_id"].astype(str)
    return active[
        (active["kind"].eq(MUST_LINK) & names.isin(linked))
        | (active["kind"].eq(CANNOT_LINK) & active["override_id"].isin(parted.astype("int64")))
    ]


def _events(rows: pd.DataFrame, gr_of_party: pd.Series, knowledge_cutoff: dt.datetime) -> pd.DataFrame:
    one, other = rows["party_id_a"].map(gr_of_party), rows["party_id_b"].map(gr_of_party)
    return (
        rows.assign(
            gr_id=one.astype(object).where(one.notna(), None),
            other_gr_id=other.astype(object).where(other.notna() & other.ne(one), None),
            party_count=None,
            model_version=None,
            known_at=pd.Timestamp(knowledge_cutoff),
        )
        .sort_values(["event", "override_id"], ignore_index=True)
        .reindex(columns=LEDGER_COLUMNS)
    )
