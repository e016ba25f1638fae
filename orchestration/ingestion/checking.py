"""Values of a block against the contract: white space, sentinels, types, limits. Whole arrays, no row by row.

A row with a bad value is rejected by its first bad column in the contract's order, and there by the first
reason of ``not_null, type, range, precision, allowed``; so the same file always gives the same rejects.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.records import Offsets, Reject
from orchestration.ingestion.rows import RowBlock, StoppedFileError
from orchestration.ingestion.table_contract import ColumnContract, TableContract, numeric_precision
from orchestration.ingestion.temporal import local_to_utc, parse_temporal

Mask = npt.NDArray[np.bool_]

# A whole number may be written with a fraction of zeros, as tools do that turn a column with gaps into
# floats.
_INTEGER = r"^[+-]?\d+(\.0*)?$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
# An index entry of PostgreSQL holds 2,704 bytes: all texts of a key together leave 700 of them for the row's hash, the
# day of delivery and key columns of other types.
MAX_KEY_BYTES = 500
MAX_ROW_KEY_BYTES = 2_000
_MAX_DIGITS = 19  # of a bigint
_INTEGER_TYPES = {"integer": pa.int32(), "bigint": pa.int64()}


@dataclass(frozen=True)
class CheckedBlock:
    """Good rows, typed, in the contract's columns; and the rejects of reading and checking together."""

    table: pa.Table
    lines: Offsets
    rejects: list[Reject]


@dataclass
class _Faults:
    """Reasons why values of one column are bad; the first one said of a row stays."""

    reasons: dict[str, Mask]

    def add(self, reason: str, mask: Mask) -> None:
        known = self.any(len(mask))
        self.reasons[reason] = self.reasons.get(reason, np.False_) | (mask & ~known)

    def any(self, count: int) -> Mask:
        result = np.zeros(count, dtype=np.bool_)
        for mask in self.reasons.values():
            result |= mask
        return result


