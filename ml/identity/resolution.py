"""What a resolver takes and gives, whatever its method: exact rules, or probabilistic linkage.

Belongs here: the contract of a resolver and the way from edges to entities. Does not belong here: how edges
are found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

EDGE_COLUMNS = ["party_id_a", "party_id_b", "rule_name", "match_probability", "evidence_known_at"]
ENTITY_COLUMNS = ["party_id", "entity", "is_anchor", "link_rule", "known_at"]
CONFLICT_COLUMNS = ["party_id_a", "party_id_b", "rule_name", "evidence_known_at"]

ANCHOR = "anchor"
OWN_RECORD = "own_record"


class InvalidRecordsError(ValueError):
    """The records lack a column, or a key is missing; the message names what was expected."""


class LinkRule(Protocol):
    """One exact rule: equal values of ``column`` link two records; a portfolio's ``IdentityRule`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def column(self) -> str: ...
    @property
    def unique_within(self) -> str | None: ...


class IdentityConfig(Protocol):
    """What a resolver must know of the portfolio; a ``Portfolio`` is one."""

    @property
    def anchor_record_type(self) -> str: ...
    @property
    def identity_rules(self) -> Sequence[LinkRule]: ...


@dataclass(frozen=True)
class Resolution:
    """Edges found, the entity of each record, and what was left out.

    Attributes
    ----------
    edges : DataFrame
        ``party_id_a < party_id_b, rule_name, match_probability, evidence_known_at``: accepted links, sorted.
    entities : DataFrame
        One row per party, sorted by ``party_id``: ``entity`` (smallest ``party_id`` of its cluster),
        ``is_anchor``,
        ``link_rule`` (``anchor``, ``own_record``, or the rule that links the record to its cluster) and
        ``known_at``:
        when the records that link it to the cluster's first record were known.
    conflicts : DataFrame
        Links left out because they would have joined two records of the anchor record type.
    unknown_references : int
        Records that name a party which does not exist.
    """

    edges: pd.DataFrame
    entities: pd.DataFrame
    conflicts: pd.DataFrame
    unknown_references: int = 0


class Resolver(Protocol):
    """Finds which records speak of the same person, organisation or household."""

    def resolve(self, records: pd.DataFrame, config: IdentityConfig) -> Resolution:
        """Resolve records to entities.

        Parameters
        ----------
        records : DataFrame
            One row per party and version: ``party_id, record_type, known_at`` and the columns of the rules.
        config : IdentityConfig
            Anchor record type and rules, strongest first.
        """
        ...


def labels_of(party_count: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Component number of each party, from edges between positions ``left`` and ``right``."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(party_count, party_count))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels)


def entities_from(parties: pd.DataFrame, edges: pd.DataFrame) -> pd.DataFrame:
    """Connected components of the edges, and when each record is linked to its cluster's first record.

    A cluster starts at its anchor, else at the record known first. A record belongs to it from the moment a
    chain of
    known links leads there: the smallest possible maximum of ``known_at`` along a path, which the minimum
    spanning
    tree by ``evidence_known_at`` gives.

    Parameters
    ----------
    parties : DataFrame
        ``party_id`` (unique, sorted), ``is_anchor``, ``known_at``.
    edges : DataFrame
        Columns ``EDGE_COLUMNS``, between parties of ``parties``.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    count = len(parties)
    ids = pd.Index(parties["party_id"])
    left, right = ids.get_indexer(edges["party_id_a"]), ids.get_indexer(edges["party_id_b"])
    labels = labels_of(count, left, right)
    known = parties["known_at"].array.asi8.copy()

    order = np.lexsort((np.arange(count), known, ~parties["is_anchor"].to_numpy(), labels))
    first_of_label = np.r_[True, labels[order][1:] != labels[order][:-1]] if count else np.zeros(0, dtype=bool)
    roots = order[first_of_label]

    # One virtual node (number `count`) leads to every root, so that a single walk reaches all clusters.
    edge_known = edges["evidence_known_at"].array.asi8
    ranked = np.lexsort((edges["rule_name"].to_numpy(str), right, left, edge_known))
    weight = np.empty(len(edges), dtype=np.int64)
    weight[ranked] = np.arange(len(edges)) + 2
    graph = coo_array(
        (
            np.r_[weight, np.ones(len(roots), dtype=np.int64)],
            (np.r_[left, np.full(len(roots), count)], np.r_[right, roots]),
        ),
        shape=(count + 1, count + 1),
    )
    tree = minimum_spanning_tree(graph.tocsr())
    _, predecessor = breadth_first_order(tree, count, directed=False)
    parent = predecessor[:count]

    rule = np.where(parties["is_anchor"].to_numpy(), ANCHOR, OWN_RECORD).astype(object)
    linked = parent != count
    if linked.any():
        pair = pd.MultiIndex.from_arrays([np.minimum(left, right), np.maximum(left, right)])
        # The tree holds one edge per pair: of several rules for one pair the one known first.
        first = pd.Series(ranked, index=pair[ranked]).groupby(level=[0, 1]).first()
        child = np.flatnonzero(linked)
        wanted = pd.MultiIndex.from_arrays([np.minimum(child, parent[child]), np.maximum(child, parent[child])])
        used = first.reindex(wanted).to_numpy(int)
        rule[child] = edges["rule_name"].to_numpy(object)[used]
        known[child] = np.maximum(known[child], edge_known[used])
        # Along the path the latest link counts; each round carries it one step further from the root.
        while True:
            carried = np.maximum(known[child], known[parent[child]])
            if np.array_equal(carried, known[child]):
                break
            known[child] = carried

    smallest = pd.Series(parties["party_id"].to_numpy(object)).groupby(labels).transform("min")
    return pd.DataFrame(
        {
            "party_id": parties["party_id"].to_numpy(object),
            "entity": smallest.to_numpy(object),
            "is_anchor": parties["is_anchor"].to_numpy(),
            "link_rule": rule,
            "known_at": pd.to_datetime(known, unit=parties["known_at"].dt.unit, utc=True),
        },
        columns=ENTITY_COLUMNS,
    )
