"""One reader for each format a contract may name; all give the same rows, rejects and refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from orchestration.ingestion.delimited import DelimitedReader
from orchestration.ingestion.ndjson import NdjsonReader
from orchestration.ingestion.parquet import ParquetReader
from orchestration.ingestion.rows import RowBlock
from orchestration.ingestion.table_contract import TableContract
from orchestration.ingestion.text_blocks import BLOCK_BYTES


class FileReader(Protocol):
    """Reads one file by its contract; iterate once.

    Iterating raises ``UnreadableFileError`` (also in the middle: what came before must not be kept then),
    ``StoppedFileError`` (the file's columns are not the contract's) and ``MemoryError``.
    """

    warnings: list[str]

    def __iter__(self) -> Iterator[RowBlock]:
        """Give the rows block by block."""

    def records_at(self, lines: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Read the file once more and give the text of the records that begin on these lines."""


def open_reader(path: Path, contract: TableContract, sha256: str, block_bytes: int = BLOCK_BYTES) -> FileReader:
    """Reader of the contract's format.

    Parameters
    ----------
    path, contract
        The file and what it should hold.
    sha256 : str
        Of the file, from ``file_sha256``; checked against what is really read.
    block_bytes : int
        Bytes of text taken at a time; a block in memory costs a small multiple.
    """
    readers = {"csv": DelimitedReader, "ndjson": NdjsonReader, "parquet": ParquetReader}
    reader: FileReader = readers[contract.format.type](path, contract, sha256, block_bytes)
    return reader
