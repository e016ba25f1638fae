"""NDJSON to blocks of rows: one JSON object a line. Values stay the strings that stand in the file.

A number keeps its own digits (``1.10`` stays ``1.10``, twenty digits stay twenty), so that it is checked exactly as
the same characters in a CSV file are.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa

from orchestration.ingestion.records import RecordBlock, RecordSplitter, Reject, truncated
from orchestration.ingestion.rows import RowBlock, StoppedFileError, missing_columns, unexpected_warning
from orchestration.ingestion.table_contract import ColumnContract, TableContract
from orchestration.ingestion.text_blocks import BLOCK_BYTES, text_blocks

# An object tells this many names at most that nobody asked for; a file of other data may have a new one each line.
_MAX_UNEXPECTED = 1_000


class _DoubledKeyError(ValueError):
    """An object has a key twice: nobody can say which counts."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _DoubledKeyError
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class _Number(str):
    """A number as it stands there, told from a string where that makes a difference."""

    __slots__ = ()


def _decoder(number: type[str]) -> Callable[[str], Any]:
    # Numbers as they stand there; NaN and Infinity, which Python would take, are no JSON.
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_float=number, parse_int=number, parse_constant=_no_constant
    ).decode


@dataclass
class NdjsonReader:
    """Reads one NDJSON file by its contract; iterate once.

    Parameters
    ----------
    sha256 : str
        Of the file, from ``file_sha256``; checked against what is really read.
    block_bytes : int
        Bytes of text taken at a time.

    Attributes
    ----------
    warnings : list of str
        Filled at the end: unexpected keys. Names only.
    """

    path: Path
    contract: TableContract
    sha256: str
    block_bytes: int = BLOCK_BYTES
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[RowBlock]:
        """Give the rows block by block.

        A file without any line has no rows: the format has no header, so that is how no rows are written, as a header
        alone is in CSV.

        Raises
        ------
        UnreadableFileError
            Also in the middle or at the end (the last line is cut off): what came before must not be kept then.
        StoppedFileError
            A required column is in no object of the file; known at the end.
        """
        names: dict[str, None] = {}
        has_rows = False
        for records in self._records():
            block = self._rows(records, names)
            has_rows |= len(block.lines) > 0
            yield block
        missing = missing_columns(self.contract, list(names)) if has_rows else []
        if missing:
            raise StoppedFileError(
                f"missing_column: no object of the file has {', '.join(missing)}; "
                "check whether the contract must change"
            )
        self.warnings += unexpected_warning(self.contract, list(names))

    def records_at(self, lines: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Read the file once more and give the text of the records that begin on these lines."""
        wanted = np.array(sorted(lines), dtype=np.int64)
        for records in self._records():
            for index in np.flatnonzero(np.isin(records.lines, wanted)).tolist():
                yield int(records.lines[index]), records.text(index)

    def _records(self) -> Iterator[RecordBlock]:
        splitter = RecordSplitter(",", None)
        for block in text_blocks(self.path, self.contract.format.encoding, self.block_bytes, self.sha256):
            yield splitter.feed(block)
        yield splitter.feed(b"", final=True)

    def _rows(self, records: RecordBlock, names: dict[str, None]) -> RowBlock:
        decode = _decoder(_Number if any(column.decimal_mark == "," for column in self.contract.columns) else str)
        rows: list[dict[str, Any]] = []
        good: list[int] = []
        rejects = list(records.rejects)
        data, last = records.data, len(records.starts) - 1
        for index, (start, end) in enumerate(zip(records.starts.tolist(), records.ends.tolist(), strict=True)):
            try:
                row = decode(data[start:end].decode())
                reason = None if isinstance(row, dict) else "not_an_object"
            except _DoubledKeyError:
                reason = "doubled_key"
            except (ValueError, RecursionError):
                if records.is_unended and index == last:
                    raise truncated(int(records.lines[index])) from None
                reason = "invalid_json"
            if reason is None:
                rows.append(row)
                good.append(index)
            else:
                rejects.append(Reject(int(records.lines[index]), None, reason, records.text(index)))
        self._note_names(rows, names)
        faults: dict[int, tuple[str, str]] = {}
        columns = {
            column.name: _strings(_scalars(rows, column), column.name, faults)
            for column in self.contract.columns
            if column.header_name in names
        }
        record_of_row = np.array(good, dtype=np.int64)
        if faults:
            for row, (column, reason) in sorted(faults.items()):
                at = int(record_of_row[row])
                rejects.append(Reject(int(records.lines[at]), column, reason, records.text(at)))
            whole = np.ones(len(rows), dtype=np.bool_)
            whole[list(faults)] = False
            record_of_row = record_of_row[whole]
            columns = {name: values.filter(pa.array(whole)) for name, values in columns.items()}
        return RowBlock(
            columns, records.lines[record_of_row], rejects, lambda row: records.text(int(record_of_row[row]))
        )

    def _note_names(self, rows: list[dict[str, Any]], names: dict[str, None]) -> None:
        # Nearly all objects of a file have the same keys: a set of key tuples is small, and so is the work.
        for keys in dict.fromkeys(map(tuple, rows)):
            names.update(dict.fromkeys(keys))
        if len(names) > _MAX_UNEXPECTED + len(self.contract.columns):
            raise StoppedFileError(
                f"unexpected_column: the objects have more than {_MAX_UNEXPECTED:,} keys unknown to the contract; "
                "check whether this is the right file"
            )


def _scalars(rows: list[dict[str, Any]], column: ColumnContract) -> list[Any]:
    """Values of one column. JSON writes a point whatever mark the texts of the contract have."""
    values = [row.get(column.header_name) for row in rows]
    if column.decimal_mark == ",":
        return [value.replace(".", ",") if isinstance(value, _Number) else value for value in values]
    return values


def _strings(values: list[Any], column: str, faults: dict[int, tuple[str, str]]) -> pa.StringArray:
    """Scalars as strings; rows with anything else get the first fault said of them."""
    try:
        array = pa.array(values, pa.string())
    except (pa.ArrowException, TypeError, ValueError):
        array = pa.array([_string(value, row, column, faults) for row, value in enumerate(values)], pa.string())
    # PostgreSQL cannot store a NUL; JSON can write one.
    if b"\x00" in memoryview(array.buffers()[2] or b"").tobytes():
        for row, value in enumerate(array.to_pylist()):
            if value is not None and "\x00" in value:
                faults.setdefault(row, (column, "nul"))
    return array


def _string(value: Any, row: int, column: str, faults: dict[int, tuple[str, str]]) -> str | None:
    if value is None or isinstance(value, str):
        try:
            return value if value is None or value.encode() is not None else None
        except UnicodeEncodeError:  # half of a pair of surrogates
            faults.setdefault(row, (column, "encoding"))
            return None
    if isinstance(value, bool):
        return "true" if value else "false"
    faults.setdefault(row, (column, "type"))
    return None
