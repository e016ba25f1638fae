"""Parquet to blocks of rows. A column of the contract's own type stays typed; any other becomes strings.

Strings go the way of a CSV file, so that a drifted type shows as rejected values with their reasons, and a
harmless one (a number written as text) loads. A row's line is its number in the file, from 1.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.ingestion.records import MAX_RECORD_CHARACTERS, Reject
from orchestration.ingestion.rows import (
    RowBlock,
    StoppedFileError,
    doubled_columns,
    missing_columns,
    unexpected_warning,
)
from orchestration.ingestion.table_contract import ColumnContract, TableContract, numeric_precision
from orchestration.ingestion.text_blocks import BLOCK_BYTES, UnreadableFileError, file_sha256

# Rows taken at a time for each 16 MiB of block; some twenty columns of them are about as much memory.
_ROWS_PER_BLOCK = 65_536
_PAGE_BUFFER_BYTES = 1 << 20
_DAMAGED = "the Parquet file is damaged or truncated; get it again"


@dataclass
class ParquetReader:
    """Reads one Parquet file by its contract; iterate once.

    Parameters
    ----------
    sha256 : str
        Of the file, from ``file_sha256``; compared with the file's again when all is read.
    block_bytes : int
        Bounds the rows taken at a time, in proportion.

    Attributes
    ----------
    warnings : list of str
        Filled by the schema: unexpected columns. Names only.
    """

    path: Path
    contract: TableContract
    sha256: str
    block_bytes: int = BLOCK_BYTES
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[RowBlock]:
        """Give the rows block by block.

        Raises
        ------
        UnreadableFileError
            Also in the middle: what came before must not be kept then.
        StoppedFileError
            A required column is missing, one is there twice, or its type can never be the contract's.
        """
        for first, batch in self._batches(report=True):
            yield self._rows(first, batch)
        if file_sha256(self.path) != self.sha256:
            raise UnreadableFileError("the file changed while it was read; load it again when its writer has finished")

    def records_at(self, lines: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Read the file once more and give the rows of these numbers as JSON."""
        wanted = np.array(sorted(lines), dtype=np.int64)
        for first, batch in self._batches():
            for line in wanted[(wanted >= first) & (wanted < first + batch.num_rows)].tolist():
                yield line, _record(batch, line - first)

    def _batches(self, *, report: bool = False) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Batches with the number of their first row; columns by contract name."""
        rows = max(1, _ROWS_PER_BLOCK * self.block_bytes // BLOCK_BYTES)
        first = 1
        try:
            with pq.ParquetFile(
                self.path, buffer_size=_PAGE_BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True
            ) as file:
                names = self._check_schema(file.schema_arrow, report=report)
                for batch in file.iter_batches(batch_size=rows, columns=list(names), use_threads=False):
                    arrays = {names[name]: batch.column(name) for name in batch.schema.names}
                    yield first, pa.RecordBatch.from_pydict(arrays)
                    first += batch.num_rows
        except (pa.ArrowException, OSError, EOFError, MemoryError, OverflowError):
            # Arrow's message may show what stands in the file, which may be personal; so the chain is cut.
            raise UnreadableFileError(_DAMAGED) from None

    def _check_schema(self, schema: pa.Schema, *, report: bool) -> dict[str, str]:
        """Columns to read, header name to contract name."""
        missing = missing_columns(self.contract, schema.names)
        if missing:
            raise StoppedFileError(
                f"missing_column: the file lacks {', '.join(missing)}; it has {len(schema.names)} columns. "
                "Check whether the contract must change"
            )
        doubled = doubled_columns(self.contract, schema.names)
        if doubled:
            raise StoppedFileError(
                f"doubled_column: the file has {', '.join(doubled)} more than once; nobody can say which counts"
            )
        columns = [column for column in self.contract.columns if column.header_name in schema.names]
        for column in columns:
            seen = schema.field(column.header_name).type
            if not _is_scalar(seen.value_type if pa.types.is_dictionary(seen) else seen):
                raise StoppedFileError(
                    f"type: column {column.name} is {type(seen).__name__} in the file; expected {column.data_type}"
                )
        if report:
            self.warnings += unexpected_warning(self.contract, schema.names)
        return {column.header_name: column.name for column in columns}

    def _rows(self, first: int, batch: pa.RecordBatch) -> RowBlock:
        faults: dict[int, tuple[str, str]] = {}
        columns: dict[str, pa.Array] = {}
        for column in self.contract.columns:
            if column.name in batch.schema.names:
                values = batch.column(column.name)
                columns[column.name] = _as_contract(values, column, self.contract.time_zone, faults)
        numbers = np.arange(batch.num_rows, dtype=np.int64)
        rejects = [
            Reject(first + row, column, reason, _record(batch, row)) for row, (column, reason) in sorted(faults.items())
        ]
        if faults:
            numbers = np.delete(numbers, list(faults))
            columns = {name: values.take(pa.array(numbers)) for name, values in columns.items()}
        return RowBlock(columns, numbers + first, rejects, lambda row: _record(batch, int(numbers[row])))


def _is_scalar(seen: pa.DataType) -> bool:
    kinds = pa.types
    return (
        kinds.is_null(seen) or kinds.is_boolean(seen) or kinds.is_integer(seen) or kinds.is_floating(seen)
        or kinds.is_decimal(seen) or kinds.is_date(seen) or kinds.is_timestamp(seen) or kinds.is_string(seen)
        or kinds.is_large_string(seen) or kinds.is_string_view(seen)
    )  # fmt: skip


def _as_contract(
    values: pa.Array, column: ColumnContract, time_zone: str, faults: dict[int, tuple[str, str]]
) -> pa.Array:
    """The column typed as the contract says where that loses nothing, else as strings."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if _is_text(values.type):
        return _sound_text(values, column.name, faults)
    if not column.sentinels and (typed := _typed(values, column, time_zone)) is not None:
        return typed
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        values = values.cast(pa.timestamp(values.type.unit, "UTC"))
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        values = _without_empty_nanoseconds(values)
    text = values.cast(pa.string())
    if column.data_type == "date" and pa.types.is_timestamp(values.type):
        text = pc.if_else(_is_midnight(values), values.cast(pa.date32()).cast(pa.string()), text)
    return pc.replace_substring(text, ".", ",") if column.decimal_mark == "," else text


