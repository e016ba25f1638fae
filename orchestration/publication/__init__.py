"""Publication: gold is built beside gold, audited, and swapped in within one transaction."""

from orchestration.publication.audits import AuditResult, audit
from orchestration.publication.errors import (
    NothingToRollBackError,
    PublicationBusyError,
    PublicationError,
    PublicationRefusedError,
)
from orchestration.publication.lock import publication_lock
from orchestration.publication.manifest import ExpectedTable, expected_tables
from orchestration.publication.records import Publication
from orchestration.publication.schemas import prepare_next
from orchestration.publication.swap import publish, record_failure, rollback

__all__ = [
    "AuditResult",
    "ExpectedTable",
    "NothingToRollBackError",
    "Publication",
    "PublicationBusyError",
    "PublicationError",
    "PublicationRefusedError",
    "audit",
    "expected_tables",
    "prepare_next",
    "publication_lock",
    "publish",
    "record_failure",
    "rollback",
]
