"""``assay resolve``: which records of a file are of the same person or thing; needs no database and no portfolio.

Belongs here: reading the file, writing the result, telling what was found.
Does not belong here: linking (``ml.identity.linkage``).
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import AssayError

if TYPE_CHECKING:
    import pandas as pd

    from ml.identity.linkage import Linkage

_SNIFFED_BYTES = 64_000
_LONGEST_FIELD = 1 << 27  # characters; Python's own limit is that of a short letter
_DELIMITERS = ",;\t|"
_SUFFIXES = ".csv, .csv.gz, .tsv, .txt or .parquet"


def resolve_file(file: Path, id_column: str, config: Path | None, out: Path, console: Console) -> None:
    """Read, link, write ``<id column>, entity_id, match_confidence`` and tell.

    Raises
    ------
    AssayError
        The file cannot be read, lacks the id column, has ids that are missing or repeated; the configuration says what
        is not known; the output is the input or cannot be written.
    """
    import duckdb

    from ml.identity.linkage import LinkageConfig, LinkageError, resolve

    if out.exists() and file.exists() and out.samefile(file):
        raise AssayError(f"{out}: --out is the input; give another file, the input is never overwritten")
    _format_of(out)
    if not out.absolute().parent.is_dir():
        raise AssayError(f"{out}: there is no folder {out.absolute().parent}; make it, or name another file with --out")
    if {"entity_id", "match_confidence"} & {id_column}:
        raise AssayError(f"{file}: the id column is called {id_column!r}, as a column of the result; rename it")
    try:
        settings = LinkageConfig.from_yaml(config) if config is not None else LinkageConfig()
    except LinkageError as error:
        raise AssayError(str(error)) from error
    except OSError as error:
        raise AssayError(f"{config}: {error.strerror}; --config names a YAML file") from error
    records = read_records(file, id_column)
    console.print(f"{escape(str(file))}: {len(records):,} records, {len(records.columns)} columns", soft_wrap=True)
    try:
        with console.status("linking") as status:
            linkage = resolve(
                records, settings, id_column=id_column, tell=lambda line: status.update(escape(f"linking: {line}"))
            )
    except LinkageError as error:
        raise AssayError(f"{file}: {error}") from error
    except duckdb.Error as error:
        raise AssayError(
            f"{file}: the linkage stopped: {type(error).__name__}; `memory_limit` of the configuration is "
            f"{settings.memory_limit}, give it more where the machine has more"
        ) from error
    result = linkage.entities.set_axis([id_column, "entity_id", "match_confidence"], axis=1)
    try:
        _write(result, out)
    except OSError as error:
        raise AssayError(f"{out}: {error.strerror}; check the folder and the space on its disk") from error
    _tell(linkage, out, console)


def read_records(file: Path, id_column: str) -> "pd.DataFrame":
    """All columns of a CSV file as text, or a Parquet file as it is.

    Raises
    ------
    AssayError
        It cannot be read, or has no such column.
    """
    import pandas as pd

    try:
        if _format_of(file) == "parquet":
            records = pd.read_parquet(file)
        else:
            encoding = _encoding(file)
            records = _read_delimited(file, _delimiter(file, encoding), encoding)
    except OSError as error:
        raise AssayError(
            f"{file}: {error.strerror or 'not readable as its suffix says'}; expected {_SUFFIXES}"
        ) from error
    except pd.errors.EmptyDataError:
        raise AssayError(f"{file}: is empty; expected a line with the names of the columns") from None
    except (ValueError, csv.Error, EOFError, zlib.error) as error:  # pandas and pyarrow raise ValueErrors
        raise AssayError(f"{file}: {error}; expected {_SUFFIXES} with one line per record") from error
    if id_column not in records.columns:
        raise AssayError(
            f"{file}: there is no column {id_column!r}; it has {_names_of(list(records.columns))}. Name one with --id"
        )
    if records[id_column].dtype != object and not pd.api.types.is_string_dtype(records[id_column].dtype):
        return records
    return records.assign(**{id_column: records[id_column].replace("", None)})


def _names_of(columns: Iterable[object]) -> str:
    """The columns as an error shows them: the first record of a file without names is somebody's."""
    texts = [str(column) for column in columns]
    values = sum(not any(sign.isalpha() for sign in text) or "@" in text for text in texts if text)
    if values:
        return (
            f"{len(texts)} fields in the first line, {values} of which look like values; expected the names of the "
            "columns in the first line"
        )
    return ", ".join(texts)


