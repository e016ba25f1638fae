"""Exact rules of who is who, as the portfolio lists them.

Belongs here: finding links by equal values and refusing those that would join two anchors.
"""

import numpy as np
import pandas as pd

from ml.identity.resolution import (
    CONFLICT_COLUMNS,
    EDGE_COLUMNS,
    IdentityConfig,
    InvalidRecordsError,
    LinkRule,
    Resolution,
    entities_from,
    labels_of,
)

# A record that carries this column names the party itself: its value is a party_id, not an attribute.
REFERENCE_COLUMN = "customer_ref"


class ExactResolver:
    """Links records by the portfolio's rules, strongest first.

    - ``customer_ref``: the record names a party; it is linked to that party.
    - any other column: records with equal values are linked. With ``unique_within`` a value counts only where
      exactly
      one party of that record type has ever had it, and the others are linked to that party.

    All versions of a record count as evidence: a value that two people had one after the other proves
    nothing. "Ever" has no end: ``unique_within`` counts every party among the records, also one that became
    known later than the record to be linked. A later customer with the same telephone takes a link away,
    for earlier days too, and never makes one. That is conservative: an earlier day may have fewer such links
    than could be known on it, none on a value that was shared by then. ``evidence_known_at`` dates what made a
    link, not since when its value is unique.
    An entity never holds two records of the anchor record type: links are taken in the order of the rules,
    then of
    their ``known_at``, then of the ids, and one that would join two anchors is left out and reported.
    The result does not depend on the order of the records.
    """

    def resolve(self, records: pd.DataFrame, config: IdentityConfig) -> Resolution:
        """Resolve records to entities; see :class:`ml.identity.resolution.Resolver`.

        Raises
        ------
        InvalidRecordsError
            A needed column is missing, a key is empty, or a party has two record types.
        """
        _check(records, config)
        parties = _parties(records, config.anchor_record_type)
        known_of = parties.set_index("party_id")["known_at"]

        found: list[pd.DataFrame] = []
        unknown_references = 0
        for rank, rule in enumerate(config.identity_rules):
            if rule.column == REFERENCE_COLUMN:
                edges, unknown = _reference_edges(records, rule, known_of)
                unknown_references += unknown
            else:
                edges = _value_edges(records, rule)
            found.append(edges.assign(rank=rank))

        # Empty frames say nothing of types; leaving them out keeps those of the others.
        found = [edges for edges in found if not edges.empty]
        candidates = pd.concat(found, ignore_index=True) if found else _no_edges().assign(rank=0)
        candidates = candidates.sort_values(
            ["rank", "evidence_known_at", "party_id_a", "party_id_b"], ignore_index=True
        )
        accepted = _accept(candidates, parties)
        edges = candidates[accepted].sort_values(["party_id_a", "party_id_b", "rule_name"], ignore_index=True)
        conflicts = candidates[~accepted].sort_values(["party_id_a", "party_id_b", "rule_name"], ignore_index=True)
        return Resolution(
            edges=edges[EDGE_COLUMNS],
            entities=entities_from(parties, edges),
            conflicts=conflicts[CONFLICT_COLUMNS],
            unknown_references=unknown_references,
        )


def _check(records: pd.DataFrame, config: IdentityConfig) -> None:
    needed = {"party_id", "record_type", "known_at", *(rule.column for rule in config.identity_rules)}
    missing = sorted(needed - set(records.columns))
    if missing:
        raise InvalidRecordsError(f"records lack the columns {missing}; they have {sorted(records.columns)}")
    for column in ("party_id", "record_type", "known_at"):
        empty = int(records[column].isna().sum())
        if empty:
            raise InvalidRecordsError(f"{empty} of {len(records)} records have no {column}; each needs one")
    kinds = records.groupby("party_id")["record_type"].nunique()
    if (kinds > 1).any():
        raise InvalidRecordsError(f"{int((kinds > 1).sum())} parties have two record types; a party has one for ever")


def _parties(records: pd.DataFrame, anchor_record_type: str) -> pd.DataFrame:
    """One row per party, sorted by id, known since its first version."""
    parties = records.groupby("party_id", sort=True, as_index=False).agg(
        record_type=("record_type", "first"), known_at=("known_at", "min")
    )
    parties["known_at"] = pd.to_datetime(parties["known_at"], utc=True).astype("datetime64[us, UTC]")
    return parties.assign(is_anchor=parties["record_type"].eq(anchor_record_type))


