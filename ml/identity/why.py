"""Why two records are one party, or are not: columns, links, decisions and the way from one to the other.

Belongs here: reading the evidence. Values stay out unless the caller asks for them. Printing is the command line's.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from ml.identity.comparing import Level, compared

# Keys, lineage and times say nothing about who somebody is.
NO_EVIDENCE = frozenset(
    {
        "party_id", "source_system", "source_record_id", "record_type", "party_type", "valid_from", "valid_to",
        "deleted_on", "known_at", "load_id",
    }
)  # fmt: skip

LINKS_OF_PAIR = (
    "select party_id_a, party_id_b, rule_name, match_probability from ml.match_edges"
    " where party_id_a = %s and party_id_b = %s order by match_probability desc, rule_name"
)
LINKS_OF_GOLDEN_RECORD = (
    "select party_id_a, party_id_b, rule_name, match_probability from ml.match_edges"
    " where party_id_a in (select party_id from ml.party_xref where gr_id = %s and retired_at is null)"
    " order by match_probability desc, rule_name"
)

Record = Mapping[str, Any]


@dataclass(frozen=True)
class ColumnEvidence:
    """What one column says of a pair.

    Attributes
    ----------
    column : str
    level : str
        ``equal``, ``similar``, ``different``, ``missing``, or a level of a model's own.
    weight : float or None
        Bits for (positive) or against one party, where a model weighs the column.
    values : tuple or None
        Of both records; only where the caller asked for them.
    """

    column: str
    level: Level | str
    weight: float | None = None
    values: tuple[str, str] | None = None


WeighColumns = Callable[[Sequence[Record], Sequence[Record]], Sequence[ColumnEvidence]]
"""All versions of both records, newest first, to what a model makes of each column; its levels and weights win."""


@dataclass(frozen=True)
class Link:
    """One stored link between two records."""

    party_id_a: str
    party_id_b: str
    rule_name: str
    probability: float


@dataclass(frozen=True)
class Standing:
    """A decision about the pair, or a review of it."""

    name: str
    kind: str
    state: str


@dataclass(frozen=True)
class Explanation:
    """Evidence of a match or a non-match.

    Attributes
    ----------
    gr_ids : mapping
        ``party_id`` to its golden records, former ones first, the current one last.
    columns : sequence of ColumnEvidence
    links : sequence of Link
        Between the two directly.
    path : sequence of Link
        The shortest way from one to the other through their golden record, where they are linked indirectly.
    decisions, reviews : sequence of Standing
        Of the pair.
    """

    party_id_a: str
    party_id_b: str
    gr_ids: Mapping[str, Sequence[str]]
    columns: Sequence[ColumnEvidence]
    links: Sequence[Link]
    path: Sequence[Link]
    decisions: Sequence[Standing] = field(default_factory=tuple)
    reviews: Sequence[Standing] = field(default_factory=tuple)

    @property
    def is_match(self) -> bool:
        """Both belong to one golden record now."""
        one, other = self.gr_ids[self.party_id_a], self.gr_ids[self.party_id_b]
        return bool(one) and bool(other) and one[-1] == other[-1]

    @property
    def verdict(self) -> Literal["linked directly", "linked through others", "not linked"]:
        """How the two stand to each other."""
        if not self.is_match:
            return "not linked"
        return "linked directly" if self.links else "linked through others"


def explain(
    connection: psycopg.Connection[Any],
    party_id_a: str,
    party_id_b: str,
    *,
    with_values: bool = False,
    weigh: WeighColumns | None = None,
) -> Explanation:
    """Everything that is stored for and against two records being one party.

    Parameters
    ----------
    connection : psycopg.Connection
        A role that reads ``core``, ``ml`` and ``ops`` (``assay_ops``).
    party_id_a, party_id_b : str
        Records of ``core.parties``.
    with_values : bool
        Also give the values that were compared: personal data.
    weigh : callable, optional
        What a linkage model makes of the columns.

    Raises
    ------
    LookupError
        One of the records is not there.
    """
    one, other = _versions(connection, party_id_a), _versions(connection, party_id_b)
    first, second = sorted((party_id_a, party_id_b))
    gr_ids = {party: _gr_ids(connection, party) for party in (party_id_a, party_id_b)}
    links = [Link(*row) for row in connection.execute(LINKS_OF_PAIR, (first, second))]
    path: Sequence[Link] = ()
    if not links and gr_ids[party_id_a][-1:] == gr_ids[party_id_b][-1:] != ():
        within = connection.execute(LINKS_OF_GOLDEN_RECORD, (gr_ids[party_id_a][-1],))
        path = _path([Link(*row) for row in within], party_id_a, party_id_b)
    return Explanation(
        party_id_a=party_id_a,
        party_id_b=party_id_b,
        gr_ids=gr_ids,
        columns=_columns(one, other, with_values, weigh),
        links=links,
        path=path,
        decisions=_decisions(connection, first, second),
        reviews=_reviews(connection, first, second),
    )


def _versions(connection: psycopg.Connection[Any], party_id: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select * from core.parties where party_id = %s order by valid_from desc, known_at desc", (party_id,)
        ).fetchall()
    if not rows:
        raise LookupError(f"core.parties has no record {party_id!r}; expected a party_id such as source:type:key")
    return rows


def _columns(
    one: Sequence[Record], other: Sequence[Record], with_values: bool, weigh: WeighColumns | None
) -> list[ColumnEvidence]:
    newest, newest_other = one[0], other[0]
    found = {}
    for column, value in newest.items():
        if column in NO_EVIDENCE or (value is None and newest_other[column] is None):
            continue
        shown = tuple("" if each is None else str(each) for each in (value, newest_other[column]))
        level = compared(value, newest_other[column])
        found[column] = ColumnEvidence(column, level, values=(shown[0], shown[1]) if with_values else None)
    for evidence in weigh(one, other) if weigh else ():
        mine = found.get(evidence.column)
        found[evidence.column] = ColumnEvidence(
            evidence.column, evidence.level, evidence.weight, mine.values if mine else None
        )
    return list(found.values())


def _gr_ids(connection: psycopg.Connection[Any], party_id: str) -> tuple[str, ...]:
    rows = connection.execute(
        "select gr_id from ml.party_xref where party_id = %s and (superseded_at is null or superseded_at > known_at)"
        " order by recorded_at",
        (party_id,),
    ).fetchall()
    ids = [row[0] for row in rows]
    return tuple(gr_id for place, gr_id in enumerate(ids) if place == 0 or ids[place - 1] != gr_id)


def _path(links: Sequence[Link], start: str, end: str) -> list[Link]:
    """The fewest links from one record to the other; of several between two records the strongest."""
    neighbours: dict[str, dict[str, Link]] = {}
    for link in links:
        neighbours.setdefault(link.party_id_a, {}).setdefault(link.party_id_b, link)
        neighbours.setdefault(link.party_id_b, {}).setdefault(link.party_id_a, link)
    came_from: dict[str, str] = {start: start}
    waiting = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for party in sorted(neighbours.get(here, {})):
            if party not in came_from:
                came_from[party] = here
                waiting.append(party)
    if end not in came_from:
        return []
    path, here = [], end
    while here != start:
        path.append(neighbours[here][came_from[here]])
        here = came_from[here]
    return path[::-1]


def _decisions(connection: psycopg.Connection[Any], first: str, second: str) -> list[Standing]:
    rows = connection.execute(
        "select override_id, kind, case when revoked_at is not null then 'revoked'"
        " when valid_until < (select as_of_date from ml.identity_clock) then 'expired'"
        " when valid_until is not null then 'until ' || valid_until else 'in force' end"
        " from ops.identity_overrides where party_id_a = %s and party_id_b = %s order by override_id",
        (first, second),
    ).fetchall()
    return [Standing(f"override {row[0]}", row[1], row[2]) for row in rows]


def _reviews(connection: psycopg.Connection[Any], first: str, second: str) -> list[Standing]:
    rows = connection.execute(
        "select review_id, kind || ' (' || rule_name || ')', review_status from ops.identity_review_queue"
        " where party_id_a = %s and party_id_b = %s order by review_id",
        (first, second),
    ).fetchall()
    return [Standing(f"review {row[0]}", row[1], row[2]) for row in rows]