def arrow_type(data_type: str) -> pa.DataType:
    """Arrow type of a contract's type."""
    numeric = numeric_precision(data_type)
    if numeric:
        return pa.decimal128(*numeric)
    return {
        "text": pa.string(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "double precision": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "boolean": pa.bool_(),
    }[data_type]


def check_block(contract: TableContract, block: RowBlock) -> CheckedBlock:
    """Type the rows of a block and separate the bad ones."""
    count = len(block.lines)
    is_bad = np.zeros(count, dtype=np.bool_)
    rejects = list(block.rejects)
    arrays: list[pa.Array] = []
    key_bytes = np.zeros(count, dtype=np.int64)
    for column in contract.columns:
        values = block.columns.get(column.name)
        if values is None:
            values = pa.nulls(count, pa.string())
        try:
            typed, faults = check_column(
                column,
                values,
                time_zone=contract.time_zone,
                nullable=contract.is_nullable(column),
                unfit=block.native.get(column.name),
            )
        except pa.ArrowInvalid:
            # Arrow's message shows the value, which may be personal; so the chain is cut as well.
            raise StoppedFileError(
                f"unconvertible: column {column.name}, lines {block.lines[0]} to {block.lines[-1]}: a value "
                f"that passed the checks of {column.data_type} cannot be converted"
            ) from None
        if column.data_type == "text" and column.name in contract.key:
            own_bytes = pc.binary_length(typed).fill_null(0).to_numpy(zero_copy_only=False)
            key_bytes += own_bytes
            faults["range"] = (own_bytes > MAX_KEY_BYTES) | (key_bytes > MAX_ROW_KEY_BYTES)
        arrays.append(typed)
        for reason, mask in faults.items():
            for row in np.flatnonzero(mask & ~is_bad).tolist():
                rejects.append(Reject(int(block.lines[row]), column.name, reason, block.text(row)))
            # Within a column the reasons exclude each other, so the first bad column decides.
        for mask in faults.values():
            is_bad |= mask
    table = pa.Table.from_arrays(arrays, names=[column.name for column in contract.columns])
    lines = block.lines
    if is_bad.any():
        table, lines = table.filter(pa.array(~is_bad)), lines[~is_bad]
    return CheckedBlock(table, lines, rejects)


def check_column(
    column: ColumnContract, values: pa.Array, *, time_zone: str, nullable: bool, unfit: Mask | None = None
) -> tuple[pa.Array, dict[str, Mask]]:
    """Convert one column; one that has the contract's type already is checked only.

    Parameters
    ----------
    column : ColumnContract
        What the values should be.
    values : array of n strings, or of the contract's type
        As ``RowBlock`` has them.
    time_zone : str
        Of the source.
    nullable : bool
        Whether a row may lack the value.
    unfit : array of n booleans, optional
        Given for a column that has a type in the file (``RowBlock.native``): values that the contract's type does not
        have.

    Returns
    -------
    typed : array
        NULL where there is no value or a bad one.
    faults : dict of str to array of bool
        Rows at fault by reason code; no row has two.
    """
    faults = _Faults({})
    is_text = values.type == pa.string()
    if is_text:
        values = _without_void(column, values)
    if unfit is not None:
        faults.add("type", unfit & _mask(values.is_valid()) if is_text else unfit)
    # Numbers of a typed file are rendered with a point, whatever mark the texts of the contract have.
    written = column if unfit is None else column.model_copy(update={"decimal_mark": "."})
    typed = _typed(written, values, faults, time_zone) if is_text else values
    if unfit is not None:
        typed = _without_void_values(column, typed, time_zone)
    if not nullable:
        faults.add("not_null", _mask(typed.is_null()))
    if column.min is not None or column.max is not None:
        outside = pa.array(np.zeros(len(typed), dtype=np.bool_))
        if column.min is not None:
            outside = pc.or_(outside, pc.less(typed, _limit(column, column.min, time_zone)).fill_null(False))
        if column.max is not None:
            outside = pc.or_(outside, pc.greater(typed, _limit(column, column.max, time_zone)).fill_null(False))
        faults.add("range", _mask(outside))
    if column.allowed is not None:
        allowed = pa.array([_python_limit(column, item, time_zone) for item in column.allowed])
        known = pc.is_in(typed, value_set=allowed.cast(typed.type))
        faults.add("allowed", _mask(pc.and_(pc.invert(known), typed.is_valid())))
    return typed, faults.reasons


def _without_void(column: ColumnContract, values: pa.StringArray) -> pa.StringArray:
    """Trimmed, and NULL where the text means that there is no value."""
    if column.trim:
        values = pc.utf8_trim_whitespace(values)
    empty = [] if column.keep_empty else [""]
    void = pc.is_in(values, value_set=pa.array([*empty, *column.sentinels], pa.string()))
    return pc.if_else(void, pa.scalar(None, pa.string()), values)


def _without_void_values(column: ColumnContract, typed: pa.Array, time_zone: str) -> pa.Array:
    """NULL where a typed value is what a sentinel means: -999 is -999.00, and 31.12.9999 the date.

    Not of text, which is compared as it is, and not of a boolean: the sentinel "0" says nothing of a typed false.
    """
    if not column.sentinels or column.data_type in ("text", "boolean"):
        return typed
    void = _typed(column, pa.array(column.sentinels, pa.string()), _Faults({}), time_zone).drop_null()
    return pc.if_else(pc.is_in(typed, value_set=void), pa.scalar(None, typed.type), typed)


def _typed(column: ColumnContract, values: pa.StringArray, faults: _Faults, time_zone: str) -> pa.Array:
    if column.data_type == "text":
        return values
    if column.data_type == "boolean":
        lower = pc.utf8_lower(values)
        is_true = pc.is_in(lower, value_set=pa.array(_TRUE))
        known = pc.or_(is_true, pc.is_in(lower, value_set=pa.array(_FALSE)))
        faults.add("type", _mask(pc.and_(pc.invert(known), values.is_valid())))
        return pc.if_else(known, is_true, pa.scalar(None, pa.bool_()))
    if column.data_type in ("date", "timestamp", "timestamptz"):
        instants, good = parse_temporal(
            values,
            form=column.format,
            data_type=column.data_type,
            time_zone=time_zone,
            two_digit_years_from=column.two_digit_years_from,
        )
        faults.add("type", ~good & _mask(values.is_valid()))
        naive = pa.array(instants, pa.timestamp("us"), mask=~good)
        if column.data_type == "timestamptz":
            return naive.cast(pa.timestamp("us", "UTC"))
        return naive.cast(arrow_type(column.data_type))
    if column.decimal_mark == ",":
        dotted = pc.match_substring(values, ".")
        values = pc.replace_substring(pc.if_else(dotted, "?", values), ",", ".", max_replacements=1)
    if column.data_type in _INTEGER_TYPES:
        return _integer(values, _INTEGER_TYPES[column.data_type], faults)
    is_number = pc.match_substring_regex(values, _NUMBER)
    faults.add("type", _mask(pc.invert(is_number)))
    values = pc.if_else(is_number, values, pa.scalar(None, pa.string()))
    if column.data_type == "double precision":
        typed = pc.cast(values, pa.float64())
        infinite = pc.is_inf(typed)
        faults.add("range", _mask(infinite))
        return pc.if_else(infinite, pa.scalar(None, pa.float64()), typed)
    numeric = numeric_precision(column.data_type)
    assert numeric is not None
    return _numeric(values, *numeric, faults)


def _integer(values: pa.StringArray, target: pa.DataType, faults: _Faults) -> pa.Array:
    is_whole = pc.match_substring_regex(values, _INTEGER)
    faults.add("type", _mask(pc.invert(is_whole)))
    digits = pc.if_else(is_whole, pc.utf8_ltrim(values, "+"), pa.scalar(None, pa.string()))
    if pc.any(pc.match_substring(digits, ".")).as_py():
        digits = pc.replace_substring_regex(digits, r"\.0*$", "")
    # Anything longer than 18 digits (without leading zeros) may not fit and is looked at by itself.
    is_long = pc.match_substring_regex(digits, r"^-?0*[1-9]\d{18,}$")
    typed = pc.cast(pc.if_else(is_long, pa.scalar(None, pa.string()), digits), pa.int64())
    if pc.any(is_long).as_py():
        rows = np.flatnonzero(_mask(is_long))
        exact = [_bigint(text) for text in digits.take(pa.array(rows)).to_pylist()]
        fitting = np.zeros(len(values), dtype=np.bool_)
        fitting[rows] = [value is not None for value in exact]
        replaced = pa.array([value for value in exact if value is not None], pa.int64())
        typed = pc.replace_with_mask(typed, pa.array(fitting), replaced)
        faults.add("range", _mask(is_long) & ~fitting)
    if target == pa.int32():
        outside = pc.or_(pc.less(typed, -(2**31)), pc.greater(typed, 2**31 - 1))
        faults.add("range", _mask(outside))
        typed = pc.if_else(outside, pa.scalar(None, pa.int64()), typed)
    return typed.cast(target)


def _bigint(text: str) -> int | None:
    """The number where it fits; Python itself refuses to read more than 4,300 digits."""
    digits = text.lstrip("-").lstrip("0")
    if len(digits) > _MAX_DIGITS:
        return None
    value = -int(digits) if text.startswith("-") else int(digits)
    return value if -(2**63) <= value < 2**63 else None


def _numeric(values: pa.StringArray, precision: int, scale: int, faults: _Faults) -> pa.Array:
    fraction = rf"(\.\d{{0,{scale}}}0*)?" if scale else r"(\.0*)?"
    exact = rf"^[+-]?0*(\d{{0,{precision - scale}}}){fraction}$"
    is_exact = pc.match_substring_regex(values, exact)
    target = pa.decimal128(precision, scale)
    rest = np.flatnonzero(_mask(pc.and_(pc.invert(is_exact), values.is_valid())))
    plain = pc.if_else(is_exact, values, pa.scalar(None, pa.string()))
    if scale == 0 or pc.any(pc.match_substring_regex(plain, rf"\.\d{{{scale + 1},}}$")).as_py():
        plain = pc.replace_substring_regex(plain, rf"(\.\d{{0,{scale}}})0*$", r"\1")
        plain = pc.utf8_rtrim(plain, ".")
    typed = pc.cast(plain, target)
    if not len(rest):
        return typed
    # Too long, too exact, or with an exponent: few, and not for a regular expression.
    outside, inexact = np.zeros(len(values), dtype=np.bool_), np.zeros(len(values), dtype=np.bool_)
    found: list[Decimal] = []
    is_found = np.zeros(len(values), dtype=np.bool_)
    limit = Decimal(10) ** (precision - scale)
    for row, text in zip(rest.tolist(), values.take(pa.array(rest)).to_pylist(), strict=True):
        value = Decimal(text)
        if value.copy_abs() >= limit:  # abs() would round to 28 digits first
            outside[row] = True
        elif value and _fraction_digits(value) > scale:
            inexact[row] = True
        else:
            found.append(value)
            is_found[row] = True
    faults.add("range", outside)
    faults.add("precision", inexact)
    return pc.replace_with_mask(typed, pa.array(is_found), pa.array(found, target))


def _fraction_digits(value: Decimal) -> int:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -(exponent + trailing))


def _python_limit(column: ColumnContract, value: object, time_zone: str) -> object:
    """A limit of the contract in the type of the column's values."""
    if numeric_precision(column.data_type):
        return Decimal(str(value))
    if column.data_type == "double precision" and isinstance(value, int):
        return float(value)
    if column.data_type in ("timestamp", "timestamptz") and isinstance(value, dt.date):
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if column.data_type == "timestamptz" and value.tzinfo is None:
            utc, _ = local_to_utc(np.array([value], dtype="datetime64[us]"), time_zone)
            return utc[0].item().replace(tzinfo=dt.UTC)
    return value


def _limit(column: ColumnContract, value: object, time_zone: str) -> pa.Scalar:
    converted = _python_limit(column, value, time_zone)
    return (
        pa.scalar(converted) if isinstance(converted, Decimal) else pa.scalar(converted, arrow_type(column.data_type))
    )


def _mask(values: pa.Array) -> Mask:
    result: Mask = values.fill_null(False).to_numpy(zero_copy_only=False)
    return result
