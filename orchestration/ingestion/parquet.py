"""Parquet to blocks of rows. A column of the contract's own type stays typed; any other becomes strings.

Strings go the way of a CSV file, so that a drifted type shows as rejected values with their reasons, and a
harmless one (a number written as text) loads. Which way a block's column goes may depend on its neighbours, so both
ways give each value the same; what becomes of it is a function of the value alone. A row's line is its number in the
file, from 1.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.ingestion.records import MAX_RECORD_CHARACTERS, Mask, Reject
from orchestration.ingestion.rows import (
    RowBlock,
    StoppedFileError,
    doubled_columns,
    missing_columns,
    unexpected_warning,
)
from orchestration.ingestion.table_contract import ColumnContract, TableContract, numeric_precision
from orchestration.ingestion.temporal import DAY_US, local_to_utc, utc_to_local, within_years
from orchestration.ingestion.text_blocks import BLOCK_BYTES, UnreadableFileError, file_sha256

# Rows of a block at most, for each 16 MiB of block; some twenty columns of them are about as much memory.
_ROWS_PER_BLOCK = 65_536
# Rows read at a time, until a block is full by rows or by bytes: how large the values are is known only then, since
# a few kilobytes of a file may hold any number of the same long text. As quick as 65,536 at once (2026-11; with 1,024
# it took twice the time).
_ROWS_PER_READ = 2_048
_PAGE_BUFFER_BYTES = 1 << 20
_MAGIC = b"PAR1"
_DAMAGED = "the Parquet file is damaged or truncated; get it again"
_TICKS_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


@dataclass(frozen=True)
class _Piece:
    """Some rows of the file, columns by contract name without dictionaries; and which instants lost a part."""

    batch: pa.RecordBatch
    cut: Mapping[str, Mask]


@dataclass
class ParquetReader:
    """Reads one Parquet file by its contract; iterate once.

    Parameters
    ----------
    sha256 : str
        Of the file, from ``file_sha256``; compared with the file's again when all is read.
    block_bytes : int
        Of values in a block; bounds its rows too, in proportion.

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
        for first, piece in self._blocks(report=True):
            yield self._rows(first, piece)
        if file_sha256(self.path) != self.sha256:
            raise UnreadableFileError("the file changed while it was read; load it again when its writer has finished")

    def records_at(self, lines: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Read the file once more and give the rows of these numbers as JSON."""
        wanted = np.array(sorted(lines), dtype=np.int64)
        for first, piece in self._blocks():
            for line in wanted[(wanted >= first) & (wanted < first + piece.batch.num_rows)].tolist():
                yield line, _record(piece.batch, line - first)

    def _blocks(self, *, report: bool = False) -> Iterator[tuple[int, _Piece]]:
        """Blocks with the number of their first row."""
        max_rows = max(1, _ROWS_PER_BLOCK * self.block_bytes // BLOCK_BYTES)
        first, rows, size = 1, 0, 0
        held: list[_Piece] = []
        try:
            for piece in self._pieces(min(max_rows, _ROWS_PER_READ), report=report):
                held.append(piece)
                rows, size = rows + piece.batch.num_rows, size + piece.batch.nbytes
                if rows >= max_rows or size >= self.block_bytes:
                    yield first, _joined(held)
                    first, rows, size, held = first + rows, 0, 0, []
            if held:
                yield first, _joined(held)
        except MemoryError:
            raise  # says something of the machine, perhaps not of the file
        except (pa.ArrowException, OSError, EOFError, OverflowError):
            # Arrow's message may show what stands in the file, which may be personal; so the chain is cut.
            raise UnreadableFileError(_DAMAGED) from None

    def _pieces(self, rows: int, *, report: bool) -> Iterator[_Piece]:
        with self.path.open("rb") as raw:
            if raw.read(len(_MAGIC)) != _MAGIC:  # Arrow looks at the end only
                raise UnreadableFileError("the file does not begin as Parquet does; get it again")
        with self._open("us") as file, self._open("ns") as fine:
            names = self._check_schema(file.schema_arrow, report=report)
            old = [name for name in names if name in _int96_columns(file)]
            batches = file.iter_batches(batch_size=rows, columns=list(names), use_threads=False)
            # Of INT96 instants nanoseconds have no room for the year 9999, and microseconds cut silently: read both.
            parts = fine.iter_batches(batch_size=rows, columns=old, use_threads=False) if old else None
            for batch in batches:
                cut = {} if parts is None else _cut_instants(batch, next(parts, None), names)
                arrays = {names[name]: _plain(batch.column(name)) for name in batch.schema.names}
                yield _Piece(pa.RecordBatch.from_pydict(arrays), cut)

    def _open(self, unit_of_int96: str) -> pq.ParquetFile:
        return pq.ParquetFile(
            self.path,
            buffer_size=_PAGE_BUFFER_BYTES,
            pre_buffer=False,
            page_checksum_verification=True,
            coerce_int96_timestamp_unit=unit_of_int96,
        )

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

    def _rows(self, first: int, piece: _Piece) -> RowBlock:
        batch = piece.batch
        faults: dict[int, tuple[str, str]] = {}
        columns: dict[str, pa.Array] = {}
        native: dict[str, Mask] = {}
        for column in self.contract.columns:
            if column.name not in batch.schema.names:
                continue
            values = batch.column(column.name)
            if _is_text(values.type):
                columns[column.name] = _sound_text(values, column.name, faults)
            else:
                columns[column.name], unfit = _as_contract(values, column, self.contract.time_zone)
                native[column.name] = unfit | piece.cut.get(column.name, np.False_)
        numbers = np.arange(batch.num_rows, dtype=np.int64)
        rejects = [
            Reject(first + row, column, reason, _record(batch, row)) for row, (column, reason) in sorted(faults.items())
        ]
        if faults:
            numbers = np.delete(numbers, list(faults))
            columns = {name: values.take(pa.array(numbers)) for name, values in columns.items()}
            native = {name: unfit[numbers] for name, unfit in native.items()}
        return RowBlock(columns, numbers + first, rejects, lambda row: _record(batch, int(numbers[row])), native)


def _joined(pieces: list[_Piece]) -> _Piece:
    if len(pieces) == 1:
        return pieces[0]
    batch = pa.concat_batches([piece.batch for piece in pieces])
    return _Piece(batch, {name: np.concatenate([piece.cut[name] for piece in pieces]) for name in pieces[0].cut})


def _plain(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _int96_columns(file: pq.ParquetFile) -> set[str]:
    columns = [file.schema.column(at) for at in range(len(file.schema))]
    return {column.path for column in columns if column.physical_type == "INT96"}


def _cut_instants(batch: pa.RecordBatch, fine: pa.RecordBatch | None, names: Mapping[str, str]) -> dict[str, Mask]:
    """Which microseconds leave out a part of the nanoseconds; of far years both wrap around alike."""
    if fine is None or fine.num_rows != batch.num_rows:
        raise UnreadableFileError(_DAMAGED)
    return {
        names[name]: _numbers(batch.column(name)) * 1_000 != _numbers(fine.column(name)) for name in fine.schema.names
    }


def _numbers(values: pa.Array) -> npt.NDArray[np.int64]:
    """Whole numbers of an array's values, 0 for NULL."""
    result: npt.NDArray[np.int64] = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return result


def _is_scalar(seen: pa.DataType) -> bool:
    kinds = pa.types
    return (
        kinds.is_null(seen) or kinds.is_boolean(seen) or kinds.is_integer(seen) or kinds.is_floating(seen)
        or kinds.is_decimal(seen) or kinds.is_date(seen) or kinds.is_timestamp(seen) or kinds.is_string(seen)
        or kinds.is_large_string(seen) or kinds.is_string_view(seen)
    )  # fmt: skip


def _is_text(seen: pa.DataType) -> bool:
    return bool(pa.types.is_string(seen) or pa.types.is_large_string(seen) or pa.types.is_string_view(seen))


def _is_temporal(seen: pa.DataType) -> bool:
    return bool(pa.types.is_date(seen) or pa.types.is_timestamp(seen))


def _as_contract(values: pa.Array, column: ColumnContract, time_zone: str) -> tuple[pa.Array, Mask]:
    """The column typed as the contract says where that loses nothing, else as strings; and values unfit for either."""
    if _is_temporal(values.type) and column.data_type in ("date", "timestamp", "timestamptz"):
        return _temporal(values, column.data_type, time_zone)
    typed = _typed(values, column)
    return _rendered(values) if typed is None else (typed, np.zeros(len(values), dtype=np.bool_))


def _typed(values: pa.Array, column: ColumnContract) -> pa.Array | None:
    """None where some value would change; then the text of each decides what happens to it, and gives the same."""
    seen, kinds = values.type, pa.types
    try:
        if column.data_type in ("integer", "bigint") and kinds.is_integer(seen):
            return values.cast(pa.int32() if column.data_type == "integer" else pa.int64())
        if (precision := numeric_precision(column.data_type)) and kinds.is_decimal(seen):
            return values.cast(pa.decimal128(*precision))
    except pa.ArrowInvalid:  # of a safe cast: it would lose something
        return None
    if column.data_type == "boolean" and kinds.is_boolean(seen):
        return values
    # Not a number is no value of the contract. A shorter float is the number that its own digits say (0.1), not the
    # nearest double to its bits (0.10000000149), so it goes by its text.
    is_double = column.data_type == "double precision" and kinds.is_float64(seen)
    return values if is_double and pc.all(pc.is_finite(values)).as_py() is not False else None


def _temporal(values: pa.Array, data_type: str, time_zone: str) -> tuple[pa.Array, Mask]:
    """Dates and instants as the contract's type, exactly; unfit is what that type or the years 1 to 9999 lack.

    An instant without a zone is local time of the source, as in every other format. One with a zone becomes local time
    where the contract has none. A midnight is a date, as pandas writes dates; any other hour is none.
    """
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    ticks, fits = _microseconds(values)
    is_zoned = pa.types.is_timestamp(values.type) and values.type.tz is not None
    instants = np.where(fits, ticks, 0).astype("datetime64[us]")
    if data_type == "timestamptz" and not is_zoned:
        instants, exists = local_to_utc(instants, time_zone)
        fits &= exists
    elif data_type != "timestamptz" and is_zoned:
        instants = utc_to_local(instants, time_zone)
        fits &= within_years(instants.astype(np.int64))
    if data_type == "date":
        fits &= instants.astype(np.int64) % DAY_US == 0
    target = {"date": pa.date32(), "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC")}
    kept = instants.astype("datetime64[D]") if data_type == "date" else instants
    return pa.array(kept, mask=~(fits & valid)).cast(target[data_type]), valid & ~fits