def _reference_edges(records: pd.DataFrame, rule: LinkRule, known_of: pd.Series) -> tuple[pd.DataFrame, int]:
    named = records.loc[records[rule.column].notna(), ["party_id", rule.column, "known_at"]]
    named = named.groupby(["party_id", rule.column], as_index=False).agg(known_at=("known_at", "min"))
    if named.empty:
        return _no_edges(), 0
    exists = named[rule.column].isin(known_of.index)
    unknown = int(named.loc[~exists, "party_id"].nunique())
    named = named[exists & named["party_id"].ne(named[rule.column])]
    target_known = named[rule.column].map(known_of)
    return _edges(rule.name, named["party_id"], named[rule.column], named["known_at"], target_known), unknown


def _value_edges(records: pd.DataFrame, rule: LinkRule) -> pd.DataFrame:
    having = records.loc[records[rule.column].notna(), ["party_id", "record_type", rule.column, "known_at"]]
    keys = ["party_id", "record_type", rule.column]
    having = having.groupby(keys, as_index=False).agg(known_at=("known_at", "min"))
    # With `unique_within` the others are linked to the one party that owns the value; without it to the
    # smallest id.
    owners = having
    if rule.unique_within is not None:
        owners = having[having["record_type"].eq(rule.unique_within)]
        owners = owners[~owners.duplicated(rule.column, keep=False)]
    else:
        owners = having.sort_values("party_id").drop_duplicates(rule.column)
    pairs = having.merge(owners, on=rule.column, suffixes=("", "_owner"))
    pairs = pairs[pairs["party_id"].ne(pairs["party_id_owner"])]
    if rule.unique_within is not None:
        pairs = pairs[pairs["record_type"].ne(rule.unique_within)]
    edges = _edges(rule.name, pairs["party_id"], pairs["party_id_owner"], pairs["known_at"], pairs["known_at_owner"])
    # Two values (an old and a new telephone) may link the same pair: the evidence known first counts.
    return edges.sort_values("evidence_known_at").drop_duplicates(["party_id_a", "party_id_b"])


def _no_edges() -> pd.DataFrame:
    empty = pd.DataFrame({column: pd.Series(dtype=object) for column in EDGE_COLUMNS})
    return empty.astype({"match_probability": float, "evidence_known_at": "datetime64[us, UTC]"})


def _edges(name: str, one: pd.Series, other: pd.Series, known: pd.Series, other_known: pd.Series) -> pd.DataFrame:
    one_first = one.to_numpy(object) < other.to_numpy(object)
    latest = pd.concat([pd.to_datetime(known, utc=True), pd.to_datetime(other_known, utc=True)], axis=1).max(axis=1)
    return pd.DataFrame(
        {
            "party_id_a": np.where(one_first, one, other),
            "party_id_b": np.where(one_first, other, one),
            "rule_name": name,
            "match_probability": 1.0,
            "evidence_known_at": pd.to_datetime(latest, utc=True).to_numpy(),
        }
    ).astype({"evidence_known_at": "datetime64[us, UTC]"})


def _accept(candidates: pd.DataFrame, parties: pd.DataFrame) -> np.ndarray:
    """Which candidate edges, in their order, join no two anchors.

    Only clusters that would hold two anchors are walked edge by edge; in all others every edge stands.
    """
    ids = pd.Index(parties["party_id"])
    left, right = ids.get_indexer(candidates["party_id_a"]), ids.get_indexer(candidates["party_id_b"])
    labels = labels_of(len(parties), left, right)
    is_anchor = parties["is_anchor"].to_numpy()
    crowded = np.bincount(labels, weights=is_anchor) > 1 if len(parties) else np.zeros(0, dtype=bool)
    accepted = np.ones(len(candidates), dtype=bool)

    leader: dict[int, int] = {}
    anchored: dict[int, bool] = {}

    def find(node: int) -> int:
        root = node
        while leader.setdefault(root, root) != root:
            root = leader[root]
        while leader[node] != root:
            leader[node], node = root, leader[node]
        return root

    for position in np.flatnonzero(crowded[labels[left]]) if len(candidates) else []:
        one, other = find(int(left[position])), find(int(right[position]))
        if one == other:
            continue
        one_anchored = anchored.get(one, bool(is_anchor[one]))
        other_anchored = anchored.get(other, bool(is_anchor[other]))
        if one_anchored and other_anchored:
            accepted[position] = False
            continue
        leader[other] = one
        anchored[one] = one_anchored or other_anchored
    return accepted