def _is_midnight(values: pa.Array) -> pa.Array:
    return pc.equal(pc.floor_temporal(values, unit="day"), values)


def _without_empty_nanoseconds(values: pa.Array) -> pa.Array:
    """In microseconds, which the checks of text know, where none of the values has more than that."""
    try:
        return values.cast(pa.timestamp("us", values.type.tz))
    except pa.ArrowInvalid:
        return values


def _is_text(seen: pa.DataType) -> bool:
    return bool(pa.types.is_string(seen) or pa.types.is_large_string(seen) or pa.types.is_string_view(seen))


def _typed(values: pa.Array, column: ColumnContract, time_zone: str) -> pa.Array | None:
    """None where some value would change; then its text decides what happens to it."""
    convert = _CONVERSIONS.get(column.data_type.split("(")[0])
    try:
        return convert(values, column, time_zone) if convert is not None else None
    except pa.ArrowInvalid:  # of a safe cast: it would lose something
        return None


def _integer(values: pa.Array, column: ColumnContract, _: str) -> pa.Array | None:
    target = pa.int32() if column.data_type == "integer" else pa.int64()
    return values.cast(target) if pa.types.is_integer(values.type) else None


def _numeric(values: pa.Array, column: ColumnContract, _: str) -> pa.Array | None:
    precision = numeric_precision(column.data_type)
    assert precision is not None
    return values.cast(pa.decimal128(*precision)) if pa.types.is_decimal(values.type) else None


def _double(values: pa.Array, column: ColumnContract, _: str) -> pa.Array | None:
    if not pa.types.is_floating(values.type):
        return None
    # Not a number is no value of the contract; as text it is rejected like anywhere else.
    return values.cast(pa.float64()) if pc.all(pc.is_finite(values)).as_py() is not False else None


def _date(values: pa.Array, column: ColumnContract, _: str) -> pa.Array | None:
    if pa.types.is_timestamp(values.type) and values.type.tz is None:
        # Pandas has no dates and writes midnights. A time of day would be lost: its text is told as a fault.
        return values.cast(pa.date32()) if pc.all(_is_midnight(values)).as_py() is not False else None
    return values.cast(pa.date32()) if pa.types.is_date(values.type) else None


def _timestamp(values: pa.Array, column: ColumnContract, time_zone: str) -> pa.Array | None:
    if not pa.types.is_timestamp(values.type):
        return None
    if values.type.tz is None:
        return values.cast(pa.timestamp("us"))
    return pc.local_timestamp(values.cast(pa.timestamp("us", time_zone)))


def _timestamptz(values: pa.Array, column: ColumnContract, time_zone: str) -> pa.Array | None:
    if not pa.types.is_timestamp(values.type):
        return None
    if values.type.tz is None:
        # Local time of the source. An hour that does not exist there, or exists twice, raises: then the checks of text
        # decide row by row, as for every other format.
        values = pc.assume_timezone(values.cast(pa.timestamp("us")), time_zone)
    return values.cast(pa.timestamp("us", "UTC"))


def _boolean(values: pa.Array, column: ColumnContract, _: str) -> pa.Array | None:
    return values if pa.types.is_boolean(values.type) else None


_CONVERSIONS: dict[str, Callable[[pa.Array, ColumnContract, str], pa.Array | None]] = {
    "integer": _integer,
    "bigint": _integer,
    "numeric": _numeric,
    "double precision": _double,
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "boolean": _boolean,
}


def _sound_text(values: pa.Array, column: str, faults: dict[int, tuple[str, str]]) -> pa.StringArray:
    """Text without bytes that are no UTF-8 and without NULs; the rows that have them are at fault."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        kind = pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary()
        kept: list[str | None] = []
        for row, raw in enumerate(values.view(kind).to_pylist()):
            try:
                kept.append(None if raw is None else raw.decode())
            except UnicodeDecodeError:
                faults.setdefault(row, (column, "encoding"))
                kept.append(None)
        values = pa.array(kept, pa.string())
    text = values.cast(pa.string())
    has_nul = pc.match_substring(text, "\x00").fill_null(False).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(has_nul).tolist():
        faults.setdefault(row, (column, "nul"))
    return text


def _record(batch: pa.RecordBatch, row: int) -> str:
    """The row as JSON, ASCII only, so that it can be kept whatever stands there."""
    values = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        plain = column.slice(row, 1)
        if pa.types.is_dictionary(plain.type):
            plain = plain.dictionary_decode()
        try:
            value = plain.to_pylist()[0]
        except UnicodeDecodeError:
            kind = pa.large_binary() if pa.types.is_large_string(plain.type) else pa.binary()
            value = plain.view(kind).to_pylist()[0].decode("utf-8", "backslashreplace")
        except (ValueError, OverflowError):  # an instant that Python has no year for
            value = str(plain.cast(pa.int64())[0])
        values[name] = value
    return json.dumps(values, default=str)[:MAX_RECORD_CHARACTERS]
