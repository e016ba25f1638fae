"""What a contract says of one source table: its files, its columns, what a good value is.

Belongs here: the models, their own consistency, and the hash that is stored with each load. The YAML they
come from is read in ``contract``; how a file is read, checked and loaded by them is in the modules beside it.
"""

import codecs
import datetime as dt
import hashlib
import json
import re
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestration.errors import AssayError

LINEAGE_COLUMNS = (
    "_file",
    "_line",
    "_sha256",
    "_loaded_at",
    "_load_id",
    "_delivered_on",
    "_row_hash",
    "_delivered_days",
)
DATE_DIRECTIVES = frozenset("Yymd")
TIME_DIRECTIVES = DATE_DIRECTIVES | frozenset("HMSf")
_NUMERIC = re.compile(r"numeric\((\d+),\s*(\d+)\)")
_SIMPLE_TYPES = (
    "text",
    "integer",
    "bigint",
    "double precision",
    "date",
    "timestamp",
    "timestamptz",
    "boolean",
)
_EXPECTED_TYPES = "text, integer, bigint, numeric(p,s), double precision, date, timestamp, timestamptz or boolean"
# A name longer than this is cut by PostgreSQL without a word.
_MAX_IDENTIFIER_BYTES = 63


class ContractError(AssayError, ValueError):
    """A contract file is missing, unreadable or says something that a contract does not have."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def numeric_precision(data_type: str) -> tuple[int, int] | None:
    """Precision and scale of ``numeric(p,s)``; None for every other type."""
    match = _NUMERIC.fullmatch(data_type)
    return (int(match[1]), int(match[2])) if match else None


class ColumnContract(_Closed):
    """One column: its name and type in ``raw`` and what a good value looks like in the file.

    Attributes
    ----------
    header : str
        Its name in the file's header; the column's name where not given.
    required : bool
        The header must have it. A column that is not required is NULL where the file lacks it.
    nullable : bool
        False: a row without a value is rejected. Key columns are never nullable.
    sentinels : tuple of str
        Strings (after trimming) that mean "no value".
    keep_empty : bool
        Text only: the empty string is a value, not NULL.
    trim : bool
        Leading and trailing white space is no part of the value.
    format : str or None
        Dates and timestamps: directives ``%Y %y %m %d %H %M %S %f``; None: ISO 8601.
    two_digit_years_from : int
        First year that ``%y`` may mean; the default is Python's own rule (69 is 1969, 68 is 2068).
    decimal_mark : str
        ``.`` or ``,``; numeric and double only.
    allowed, min, max
        Limits of the value after conversion.
    personal : bool
        Says something about a person; such values never reach logs, messages or metadata.
    number_series : str or None
        Its values number the records of all tables that name the same series: in it a number belongs to the table that
        had it first, see ``number_series``.
    """

    name: str = Field(min_length=1)
    data_type: str
    description: str = ""
    header: str = ""
    required: bool = True
    nullable: bool = True
    sentinels: tuple[str, ...] = ()
    keep_empty: bool = False
    trim: bool = True
    format: str | None = None
    two_digit_years_from: int = 1969
    decimal_mark: Literal[".", ","] = "."
    allowed: tuple[str | int | float | dt.date, ...] | None = None
    min: int | float | dt.date | dt.datetime | None = None
    max: int | float | dt.date | dt.datetime | None = None
    personal: bool = False
    number_series: str | None = Field(default=None, min_length=1)

    @field_validator("name")
    @classmethod
    def _usable_name(cls, value: str) -> str:
        if value in LINEAGE_COLUMNS:
            raise ValueError(f"a name that is not one of ours: {', '.join(LINEAGE_COLUMNS)}")
        if len(value.encode()) > _MAX_IDENTIFIER_BYTES or "\x00" in value:
            raise ValueError(f"at most {_MAX_IDENTIFIER_BYTES} bytes and no NUL")
        return value

    @field_validator("data_type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        text = " ".join(value.lower().split())
        numeric = numeric_precision(text)
        if numeric:
            precision, scale = numeric
            if not (1 <= precision <= 38 and scale <= precision):
                raise ValueError("numeric(p,s) with p of 1 to 38 and s of at most p")
            return f"numeric({precision},{scale})"
        if text not in _SIMPLE_TYPES:
            raise ValueError(_EXPECTED_TYPES)
        return text

    @field_validator("allowed", mode="before")
    @classmethod
    def _no_booleans(cls, value: Any) -> Any:
        # YAML 1.1 reads an unquoted yes, no, on or off as a boolean.
        if isinstance(value, list) and any(isinstance(item, bool) for item in value):
            raise ValueError("quoted strings: YAML reads a bare yes, no, on or off as a boolean")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        is_temporal = self.data_type in ("date", "timestamp", "timestamptz")
        if self.format is not None:
            known = DATE_DIRECTIVES if self.data_type == "date" else TIME_DIRECTIVES
            directives = re.findall(r"%(.?)", self.format)
            if not is_temporal:
                raise ValueError(f"no format on a column of type {self.data_type}; only dates and timestamps have one")
            if not directives or not set(directives) <= known or len(set(directives)) != len(directives):
                raise ValueError(f"a format of the directives {' '.join('%' + d for d in sorted(known))}, each once")
            if not {"m", "d"} <= set(directives) or len({"Y", "y"} & set(directives)) != 1:
                raise ValueError("a format with one year (%Y or %y), %m and %d")
        if self.keep_empty and self.data_type != "text":
            raise ValueError("keep_empty only on text; an empty string is no value of another type")
        if self.decimal_mark != "." and not (self.data_type == "double precision" or numeric_precision(self.data_type)):
            raise ValueError("decimal_mark only on numeric(p,s) and double precision")
        for label, limit in (("min", self.min), ("max", self.max)):
            if limit is not None and not _fits(self.data_type, limit):
                raise ValueError(f"a {label} of the column's type {self.data_type}, not {limit!r}")
        for item in self.allowed or ():
            if not (isinstance(item, str) if self.data_type == "text" else _fits(self.data_type, item)):
                raise ValueError(f"allowed values of the column's type {self.data_type}, not {item!r}")
        return self

    @property
    def header_name(self) -> str:
        """The column's name in the file."""
        return self.header or self.name


