"""Landing files and the folders that hold them: writers by format, and what a folder may be taken up from.

A file is written under a hidden name and gets its own when it is whole; which tables there are is for the generators.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ml.synthetic.manifest import WorldError, read_manifest

_ROW_GROUP = 131_072
_FILE = re.compile(r"\.?[a-z_]+_(\d{4}-\d{2}-\d{2})\.(?:csv|ndjson|parquet)(?:\.part)?")


@dataclass
class Written:
    """What one call wrote."""

    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    size_bytes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Writer(Protocol):
    def write(self, rows: pa.Table) -> None: ...

    def close(self) -> None: ...


def until_of(wanted: dict[str, object], folder: Path) -> dt.date | None:
    """Last day of the world in the folder; None for an empty one. Another world is refused."""
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    seen = manifest.identity
    other = sorted(name for name in wanted if wanted[name] != seen.get(name))
    if other:
        told = ", ".join(f"{name} {seen.get(name)!r} there, {wanted[name]!r} asked for" for name in other)
        raise WorldError(f"{folder} holds another world: {told}. Use another folder, or remove that one and its truth")
    return manifest.until


def clear_what_a_killed_run_left(folder: Path, since: dt.date | None, *, begun: bool) -> None:
    """Files of days after ``since`` are of no finished run; files where no world was begun are somebody else's."""
    files = [(path, _FILE.fullmatch(path.name)) for path in sorted(folder.rglob("*")) if path.is_file()]
    later = [path for path, named in files if named and (since is None or dt.date.fromisoformat(named[1]) > since)]
    if later and not begun:
        raise WorldError(
            f"{folder} holds {len(later)} files of no world, the first is {later[0].name}; a world would mix with "
            "them. Use another folder"
        )
    for path in later:
        path.unlink()


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = pa.schema([pa.field(item.name, _plain(item.type)) for item in schema])
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", store_schema=False, write_page_checksum=True
        )

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.cast(self._schema), row_group_size=_ROW_GROUP)

    def close(self) -> None:
        self._writer.close()


class _Csv:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = pa.schema([pa.field(item.name, _plain(item.type)) for item in schema])
        self._writer = pa_csv.CSVWriter(path, self._schema)

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.cast(self._schema))

    def close(self) -> None:
        self._writer.close()


class _Ndjson:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")

    def write(self, rows: pa.Table) -> None:
        self._file.write(ndjson_lines(rows))

    def close(self) -> None:
        self._file.close()


WRITERS: dict[str, Callable[[Path, pa.Schema], Writer]] = {"parquet": _Parquet, "csv": _Csv, "ndjson": _Ndjson}


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def ndjson_lines(rows: pa.Table) -> bytes:
    """One JSON object a line; whole columns at a time. Money keeps its decimals, NULL is ``null``.

    Parameters
    ----------
    rows : Table
        Of numbers, decimals, dates, timestamps and strings.
    """
    if not rows.num_rows:
        return b""
    parts = []
    for place, name in enumerate(rows.column_names):
        column = rows.column(name).combine_chunks()
        column = column.cast(_plain(column.type))
        text = column.cast(pa.string())
        if not (pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)):
            # What else JSON has to escape does not occur in generated text; a control character would be told.
            text = pc.replace_substring(pc.replace_substring(text, "\\", "\\\\"), '"', '\\"')
            text = pc.binary_join_element_wise('"', text, '"', "")
        label = f"{'{' if place == 0 else ', '}{json.dumps(name)}: "
        parts += [pa.scalar(label), pc.fill_null(text, "null")]
    lines = pc.binary_join_element_wise(*parts, "}\n", "")
    return b"".join(lines.cast(pa.binary()).to_pylist())
