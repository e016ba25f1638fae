"""Delimited text (CSV) to blocks of rows: header, records, fields. All values are still strings."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from orchestration.ingestion.records import RecordBlock, RecordSplitter, Reject, record_text, truncated
from orchestration.ingestion.rows import (
    RowBlock,
    StoppedFileError,
    doubled_columns,
    missing_columns,
    unexpected_warning,
)
from orchestration.ingestion.table_contract import TableContract
from orchestration.ingestion.text_blocks import BLOCK_BYTES, UnreadableFileError, text_blocks


@dataclass
class DelimitedReader:
    """Reads one delimited file by its contract; iterate once.

    Parameters
    ----------
    sha256 : str
        Of the file, from ``file_sha256``; checked against what is really read.
    block_bytes : int
        Bytes of text taken at a time; a block in memory costs a small multiple.

    Attributes
    ----------
    warnings : list of str
        Filled by the header: unexpected columns. Names only.
    """

    path: Path
    contract: TableContract
    sha256: str
    block_bytes: int = BLOCK_BYTES
    max_quoted_lines: int = 1000
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[RowBlock]:
        """Give the rows block by block.

        Raises
        ------
        UnreadableFileError
            Also in the middle: what came before must not be kept then.
        StoppedFileError
            The header lacks a required column or has one twice.
        """
        header: _Header | None = None
        for records in self._records():
            if header is None:
                if not len(records.starts) and not records.rejects:
                    continue
                header, records = self._header(records)
            yield self._rows(records, header)
        if header is None:
            raise UnreadableFileError("the file is empty; expected a header line")

    def records_at(self, lines: frozenset[int]) -> Iterator[tuple[int, str]]:
        """Read the file once more and give the text of the records that begin on these lines."""
        wanted = np.array(sorted(lines), dtype=np.int64)
        for records in self._records():
            for index in np.flatnonzero(np.isin(records.lines, wanted)).tolist():
                yield int(records.lines[index]), records.text(index)

    def _records(self) -> Iterator[RecordBlock]:
        form = self.contract.format
        splitter = RecordSplitter(form.delimiter, form.quote, max_quoted_lines=self.max_quoted_lines)
        for block in text_blocks(self.path, form.encoding, self.block_bytes, self.sha256):
            yield splitter.feed(block)
        yield splitter.feed(b"", final=True)

    def _header(self, records: RecordBlock) -> tuple["_Header", RecordBlock]:
        """Match the first record with the contract; the rest of the block goes on."""
        if records.rejects and (not len(records.starts) or records.rejects[0].line < int(records.lines[0])):
            raise UnreadableFileError(f"the header cannot be read: {records.rejects[0].reason}")
        form = self.contract.format
        text = record_text(records.data[records.starts[0] : records.ends[0]])
        if form.quote is None:
            parsed = next(csv.reader([text], delimiter=form.delimiter, quoting=csv.QUOTE_NONE))
        else:
            parsed = next(csv.reader([text], delimiter=form.delimiter, quotechar=form.quote))
        names = [name.strip() for name in parsed]
        wanted = {column.header_name: column.name for column in self.contract.columns}
        self._check_header(names, wanted)
        header = _Header(len(names), {wanted[name]: at for at, name in enumerate(names) if name in wanted})
        return header, replace(records, starts=records.starts[1:], ends=records.ends[1:], lines=records.lines[1:])

    def _check_header(self, names: list[str], wanted: dict[str, str]) -> None:
        missing = missing_columns(self.contract, names)
        if missing:
            # The names seen are not told: a file without a header has a person's data there.
            unknown = sum(name not in wanted for name in names)
            raise StoppedFileError(
                f"missing_column: the header lacks {', '.join(missing)}; it has {len(names)} columns, "
                f"{unknown} of them unknown to the contract. Check the delimiter, and whether the contract must change"
            )
        doubled = doubled_columns(self.contract, names)
        if doubled:
            raise StoppedFileError(
                f"doubled_column: the header has {', '.join(doubled)} more than once; nobody can say which counts"
            )
        self.warnings += unexpected_warning(self.contract, names)

    def _rows(self, records: RecordBlock, header: "_Header") -> RowBlock:
        count = len(records.starts)
        if not count:
            empty = {name: pa.array([], pa.string()) for name in header.positions}
            return RowBlock(empty, records.lines, records.rejects, records.text)
        form = self.contract.format
        labels = [str(at) for at in range(header.width)]
        ragged: dict[int, int] = {}

        def note(row: pa_csv.InvalidRow) -> str:
            ragged[row.number - 1] = row.actual_columns
            return "skip"

        data = _joined(records)
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(data),
                read_options=pa_csv.ReadOptions(column_names=labels, use_threads=False, block_size=len(data) + 1),
                parse_options=pa_csv.ParseOptions(
                    delimiter=form.delimiter,
                    quote_char=form.quote or False,
                    newlines_in_values=form.quote is not None,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(labels, pa.string()),
                    include_columns=[labels[at] for at in header.positions.values()],
                    strings_can_be_null=False,
                    check_utf8=False,  # records saw to it
                ),
            )
        except pa.ArrowInvalid:
            # Arrow's message shows the row, which may be personal; so the chain is cut as well.
            raise UnreadableFileError(
                f"the parser refuses the records from line {records.lines[0]} to line {records.lines[-1]}"
            ) from None
        if table.num_rows + len(ragged) != count:
            raise UnreadableFileError(
                f"{count} records from line {records.lines[0]} on gave {table.num_rows} rows and "
                f"{len(ragged)} ragged "
                f"ones; delimiter or quote of the contract do not fit the file"
            )
        if records.is_unended and ragged.get(count - 1, header.width) < header.width:
            raise truncated(int(records.lines[-1]))
        whole = np.ones(count, dtype=np.bool_)
        whole[list(ragged)] = False
        rejects = records.rejects + [
            Reject(int(records.lines[at]), f"({seen} of {header.width} columns)", "ragged", records.text(at))
            for at, seen in ragged.items()
        ]
        columns = {name: table.column(labels[at]).combine_chunks() for name, at in header.positions.items()}
        record_of_row = np.flatnonzero(whole)
        return RowBlock(columns, records.lines[whole], rejects, lambda row: records.text(int(record_of_row[row])))


@dataclass(frozen=True)
class _Header:
    width: int
    positions: dict[str, int]


def _joined(records: RecordBlock) -> pa.Buffer:
    """The good records one after the other; without a copy where nothing lies between them."""
    starts, ends = records.starts, records.ends
    view = memoryview(records.data)
    gaps = np.flatnonzero(starts[1:] != ends[:-1])
    firsts = np.concatenate(([0], gaps + 1))
    lasts = np.concatenate((gaps, [len(starts) - 1]))
    runs = [view[a:b] for a, b in zip(starts[firsts].tolist(), ends[lasts].tolist(), strict=True)]
    return pa.py_buffer(runs[0] if len(runs) == 1 else b"".join(runs))