def _microseconds(values: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Microseconds since 1970, and which of them are exact and within the years 1 to 9999."""
    if pa.types.is_date(values.type):
        ticks, size = _numbers(values.cast(pa.date32()).cast(pa.int32())), DAY_US
    else:
        ticks = _numbers(values)
        if values.type.unit == "ns":
            return ticks // 1_000, ticks % 1_000 == 0
        size = 1_000_000 // _TICKS_PER_SECOND[values.type.unit]
    # What is too far to multiply is far beyond the years.
    limit = 10_000 * 366 * (DAY_US // size)
    near = (ticks >= -limit) & (ticks <= limit)
    scaled = np.where(near, ticks, 0) * size
    return scaled, near & within_years(scaled)


def _rendered(values: pa.Array) -> tuple[pa.StringArray, Mask]:
    """Each value as a CSV file would have it; unfit is what nobody would write so: no number, a year beyond 9999."""
    kinds, seen = pa.types, values.type
    unfit = np.zeros(len(values), dtype=np.bool_)
    if kinds.is_float16(seen):
        # Arrow writes the digits of the double that it widens these to.
        text = pa.array([None if number is None else str(np.float16(number)) for number in values.to_pylist()])
        text = pc.replace_substring_regex(text.cast(pa.string()), r"\.0$", "")
    elif kinds.is_timestamp(seen):
        text = (values if seen.tz is None else values.cast(pa.timestamp(seen.unit, "UTC"))).cast(pa.string())
        if seen.unit == "ns":
            text = pc.replace_substring_regex(text, r"000(Z?)$", r"\1")
    else:
        text = values.cast(pa.string())
    if kinds.is_floating(seen):
        unfit = pc.invert(pc.is_finite(values.cast(pa.float64())))
    if _is_temporal(seen):
        is_told = pc.and_not(pc.match_substring_regex(text, r"^\d{4}-"), pc.starts_with(text, "0000"))
        unfit = pc.invert(is_told)
    if kinds.is_floating(seen) or kinds.is_decimal(seen):
        text = _without_exponents(text)
    if isinstance(unfit, pa.Array):
        unfit = unfit.fill_null(False).to_numpy(zero_copy_only=False)
    return text, unfit


def _without_exponents(text: pa.StringArray) -> pa.StringArray:
    """1.2125551234e+10 as 12125551234, which is how anybody else writes a telephone number."""
    has_exponent = pc.match_substring_regex(text, r"\d[eE]").fill_null(False)
    if not pc.any(has_exponent).as_py():
        return text
    plain = [format(Decimal(number), "f") for number in text.filter(has_exponent).to_pylist()]
    return pc.replace_with_mask(text, has_exponent, pa.array(plain, pa.string()))


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
        try:
            value = plain.to_pylist()[0]
        except UnicodeDecodeError:
            kind = pa.large_binary() if pa.types.is_large_string(plain.type) else pa.binary()
            value = plain.view(kind).to_pylist()[0].decode("utf-8", "backslashreplace")
        except (ValueError, OverflowError):  # an instant that Python has no year for
            value = str(plain.cast(pa.string())[0])
        values[name] = value
    return json.dumps(values, default=str)[:MAX_RECORD_CHARACTERS]
