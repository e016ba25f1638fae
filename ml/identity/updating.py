"""One run of identity: read, resolve, keep ids, follow decisions, store, all in one transaction.

Belongs here: the order of the steps and their counts.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import psycopg

from ml.identity.evidence import EvidenceResolver
from ml.identity.exact import ExactRules
from ml.identity.overrides import Outcome, contradictions, in_force, judge
from ml.identity.persistent_ids import XrefChange, assign_gr_ids
from ml.identity.resolution import (
    OVERRIDE,
    EdgeSource,
    IdentityConfig,
    InvalidRecordsError,
    Resolution,
    Resolver,
    is_among,
)
from ml.identity.stewardship import advance_clock, keep_reviews, read_decisions
from ml.identity.store import append_events, last_number, lock, read, read_records, read_validity, write
from ml.identity.stored_linkage import StoredLinkage


@dataclass(frozen=True)
class IdentityUpdate:
    """What one run found and changed.

    Attributes
    ----------
    resolution : Resolution
    change : XrefChange
        Empty in a rerun.
    outcome : Outcome
        Of the decisions.
    """

    resolution: Resolution
    change: XrefChange
    outcome: Outcome


@dataclass(frozen=True)
class IdentitySummary:
    """One run in counts.

    Attributes
    ----------
    parties, golden_records, edges, conflicts, unknown_references : int
        What the resolver found; ``conflicts`` are links left out.
    new_ids, retired, redirected_ids : int
        Ids born, rows of the cross-reference that ended, ids that hold no record any more.
    merges, splits, moved, corrected : int
        Merges and splits of golden records; records that changed their golden record; rows corrected.
    open_reviews, overrides_in_force, overrides_contradicted : int
        What stewards have to look at, and what became of their decisions.
    edges_by_rule : mapping of str to int
        All decisions together count as ``override``.
    """

    parties: int
    golden_records: int
    edges: int
    conflicts: int
    unknown_references: int
    new_ids: int
    retired: int
    redirected_ids: int
    merges: int
    splits: int
    moved: int
    corrected: int
    open_reviews: int
    overrides_in_force: int
    overrides_contradicted: int
    edges_by_rule: Mapping[str, int]


def update(
    conn: psycopg.Connection,
    resolver: Resolver,
    config: IdentityConfig,
    *,
    as_of_date: dt.date | None = None,
    knowledge_cutoff: dt.datetime | None = None,
) -> IdentityUpdate:
    """Resolve all records and store what changed, in one transaction: two runs at once give one result.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``.
    resolver : Resolver
        Finds the entities.
    config : IdentityConfig
        Anchor record type and rules.
    as_of_date : date, optional
        The run's day, by which decisions run out; today (UTC) where not given.
    knowledge_cutoff : datetime, optional
        The run's; changes are known from it on. Now where not given. A day or cut-off before the newest one ever
        resolved counts as that one: see ``advance_clock``.
    """
    now = dt.datetime.now(dt.UTC)
    with conn.transaction():
        lock(conn)
        day, cutoff = advance_clock(conn, as_of_date or now.date(), knowledge_cutoff or now)
        decisions = read_decisions(conn)
        records = read_records(conn, config, resolver.columns(config))
        resolution = resolver.resolve(records, config, in_force(decisions, day, cutoff))
        existing = read(conn)
        change = assign_gr_ids(
            resolution,
            existing,
            knowledge_cutoff=cutoff,
            validity=read_validity(conn),
            last_number=last_number(conn),
        )
        write(conn, change, resolution.edges)
        decided = pd.concat([decisions["party_id_a"], decisions["party_id_b"]])
        gr_of_party = _after(existing, change, decided)
        outcome = judge(decisions, resolution, gr_of_party, day, cutoff)
        with conn.cursor() as cursor:
            append_events(cursor, outcome.events)
            opened = keep_reviews(cursor, outcome.reviews, day)
            append_events(cursor, contradictions(opened, gr_of_party, cutoff))
    return IdentityUpdate(resolution, change, outcome)


def resolver_of(conn: psycopg.Connection, config: IdentityConfig, knowledge_cutoff: dt.datetime) -> Resolver:
    """The portfolio's resolver: its exact rules, and the linkage model where it wants one.

    Parameters
    ----------
    conn : psycopg.Connection
        The one that ``update`` is given: pairs are kept in the run's transaction.
    config : IdentityConfig
        Rules, and what the model compares.
    knowledge_cutoff : datetime
        Of the run.
    """
    sources: list[EdgeSource] = [ExactRules()]
    if config.linkage is not None:
        sources.append(StoredLinkage(conn, config.linkage, knowledge_cutoff))
    return EvidenceResolver(sources)


def retrain(conn: psycopg.Connection, config: IdentityConfig, *, by: str, cause: str) -> str:
    """Train the linkage model anew on the newest records; the next run compares everything with it.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``.
    config : IdentityConfig
        With a ``linkage``.
    by : str
        Who asked for it: stands beside the alias.
    cause : str
        A word or two for the ledger; no personal data.

    Returns
    -------
    str
        Version of the model now in use.

    Raises
    ------
    InvalidRecordsError
        The portfolio compares nothing, or has too few records to learn from.
    """
    if config.linkage is None:
        raise InvalidRecordsError("This portfolio has no linkage: records are linked by exact rules only")
    with conn.transaction():
        lock(conn)
        source = StoredLinkage(conn, config.linkage, dt.datetime.now(dt.UTC))
        columns = ["party_id", "record_type", "known_at", *source.columns(config)]
        return source.retrain(read_records(conn, config, columns), cause=cause, by=by)


def resolve_and_store(
    conn: psycopg.Connection,
    config: IdentityConfig,
    resolver: Resolver | None = None,
    *,
    as_of_date: dt.date | None = None,
    knowledge_cutoff: dt.datetime | None = None,
) -> IdentitySummary:
    """Resolve as the portfolio says (or by ``resolver``), store the change and say in counts what happened.

    The parameters are those of :func:`update`.
    """
    chosen = resolver or resolver_of(conn, config, knowledge_cutoff or dt.datetime.now(dt.UTC))
    done = update(conn, chosen, config, as_of_date=as_of_date, knowledge_cutoff=knowledge_cutoff)
    happened = done.change.events.groupby("event")["party_count"].agg(["size", "sum"])
    times, records = happened["size"].to_dict(), happened["sum"].to_dict()
    rules = done.resolution.edges["rule_name"].astype(str)
    rules = rules.where(~rules.str.startswith(OVERRIDE), OVERRIDE.rstrip(":"))
    return IdentitySummary(
        parties=len(done.resolution.entities),
        golden_records=int(done.resolution.entities["entity"].nunique()),
        edges=len(done.resolution.edges),
        conflicts=len(done.resolution.conflicts),
        unknown_references=done.resolution.unknown_references,
        new_ids=int(times.get("created", 0)),
        retired=len(done.change.retired),
        redirected_ids=len(done.change.redirects),
        merges=int(times.get("merged", 0)),
        splits=int(times.get("split", 0)),
        moved=int(sum(records.get(event, 0) for event in ("merged", "split", "moved"))),
        corrected=int(records.get("corrected", 0)),
        open_reviews=len(done.outcome.reviews),
        overrides_in_force=done.outcome.in_force,
        overrides_contradicted=done.outcome.contradicted,
        edges_by_rule={str(rule): int(count) for rule, count in rules.value_counts().sort_index().items()},
    )


def _after(existing: pd.DataFrame, change: XrefChange, parties: pd.Series) -> pd.Series:
    """``gr_id`` by ``party_id`` after the change, for some parties."""
    stays = existing[existing["retired_at"].isna() & ~is_among(existing["party_id"], change.retired["party_id"])]
    rows = pd.concat([stays[["party_id", "gr_id"]], change.new[["party_id", "gr_id"]]])
    return rows[is_among(rows["party_id"], parties)].set_index("party_id")["gr_id"].astype(object)