def _fits(data_type: str, value: object) -> bool:
    if data_type in ("integer", "bigint"):
        return isinstance(value, int)
    if data_type == "double precision":
        return isinstance(value, int | float)
    if data_type == "date":
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    if data_type in ("timestamp", "timestamptz"):
        return isinstance(value, dt.date)
    if numeric_precision(data_type):
        try:
            return Decimal(str(value)).is_finite()
        except InvalidOperation:
            return False
    return False


class FileFormat(_Closed):
    """How the file is written. Of CSV the header is the first line; gzip of texts is seen from the file itself.

    Attributes
    ----------
    type : str
        ``csv``, ``ndjson`` (one JSON object a line, UTF-8) or ``parquet``. The others are of ``csv`` only.
    delimiter : str
        One ASCII character, also the tab ``"\\t"``.
    quote : str or None
        One ASCII character, doubled inside a quoted value; None: nothing is quoted.
    encoding : str
        Any text encoding that Python knows.
    """

    type: Literal["csv", "ndjson", "parquet"] = "csv"
    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"

    @field_validator("delimiter", "quote")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n\x00"):
            raise ValueError("one ASCII character that is no line end")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            info = codecs.lookup(value)
            "".encode(value)
        except LookupError as error:
            raise ValueError("a text encoding that Python knows, as utf-8, cp1250 or utf-16") from error
        return info.name

    @model_validator(mode="after")
    def _different(self) -> Self:
        given = sorted(self.model_fields_set - {"type"})
        if self.type != "csv" and given:
            raise ValueError(f"no {', '.join(given)} for {self.type}; only csv has them")
        if self.delimiter == self.quote:
            raise ValueError("a delimiter and a quote that differ")
        return self


