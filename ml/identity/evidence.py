"""Entities from all evidence there is: exact rules, linkage, and what people decided.

Belongs here: the order in which links are followed. Does not belong here: how they are found (``exact``, a linkage
source) and what forbids one (``constraints``).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml.identity.constraints import follow
from ml.identity.resolution import (
    CANNOT_LINK,
    CONFLICT_COLUMNS,
    EDGE_COLUMNS,
    MUST_LINK,
    OVERRIDE,
    EdgeSource,
    IdentityConfig,
    InvalidEdgesError,
    InvalidRecordsError,
    Resolution,
    entities_from,
    is_among,
    no_edges,
    no_overrides,
    unknown_references,
)

# Probabilities that differ less are equal: the order of a sum must not decide who is who.
PROBABILITY_DIGITS = 9


class EvidenceResolver:
    """Follows the links of several sources in one fixed order, never against an anchor or a person's decision.

    The order: must-link decisions, then the portfolio's exact rules as it lists them (within a rule by
    ``evidence_known_at``), then falling probability, then ids. An entity never holds two records of the anchor record
    type, nor, directly or through others, two records that a cannot-link keeps apart; a link that would break this is
    left out and reported. A cannot-link therefore wins over a must-link. The result does not depend on the order of
    the records.

    Parameters
    ----------
    sources : sequence of EdgeSource
        Where links come from; the order of the sources means nothing.
    """

    def __init__(self, sources: Sequence[EdgeSource]) -> None:
        self.sources = tuple(sources)

    def columns(self, config: IdentityConfig) -> list[str]:
        """What the sources read, and the keys."""
        wanted = [column for source in self.sources for column in source.columns(config)]
        return list(dict.fromkeys(["party_id", "record_type", "known_at", *wanted]))

    def resolve(
        self, records: pd.DataFrame, config: IdentityConfig, overrides: pd.DataFrame | None = None
    ) -> Resolution:
        """Resolve records to entities; see :class:`ml.identity.resolution.Resolver`.

        Raises
        ------
        InvalidRecordsError
            A needed column is missing, a key is empty, or a party has two record types.
        InvalidEdgesError
            A source gave an edge of unknown records, in the wrong order, twice, or without a probability.
        """
        _check(records, self.columns(config))
        parties = _parties(records, config.anchor_record_type)
        decided = no_overrides() if overrides is None else overrides
        both_there = is_among(decided["party_id_a"], parties["party_id"]) & is_among(
            decided["party_id_b"], parties["party_id"]
        )
        decided = decided[both_there].sort_values("override_id", ignore_index=True)

        found = [_must_links(decided)]
        versions: dict[str, str] = {}
        for source in self.sources:
            edges = source.edges(records, config)[EDGE_COLUMNS]
            _check_edges(edges, parties)
            found.append(edges)
            if source.model_version is not None:
                versions |= dict.fromkeys(edges["rule_name"].unique(), source.model_version)
        # Empty frames say nothing of types; leaving them out keeps those of the others.
        found = [edges for edges in found if not edges.empty]
        candidates = _in_order(pd.concat(found, ignore_index=True) if found else no_edges(), config)

        apart = decided[decided["kind"].eq(CANNOT_LINK)]
        accepted, reason, against = follow(candidates, parties, apart)
        by_pair = ["party_id_a", "party_id_b", "rule_name"]
        edges = candidates[accepted].sort_values(by_pair, ignore_index=True)
        conflicts = candidates[~accepted].assign(reason=reason[~accepted], against_override_id=against[~accepted])
        return Resolution(
            edges=edges[EDGE_COLUMNS],
            entities=entities_from(parties, edges),
            conflicts=conflicts.sort_values(by_pair, ignore_index=True)[CONFLICT_COLUMNS],
            unknown_references=unknown_references(records, config),
            model_versions=versions,
        )


def _check(records: pd.DataFrame, columns: list[str]) -> None:
    missing = sorted(set(columns) - set(records.columns))
    if missing:
        raise InvalidRecordsError(f"records lack the columns {missing}; they have {sorted(records.columns)}")
    for column in ("party_id", "record_type", "known_at"):
        empty = int(records[column].isna().sum())
        if empty:
            raise InvalidRecordsError(f"{empty} of {len(records)} records have no {column}; each needs one")
    kinds = records[["party_id", "record_type"]].drop_duplicates()["party_id"].duplicated(keep=False)
    if kinds.any():
        raise InvalidRecordsError(f"{int(kinds.sum()) // 2} parties have two record types; a party has one for ever")


def _check_edges(edges: pd.DataFrame, parties: pd.DataFrame) -> None:
    wrong = {
        "of unknown records": ~(
            is_among(edges["party_id_a"], parties["party_id"]) & is_among(edges["party_id_b"], parties["party_id"])
        ),
        "not in the order party_id_a < party_id_b": ~edges["party_id_a"].lt(edges["party_id_b"]),
        "there twice": edges.duplicated(["party_id_a", "party_id_b", "rule_name"]),
        "without a probability between 0 and 1": ~edges["match_probability"].between(0, 1),
        "without evidence_known_at": edges["evidence_known_at"].isna(),
    }
    counts = {what: int(mask.sum()) for what, mask in wrong.items() if mask.any()}
    if counts:
        rules = ", ".join(sorted(edges["rule_name"].astype(str).unique()))
        said = "; ".join(f"{count} {what}" for what, count in counts.items())
        raise InvalidEdgesError(f"Of {len(edges)} edges of {rules}: {said}. Mend the source of evidence that gave them")


def _parties(records: pd.DataFrame, anchor_record_type: str) -> pd.DataFrame:
    """One row per party, sorted by id, known since its first version."""
    parties = records.groupby("party_id", sort=True, as_index=False).agg(
        record_type=("record_type", "first"), known_at=("known_at", "min")
    )
    parties["known_at"] = pd.to_datetime(parties["known_at"], utc=True).astype("datetime64[us, UTC]")
    return parties.assign(is_anchor=parties["record_type"].eq(anchor_record_type))


def _must_links(decided: pd.DataFrame) -> pd.DataFrame:
    same = decided[decided["kind"].eq(MUST_LINK)]
    return pd.DataFrame(
        {
            "party_id_a": same["party_id_a"],
            "party_id_b": same["party_id_b"],
            "rule_name": OVERRIDE + same["override_id"].astype(str),
            "match_probability": 1.0,
            "evidence_known_at": same["known_at"],
        }
    )


def _in_order(candidates: pd.DataFrame, config: IdentityConfig) -> pd.DataFrame:
    """All candidate edges in the order in which they are followed."""
    rules = {rule.name: rank for rank, rule in enumerate(config.identity_rules)}
    rule = candidates["rule_name"]
    is_decided = rule.str.startswith(OVERRIDE).to_numpy(bool)
    is_model = ~is_decided & ~rule.isin(list(rules)).to_numpy(bool)
    number = rule.where(is_decided).str.removeprefix(OVERRIDE).astype("Int64").fillna(0)
    return (
        candidates.assign(
            stage=np.select([is_decided, is_model], [0, 2], 1),
            rank=np.where(is_decided, number.to_numpy("int64"), rule.map(rules).fillna(0).to_numpy("int64")),
            doubt=np.where(is_model, 1 - candidates["match_probability"].astype(float).round(PROBABILITY_DIGITS), 0),
            when=candidates["evidence_known_at"].where(~is_model),
        )
        .sort_values(["stage", "rank", "doubt", "when", "party_id_a", "party_id_b", "rule_name"], ignore_index=True)
        .drop(columns=["stage", "rank", "doubt", "when"])
    )
