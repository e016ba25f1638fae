"""Documents made of published gold: a business's summaries with their schema, a person's profile.

Belongs here: what a document holds and how it is written. The figures are gold's; the command line
is in ``orchestration.cli``.
"""

from orchestration.documents.msme import SUMMARIES, UnknownBusinessError, document_schema, write_documents
from orchestration.documents.personal import PersonalDataRefusedError, personal_section
from orchestration.documents.profile import UnknownGoldenRecordError, profile_document

__all__ = [
    "SUMMARIES",
    "PersonalDataRefusedError",
    "UnknownBusinessError",
    "UnknownGoldenRecordError",
    "document_schema",
    "personal_section",
    "profile_document",
    "write_documents",
]
