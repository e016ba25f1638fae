"""Who is who: party records become golden records with persistent ids.

Belongs here: resolving records to entities, following what people decided, keeping ids stable, writing
``ml.match_edges``, ``ml.party_xref`` and the ledger of their changes.
Does not belong here: which attribute survives (dbt, ``core.golden_attributes``) and relationships between
people.
"""

from ml.identity.evidence import EvidenceResolver
from ml.identity.exact import ExactResolver, ExactRules
from ml.identity.persistent_ids import XrefChange, assign_gr_ids
from ml.identity.resolution import (
    EdgeSource,
    IdentityConfig,
    InvalidEdgesError,
    InvalidRecordsError,
    LinkRule,
    Resolution,
    Resolver,
)
from ml.identity.stewardship import record_training
from ml.identity.store import read, read_records, write
from ml.identity.stored_linkage import StoredLinkage
from ml.identity.updating import IdentitySummary, IdentityUpdate, resolve_and_store, retrain, update

__all__ = [
    "EdgeSource",
    "EvidenceResolver",
    "ExactResolver",
    "ExactRules",
    "IdentityConfig",
    "IdentitySummary",
    "IdentityUpdate",
    "InvalidEdgesError",
    "InvalidRecordsError",
    "LinkRule",
    "Resolution",
    "Resolver",
    "StoredLinkage",
    "XrefChange",
    "assign_gr_ids",
    "read",
    "read_records",
    "record_training",
    "resolve_and_store",
    "retrain",
    "update",
    "write",
]
