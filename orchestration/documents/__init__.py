"""Documents made of published gold: one JSON file per subject and summary, with a schema.

Belongs here: what a document holds and how it is written. The figures are gold's; the command line
is in ``orchestration.cli``.
"""

from orchestration.documents.msme import SUMMARIES, UnknownBusinessError, document_schema, write_documents

__all__ = ["SUMMARIES", "UnknownBusinessError", "document_schema", "write_documents"]
