"""Ingestion by contract: landing files into ``raw``, bad rows into ``ops.rejects``."""

from orchestration.ingestion.contract import ContractError, TableContract, load_contracts, validate_source
from orchestration.ingestion.landing import ingest, raw_row_counts
from orchestration.ingestion.results import IngestionError, LoadResult, LoadStatus

__all__ = [
    "ContractError",
    "IngestionError",
    "LoadResult",
    "LoadStatus",
    "TableContract",
    "ingest",
    "load_contracts",
    "raw_row_counts",
    "validate_source",
]