class TableContract(_Closed):
    """One table of a source: how its files are found and read, and what a good row is.

    Attributes
    ----------
    source, name : str
        As in dbt's ``source(source, name)``; ``identifier`` is the table in schema ``raw``.
    time_zone : str
        Of the source; naive local times of ``timestamptz`` columns are read in it.
    file_pattern : str
        Regular expression that the whole file name matches. Group ``snapshot_on`` (required for snapshots) or
        ``delivered_on`` (optional otherwise) is a date, ``YYYY-MM-DD`` or ``YYYYMMDD``.
    delivery : str
        ``snapshot``: each file is the full state of a day; ``append``: new facts; ``history``: facts of long
        ago.
    key : tuple of str
        Columns that identify a row; empty: the whole row does.
    reject_budget : float
        Share of the rows read, per file, that may be rejected before the whole file is refused.
    """

    source: str
    name: str
    identifier: str
    description: str = ""
    time_zone: str
    contract_version: int = Field(ge=1)
    file_pattern: str
    format: FileFormat = FileFormat()
    delivery: Literal["snapshot", "append", "history"]
    availability_lag_hours: float = Field(default=0, ge=0)
    key: tuple[str, ...]
    reject_budget: float = Field(default=0.01, ge=0, le=1)
    columns: tuple[ColumnContract, ...] = Field(min_length=1)

    @field_validator("file_pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise ValueError(f"a regular expression; Python says: {error}") from error
        unknown = set(pattern.groupindex) - {"snapshot_on", "delivered_on"}
        if unknown:
            raise ValueError(f"no groups but snapshot_on and delivered_on, not {sorted(unknown)}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.identifier != f"{self.source}__{self.name}":
            raise ValueError(f"identifier {self.source}__{self.name}, not {self.identifier}")
        # Room for the names of its indexes.
        if len(self.identifier.encode()) > _MAX_IDENTIFIER_BYTES - 8:
            raise ValueError(f"an identifier of at most {_MAX_IDENTIFIER_BYTES - 8} bytes")
        for label, names in (
            ("column names", [column.name for column in self.columns]),
            ("headers", [column.header_name for column in self.columns]),
            ("key columns", list(self.key)),
        ):
            doubled = sorted({name for name in names if names.count(name) > 1})
            if doubled:
                raise ValueError(f"{label} that are unique; more than once: {doubled}")
        by_name = {column.name: column for column in self.columns}
        missing = [name for name in self.key if name not in by_name]
        if missing:
            raise ValueError(f"key columns that are columns; these are not: {missing}")
        optional = [name for name in self.key if not by_name[name].required]
        if optional:
            raise ValueError(f"key columns that are required; these are not: {optional}")
        has_snapshot_date = "snapshot_on" in re.compile(self.file_pattern).groupindex
        if has_snapshot_date != (self.delivery == "snapshot"):
            raise ValueError(
                "a group (?P<snapshot_on>...) in file_pattern for delivery: snapshot, and for no other delivery"
            )
        if self.availability_lag_hours and self.delivery != "history":
            raise ValueError("availability_lag_hours only for delivery: history")
        return self

    @cached_property
    def contract_hash(self) -> str:
        """SHA-256 of all that decides how a file is loaded; descriptions don't count."""
        content = self.model_dump(mode="json", exclude={"description": True, "columns": {"__all__": {"description"}}})
        # Without a series nothing differs from before there were any: no stored file is to be read again.
        content["columns"] = [
            {key: value for key, value in column.items() if key != "number_series" or value is not None}
            for column in content["columns"]
        ]
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def is_nullable(self, column: ColumnContract) -> bool:
        """Whether the column may be NULL in ``raw``: key columns never."""
        return column.nullable and column.name not in self.key

    def matches(self, file_name: str) -> bool:
        """Whether the file's whole name matches the pattern."""
        return re.fullmatch(self.file_pattern, file_name) is not None

    def delivered_on(self, file_name: str) -> dt.date | None:
        """Date in the file's name; None where the pattern asks for none or the name has none.

        Raises
        ------
        ContractError
            The group matched something that is no date.
        """
        match = re.fullmatch(self.file_pattern, file_name)
        groups = match.groupdict() if match else {}
        text = groups.get("snapshot_on") or groups.get("delivered_on")
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            raise ContractError(
                f"{self.identifier}: the date in the file name is {text!r}; expected YYYY-MM-DD or YYYYMMDD"
            ) from error
