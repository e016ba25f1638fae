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
        The id and, where it is retired, the one that holds most of its last records now.
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
    """A retired id and the one that holds most of its last records now, as ``core.gr_redirects`` has it.

    The records are followed, not the merges: what a merge joined may have been parted since.
    """
    row = connection.execute(
        "with current_rows as ("
        " select party_id, gr_id from ml.party_xref where superseded_at is null),"
        " held as (select party_id, superseded_at, max(superseded_at) over () as retired_at from ml.party_xref"
        " where gr_id = %(gr_id)s and superseded_at > known_at"
        " and not exists (select 1 from current_rows where gr_id = %(gr_id)s))"
        " select c.gr_id from held as h inner join current_rows as c on c.party_id = h.party_id"
        " where h.superseded_at = h.retired_at group by c.gr_id order by count(*) desc, min(h.party_id) limit 1",
        {"gr_id": gr_id},
    ).fetchone()
    return [gr_id] if row is None else [gr_id, row[0]]
