"""What a resolver takes and gives, whatever its method: exact rules, or probabilistic linkage.

Belongs here: the contract of a resolver and the way from edges to entities. Does not belong here: how edges
are found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

EDGE_COLUMNS = ["party_id_a", "party_id_b", "rule_name", "match_probability", "evidence_known_at"]
ENTITY_COLUMNS = ["party_id", "entity", "is_anchor", "link_rule", "link_probability", "known_at"]
CONFLICT_COLUMNS = [
    "party_id_a", "party_id_b", "rule_name", "match_probability", "evidence_known_at", "reason", "against_override_id",
]  # fmt: skip
OVERRIDE_COLUMNS = ["override_id", "kind", "party_id_a", "party_id_b", "known_at"]

# A record that carries this column names the party itself: its value is a party_id, not an attribute.
REFERENCE_COLUMN = "customer_ref"

ANCHOR = "anchor"
OWN_RECORD = "own_record"
OVERRIDE = "override:"
MUST_LINK, CANNOT_LINK = "must_link", "cannot_link"
TWO_ANCHORS = "two_anchors"


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


class LinkageSettings(Protocol):
    """What of the records a linkage model compares; a portfolio's ``linkage`` is one."""

    @property
    def record_types(self) -> Sequence[str]: ...
    @property
    def columns(self) -> Mapping[str, str]: ...


class IdentityConfig(Protocol):
    """What a resolver must know of the portfolio; a ``Portfolio`` is one."""

    @property
    def anchor_record_type(self) -> str: ...
    @property
    def identity_rules(self) -> Sequence[LinkRule]: ...
    @property
    def linkage(self) -> LinkageSettings | None: ...


class InvalidEdgesError(ValueError):
    """A source of evidence gave edges that are none; the message counts what is wrong."""


class EdgeSource(Protocol):
    """One source of evidence: exact rules, a linkage model. Links are its own business, entities are not."""

    @property
    def model_version(self) -> str | None:
        """Version of the model behind the edges; None where none is."""
        ...

    def columns(self, config: IdentityConfig) -> Sequence[str]:
        """Columns of ``core.parties`` that it reads besides ``party_id, record_type, known_at``."""
        ...

    def edges(self, records: pd.DataFrame, config: IdentityConfig) -> pd.DataFrame:
        """Links between records: ``EDGE_COLUMNS``, ``party_id_a < party_id_b``, one row per pair and rule.

        ``match_probability`` is 1 only where no model is in doubt; ``evidence_known_at`` is when both records that
        prove the link were known.
        """
        ...


@dataclass(frozen=True)
class Resolution:
    """Edges found, the entity of each record, and what was left out.

    Attributes
    ----------
    edges : DataFrame
        ``party_id_a < party_id_b, rule_name, match_probability, evidence_known_at``: accepted links, sorted.
    entities : DataFrame
        One row per party, sorted by ``party_id``: ``entity`` (smallest ``party_id`` of its cluster),
        ``is_anchor``, ``link_rule`` (``anchor``, ``own_record``, or the rule that links the record to its cluster),
        ``link_probability`` (smallest on the way to the cluster's first record) and ``known_at``: when the records
        that link it to the cluster's first record were known.
    conflicts : DataFrame
        Links left out, with the ``reason``: ``two_anchors`` (they would have joined two records of the anchor record
        type) or ``cannot_link`` (records that a person keeps apart: ``against_override_id``).
    unknown_references : int
        Records that name a party which does not exist.
    model_versions : mapping of str to str
        Model version by ``rule_name``, for the rules that a model stands behind.
    """

    edges: pd.DataFrame
    entities: pd.DataFrame
    conflicts: pd.DataFrame
    unknown_references: int = 0
    model_versions: Mapping[str, str] = field(default_factory=dict)


class Resolver(Protocol):
    """Finds which records speak of the same person, organisation or household."""

    def columns(self, config: IdentityConfig) -> list[str]:
        """Columns of the records that it reads."""
        ...

    def resolve(
        self, records: pd.DataFrame, config: IdentityConfig, overrides: pd.DataFrame | None = None
    ) -> Resolution:
        """Resolve records to entities.

        Parameters
        ----------
        records : DataFrame
            One row per party and version, with ``columns(config)``.
        config : IdentityConfig
            Anchor record type and rules, strongest first.
        overrides : DataFrame, optional
            What people decided and is in force: ``OVERRIDE_COLUMNS``.
        """
        ...


def unknown_references(records: pd.DataFrame, config: IdentityConfig) -> int:
    """Records that name a party which does not exist, whatever the rule that reads the name."""
    if not any(rule.column == REFERENCE_COLUMN for rule in config.identity_rules):
        return 0
    named = records.loc[records[REFERENCE_COLUMN].notna(), ["party_id", REFERENCE_COLUMN]]
    return int(named.loc[~named[REFERENCE_COLUMN].isin(records["party_id"]), "party_id"].nunique())


def no_edges() -> pd.DataFrame:
    """An empty frame of edges with its types."""
    empty = pd.DataFrame({column: pd.Series(dtype=object) for column in EDGE_COLUMNS})
    return empty.astype({"match_probability": float, "evidence_known_at": "datetime64[us, UTC]"})


def no_overrides() -> pd.DataFrame:
    """An empty frame of overrides with its types."""
    empty = pd.DataFrame({column: pd.Series(dtype=object) for column in OVERRIDE_COLUMNS})
    return empty.astype({"override_id": "int64", "known_at": "datetime64[us, UTC]"})


def is_among(values: pd.Series, known: pd.Series | pd.Index) -> np.ndarray:
    """Which values are known; pandas' own ``isin`` of text is five times slower, NumPy's of objects quadratic."""
    return np.asarray(pd.Index(known.unique()).get_indexer(pd.Index(values)) >= 0)


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
    edge_probability = edges["match_probability"].to_numpy(float)
    ranked = np.lexsort((edges["rule_name"].to_numpy(object).astype(str), right, left, -edge_probability, edge_known))
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
    probability = np.ones(count)
    linked = parent != count
    if linked.any():
        # The tree holds one edge per pair: of several rules for one pair the one known first.
        pairs = np.minimum(left, right).astype(np.int64) * count + np.maximum(left, right)
        known_pairs, first = np.unique(pairs[ranked], return_index=True)
        child = np.flatnonzero(linked)
        wanted = np.minimum(child, parent[child]).astype(np.int64) * count + np.maximum(child, parent[child])
        used = ranked[first[np.searchsorted(known_pairs, wanted)]]
        rule[child] = edges["rule_name"].to_numpy(object)[used]
        known[child] = np.maximum(known[child], edge_known[used])
        probability[child] = edge_probability[used]
        # Along the path the latest and the weakest link count; each round carries them one step from the root.
        while True:
            carried = np.maximum(known[child], known[parent[child]])
            weakest = np.minimum(probability[child], probability[parent[child]])
            if np.array_equal(carried, known[child]) and np.array_equal(weakest, probability[child]):
                break
            known[child], probability[child] = carried, weakest

    smallest = pd.Series(parties["party_id"].to_numpy(object)).groupby(labels).transform("min")
    return pd.DataFrame(
        {
            "party_id": parties["party_id"].to_numpy(object),
            "entity": smallest.to_numpy(object),
            "is_anchor": parties["is_anchor"].to_numpy(),
            "link_rule": rule,
            "link_probability": probability,
            "known_at": pd.to_datetime(known, unit=parties["known_at"].dt.unit, utc=True),
        },
        columns=ENTITY_COLUMNS,
    )
