"""What became of a golden record: its events in the ledger and its records over time, through merges and splits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True)
class Event:
    """One row of ``ops.identity_ledger``."""

    known_at: dt.datetime
    event: str
    gr_id: str | None
    other_gr_id: str | None
    party_count: int | None
    cause: str
    model_version: str | None


@dataclass(frozen=True)
class Membership:
    """A record that belonged to the golden record, from and until which knowledge time."""

    party_id: str
    gr_id: str
    link_rule: str
    link_probability: float | None
    known_at: dt.datetime
    superseded_at: dt.datetime | None


@dataclass(frozen=True)
class History:
    """What is known of one golden record id.

    Attributes
    ----------
    gr_id : str
        As asked.
    chain : sequence of str
        The id and where its records went, one id after the other; the last one is current. One id: it still holds.
    events : sequence of Event
        Of every id of the chain, in the order in which they happened.
    members : sequence of Membership
        Rows of every id of the chain that counted at some time.
    """

    gr_id: str
    chain: Sequence[str]
    events: Sequence[Event]
    members: Sequence[Membership]


def history_of(connection: psycopg.Connection[Any], gr_id: str) -> History:
    """Events and records of a golden record; a retired id is followed to the one that holds its records.

    Parameters
    ----------
    connection : psycopg.Connection
        A role that reads ``ml`` and ``ops`` (``assay_ops``).
    gr_id : str
        Current or former id.

    Raises
    ------
    LookupError
        The id was never given.
    """
    chain = _chain(connection, gr_id)
    members = [
        Membership(*row)
        for row in connection.execute(
            "select party_id, gr_id, link_rule, link_probability, known_at, superseded_at from ml.party_xref"
            " where gr_id = any(%s) and (superseded_at is null or superseded_at > known_at)"
            " order by known_at, party_id, recorded_at",
            (chain,),
        )
    ]
    events = [
        Event(*row)
        for row in connection.execute(
            "select known_at, event, gr_id, other_gr_id, party_count, cause, model_version from ops.identity_ledger"
            " where gr_id = any(%s) or other_gr_id = any(%s) order by ledger_id",
            (chain, chain),
        )
    ]
    if not members and not events:
        raise LookupError(f"{gr_id!r} was never given to anybody; ids look like GR0000000001")
    return History(gr_id, chain, events, members)


def _chain(connection: psycopg.Connection[Any], gr_id: str) -> list[str]:
    """From a retired id along its redirects; an id goes into another one once, so the chain ends."""
    rows = connection.execute(
        "with recursive chain (gr_id, place) as (select %s, 0"
        " union all"
        " select l.other_gr_id, c.place + 1 from chain as c inner join ops.identity_ledger as l"
        " on l.gr_id = c.gr_id and l.event = 'retired' and l.other_gr_id is not null)"
        " select gr_id from chain order by place",
        (gr_id,),
    ).fetchall()
    return [row[0] for row in rows]
