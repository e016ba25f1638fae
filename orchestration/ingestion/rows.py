"""What every reader gives: rows of a block as columns, and what is wrong with a file's columns.

How each format comes to its rows is in ``delimited``, ``ndjson`` and ``parquet``; what a value must look like in
``checking``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from orchestration.ingestion.records import Mask, Offsets, Reject
from orchestration.ingestion.table_contract import TableContract

_MAX_NAMES = 20
# What a program calls its columns. Anything else may be data: an object keyed by mail addresses, a row as header.
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class StoppedFileError(ValueError):
    """The file can be read but is not what the contract says, so nothing of it is loaded."""


@dataclass(frozen=True)
class RowBlock:
    """Rows of one block.

    Attributes
    ----------
    columns : dict of str to pyarrow array
        By contract column name; columns that the file lacks are not in it. Strings as they stand in the file, or,
        from a typed file, the contract's own type.
    lines : array of int
        First physical line of each row; of a Parquet file the row's number, from 1.
    rejects : list of Reject
        Records that have no rows: damaged bytes or quotes, ragged, no JSON.
    text_of : callable
        The record of a row as it stood in the file; use ``text``.
    native : dict of str to array of bool
        Columns that have a type of their own in the file, so that what the contract says of their spelling (decimal
        mark, sentinels as text) means their values; with those values that the contract's type does not have.
    """

    columns: dict[str, pa.Array]
    lines: Offsets
    rejects: list[Reject]
    text_of: Callable[[int], str]
    native: Mapping[str, Mask] = field(default_factory=dict)

    def text(self, row: int) -> str:
        """The row's record as it stood in the file."""
        return self.text_of(row)


def missing_columns(contract: TableContract, names: Sequence[str]) -> list[str]:
    """Header names that the contract requires and the file lacks."""
    return [column.header_name for column in contract.columns if column.required and column.header_name not in names]


def doubled_columns(contract: TableContract, names: Sequence[str]) -> list[str]:
    """Header names of the contract that the file has more than once."""
    wanted = {column.header_name for column in contract.columns}
    return sorted({name for name in names if name in wanted and names.count(name) > 1})


def unexpected_warning(contract: TableContract, names: Sequence[str]) -> list[str]:
    """A warning that names the columns unknown to the contract; empty where there are none.

    A name that is no identifier is counted only, as it may say something of a person.
    """
    wanted = {column.header_name for column in contract.columns}
    unexpected = [name for name in names if name not in wanted]
    if not unexpected:
        return []
    shown = [repr(name) for name in unexpected if _IDENTIFIER.fullmatch(name)][:_MAX_NAMES]
    hidden = len(unexpected) - len(shown)
    told = [", ".join(shown)] if shown else []
    if hidden:
        told.append(f"{hidden} more" if shown else f"{hidden} whose names are no identifiers")
    return [f"unexpected_column: not loaded, unknown to the contract: {' and '.join(told)}"]