def _read_delimited(file: Path, delimiter: str, encoding: str) -> "pd.DataFrame":
    """The columns of the header as text; a field behind the last column must be empty, as of a delimiter at the end."""
    import pandas as pd

    with _opened(file) as stream:
        reader = csv.reader(io.TextIOWrapper(stream, encoding, newline=""), delimiter=delimiter, skipinitialspace=True)
        header = next((row for row in reader if row), [])
        first = next((row for row in reader if row), [])
    if header and not header[-1].strip():
        header = header[:-1]
    header = [name.strip() for name in header]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise AssayError(
            f"{file}: {len(repeated)} columns are there twice ({_names_of(repeated)}); every column needs a name of "
            "its own"
        )
    if not header:
        raise pd.errors.EmptyDataError
    # pandas would take the first field for the name of the row where there is one field more than there are columns.
    surplus = ["\0surplus"] if len(first) == len(header) + 1 else []
    records = pd.read_csv(
        file, dtype=str, sep=delimiter, encoding=encoding, skipinitialspace=True, keep_default_na=False,
        names=[*header, *surplus], header=0, index_col=False if surplus else None,
    )  # fmt: skip
    for name in surplus:
        filled = records[name].fillna("").str.strip().ne("")
        if filled.any():
            raise AssayError(
                f"{file}: record {int(filled.to_numpy().argmax()) + 1} has more fields than the {len(header)} columns "
                "of the header; expected as many in every line. Quote fields that hold the delimiter"
            )
    return records.drop(columns=surplus)


def _opened(file: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file, "rb") if file.suffix.lower() == ".gz" else file.open("rb"))


def _format_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = [suffix for suffix in suffixes if suffix != ".gz"][-1:]
    if last == [".parquet"] and suffixes[-1] != ".gz":
        return "parquet"
    if last and last[0] in (".csv", ".tsv", ".txt"):
        return "csv"
    raise AssayError(f"{path}: the suffix does not tell the format; expected {_SUFFIXES}")


def _encoding(file: Path) -> str:
    """UTF-16 where the file says so, UTF-8 where the whole file is, else Latin-1, which any file is."""
    with _opened(file) as stream:
        if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        try:
            while block := stream.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _delimiter(file: Path, encoding: str) -> str:
    """What separates the columns: the sign that stands equally often in the first lines, the comma where none does."""
    csv.field_size_limit(_LONGEST_FIELD)
    with _opened(file) as stream:
        lines = stream.read(_SNIFFED_BYTES).decode(encoding, errors="replace").splitlines()[:50]
    counts = {sign: [len(row) for row in csv.reader(lines, delimiter=sign)] for sign in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda sign: (_agreement(counts[sign]), counts[sign][:1]))
    return best if _agreement(counts[best]) else ","


def _agreement(fields: list[int]) -> float:
    """Share of the lines with as many fields as the first, nothing where that has one."""
    return sum(one == fields[0] for one in fields) / len(fields) if fields and fields[0] > 1 else 0.0


def _write(result: "pd.DataFrame", out: Path) -> None:
    if _format_of(out) == "parquet":
        result.to_parquet(out, index=False)
    else:
        result.to_csv(out, index=False, sep="\t" if [s for s in out.suffixes if s != ".gz"][-1] == ".tsv" else ",")


def _tell(linkage: "Linkage", out: Path, console: Console) -> None:
    report = linkage.report
    table = Table(header_style="bold")
    table.add_column("column")
    table.add_column("taken as")
    for column, kind in report.kinds.items():
        table.add_row(escape(column), kind)
    console.print(table)
    for warning in report.warnings:
        console.print(f"[yellow]{escape(warning)}[/yellow]", soft_wrap=True)
    console.print(
        f"{report.records:,} records are {report.entities:,} entities; {report.linked_records:,} records are linked, "
        f"by {sum(report.pairs_by_rule.values()):,} pairs of {len(report.pairs_by_rule)} blocking rules. "
        f"{_uncompared(report.uncompared_records)}"
        f"Written to {escape(str(out))}",
        soft_wrap=True,
    )


def _uncompared(count: int) -> str:
    """What is said of records without a confidence."""
    if not count:
        return ""
    return f"{count:,} records could not be compared with any other and have no match_confidence. "
