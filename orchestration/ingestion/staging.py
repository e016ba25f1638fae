"""Temporary tables that a file is copied to before anything is decided about it."""

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import sql

from orchestration.ingestion.checking import CheckedBlock, check_block
from orchestration.ingestion.reading import FileReader
from orchestration.ingestion.records import Reject
from orchestration.ingestion.table_contract import TableContract

_REJECT_BATCH = 10_000


def create_staging(connection: psycopg.Connection[Any], contract: TableContract) -> None:
    """Temporary tables of the file: rows as the contract types them, and rejects."""
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.data_type)) for column in contract.columns
    ]
    connection.execute(
        sql.SQL("create temporary table assay_rows ({}, _line integer)").format(sql.SQL(", ").join(columns))
    )
    connection.execute(
        "create temporary table assay_rejects (line_number bigint, column_name text, reason_code text, record text)"
    )


def drop_staging(connection: psycopg.Connection[Any]) -> None:
    """Make room for the next file."""
    connection.execute("drop table assay_rows, assay_staged, assay_rejects")


def stage(connection: psycopg.Connection[Any], contract: TableContract, reader: FileReader) -> None:
    """Read, check and copy the whole file."""
    names = [*(column.name for column in contract.columns), "_line"]
    target = sql.SQL("copy assay_rows ({}) from stdin (format csv)").format(
        sql.SQL(", ").join(map(sql.Identifier, names))
    )
    for checked in _one_ahead(check_block(contract, block) for block in reader):
        if checked.table.num_rows:
            _copy(connection, target, checked.table.append_column("_line", pa.array(checked.lines)))
        stage_rejects(connection, checked.rejects)


def _one_ahead(blocks: Iterator[CheckedBlock]) -> Iterator[CheckedBlock]:
    """Read and check the next block while the server takes this one; two blocks are in memory at most."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


def stage_rejects(connection: psycopg.Connection[Any], rejects: Iterable[Reject]) -> None:
    """Add rejects in batches, however many there are."""
    todo = iter(rejects)
    while batch := list(itertools.islice(todo, _REJECT_BATCH)):
        table = pa.table(
            {
                "line_number": pa.array([reject.line for reject in batch], pa.int64()),
                "column_name": pa.array([reject.column for reject in batch], pa.string()),
                "reason_code": pa.array([reject.reason for reject in batch], pa.string()),
                "record": pa.array([reject.record for reject in batch], pa.string()),
            }
        )
        _copy(connection, sql.SQL("copy assay_rejects from stdin (format csv)"), table)


def _copy(connection: psycopg.Connection[Any], statement: sql.SQL | sql.Composed, table: pa.Table) -> None:
    # Arrow writes strings quoted and NULL as nothing at all: just what COPY takes for a string and for NULL.
    buffer = pa.BufferOutputStream()
    pa_csv.write_csv(table, buffer, pa_csv.WriteOptions(include_header=False))
    with connection.cursor().copy(statement) as copy:
        copy.write(memoryview(buffer.getvalue()))
