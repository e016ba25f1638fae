"""Exact rules of who is who, as the portfolio lists them.

Belongs here: finding links by equal values. Does not belong here: which of them are followed (``evidence``).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml.identity.evidence import EvidenceResolver
from ml.identity.resolution import REFERENCE_COLUMN, IdentityConfig, LinkRule, no_edges


class ExactRules:
    """Links records by the portfolio's rules: a source of evidence.

    - ``customer_ref``: the record names a party; it is linked to that party.
    - any other column: records with equal values are linked. With ``unique_within`` a value counts only where
      exactly one party of that record type has ever had it, and the others are linked to that party.

    All versions of a record count as evidence: a value that two people had one after the other proves
    nothing. "Ever" has no end: ``unique_within`` counts every party among the records, also one that became
    known later than the record to be linked. A later customer with the same telephone takes a link away,
    for earlier days too, and never makes one. That is conservative: an earlier day may have fewer such links
    than could be known on it, none on a value that was shared by then. ``evidence_known_at`` dates what made a
    link, not since when its value is unique.
    """

    @property
    def model_version(self) -> str | None:
        """No model is behind equal values."""
        return None

    def columns(self, config: IdentityConfig) -> Sequence[str]:
        """The columns of the rules."""
        return [rule.column for rule in config.identity_rules]

    def edges(self, records: pd.DataFrame, config: IdentityConfig) -> pd.DataFrame:
        """Links by all rules; see :class:`ml.identity.resolution.EdgeSource`."""
        known_of = records.groupby("party_id")["known_at"].min()
        found = [
            _reference_edges(records, rule, known_of)
            if rule.column == REFERENCE_COLUMN
            else _value_edges(records, rule)
            for rule in config.identity_rules
        ]
        # Empty frames say nothing of types; leaving them out keeps those of the others.
        found = [edges for edges in found if not edges.empty]
        return pd.concat(found, ignore_index=True) if found else no_edges()


class ExactResolver(EvidenceResolver):
    """The portfolio's rules and nothing else; see :class:`ExactRules` and :class:`EvidenceResolver`."""

    def __init__(self) -> None:
        super().__init__((ExactRules(),))


def _reference_edges(records: pd.DataFrame, rule: LinkRule, known_of: pd.Series) -> pd.DataFrame:
    named = records.loc[records[rule.column].notna(), ["party_id", rule.column, "known_at"]]
    named = named.groupby(["party_id", rule.column], as_index=False).agg(known_at=("known_at", "min"))
    if named.empty:
        return no_edges()
    exists = named[rule.column].isin(known_of.index)
    named = named[exists & named["party_id"].ne(named[rule.column])]
    target_known = named[rule.column].map(known_of)
    return _first_known(_edges(rule.name, named["party_id"], named[rule.column], named["known_at"], target_known))


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
    return _first_known(edges)


def _first_known(edges: pd.DataFrame) -> pd.DataFrame:
    """Two values (an old and a new telephone) may link one pair: what was known first counts."""
    return edges.sort_values("evidence_known_at").drop_duplicates(["party_id_a", "party_id_b"])


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
