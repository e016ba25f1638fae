"""Who is who: party records become golden records with persistent ids.

Belongs here: resolving records to entities, keeping ids stable, writing ``ml.match_edges`` and
``ml.party_xref``.
Does not belong here: which attribute survives (dbt, ``core.golden_attributes``) and relationships between
people.
"""

from ml.identity.exact import ExactResolver
from ml.identity.persistent_ids import XrefChange, assign_gr_ids
from ml.identity.resolution import IdentityConfig, InvalidRecordsError, LinkRule, Resolution, Resolver
from ml.identity.store import IdentitySummary, read, read_records, resolve_and_store, update, write

__all__ = [
    "ExactResolver",
    "IdentityConfig",
    "IdentitySummary",
    "InvalidRecordsError",
    "LinkRule",
    "Resolution",
    "Resolver",
    "XrefChange",
    "assign_gr_ids",
    "read",
    "read_records",
    "resolve_and_store",
    "update",
    "write",
]
