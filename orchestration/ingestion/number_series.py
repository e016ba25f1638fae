"""Numbers that two tables give to two things: told and refused, before one silently takes the place of the other.

Most records are known by the name of their source and a number. Where a record goes by its number alone, as an
application for support that people quote, its column names a ``number_series`` in the contract. In one series a number
belongs to the table that had it first; rows of another table with that number are rejected as ``number_taken``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orchestration.ingestion.contract import contract_path, load_contracts
from orchestration.ingestion.raw_table import raw_table
from orchestration.ingestion.reading import FileReader
from orchestration.ingestion.records import Reject
from orchestration.ingestion.table_contract import ColumnContract, TableContract

REASON = "number_taken"


@dataclass(frozen=True)
class SeriesColumn:
    """A column of another table whose values are numbers of the same series."""

    contract: TableContract
    column: ColumnContract


def columns_elsewhere(
    contracts: Iterable[TableContract], source: str, staging_dir: Path
) -> dict[str, list[SeriesColumn]]:
    """Columns of all sources by number series, of those series that ``contracts``, those of ``source``, have.

    Other sources' contracts are read only where they speak of a series: reading all of them takes a second.
    """
    found = [(contract, column) for contract in contracts for column in contract.columns if column.number_series]
    series: dict[str, list[SeriesColumn]] = {}
    for contract, column in found:
        series.setdefault(str(column.number_series), []).append(SeriesColumn(contract, column))
    if not series:
        return series
    for folder in sorted(path for path in staging_dir.iterdir() if path.name != source):
        path = contract_path(folder.name, staging_dir)
        if not path.is_file() or "number_series" not in path.read_text(encoding="utf-8"):
            continue
        for contract in load_contracts(folder.name, staging_dir):
            for column in contract.columns:
                if column.number_series in series:
                    series[column.number_series].append(SeriesColumn(contract, column))
    return series


def refuse_taken(
    connection: psycopg.Connection[Any],
    contract: TableContract,
    reader: FileReader,
    file_name: str,
    series: dict[str, list[SeriesColumn]],
) -> tuple[list[Reject], list[str]]:
    """Take out the staged rows whose number another table of the series has and this one had not before.

    Returns
    -------
    tuple
        The rejects, and for each column and other table a sentence, without values: how many rows, where the first is,
        what to do.
    """
    rejects: dict[int, Reject] = {}
    told = []
    for column in contract.columns:
        for other in series.get(column.number_series or "", []):
            if other.contract.identifier == contract.identifier or not _exists(connection, other.contract):
                continue
            lines = _taken(connection, contract, column, other) - set(rejects)
            if not lines:
                continue
            rejects |= {
                line: Reject(line, column.name, REASON, text) for line, text in reader.records_at(frozenset(lines))
            }
            told.append(
                f"{file_name}, column {column.name}: {len(lines)} rows, the first in line {min(lines)}, have a number "
                f"that {other.contract.source}.{other.contract.name} had first; expected numbers of the table's own in "
                f"the series '{column.number_series}'. They are in ops.rejects as {REASON}, and nothing of the other "
                "table has changed: have one of the two sources put its name before its numbers, or, if both mean one "
                "thing, deliver it in one table"
            )
    if rejects:
        connection.execute("delete from assay_staged where _line = any(%s)", (list(rejects),))
    return [rejects[line] for line in sorted(rejects)], told


def _exists(connection: psycopg.Connection[Any], contract: TableContract) -> bool:
    row = connection.execute("select to_regclass(%s)", (raw_table(contract).as_string(connection),)).fetchone()
    return row is not None and row[0] is not None


def _taken(
    connection: psycopg.Connection[Any], contract: TableContract, column: ColumnContract, other: SeriesColumn
) -> set[int]:
    # Numbers that both have had since before the series was named stay with both; core's own check tells of them.
    cast = sql.SQL("" if column.data_type == other.column.data_type else "::text")
    rows = connection.execute(
        sql.SQL(
            "select s._line from assay_staged s "
            "where exists (select from {theirs} t where t.{their}{cast} = s.{our}{cast}) "
            "and not exists (select from {ours} o where o.{our} = s.{our})"
        ).format(
            theirs=raw_table(other.contract),
            their=sql.Identifier(other.column.name),
            ours=raw_table(contract),
            our=sql.Identifier(column.name),
            cast=cast,
        )
    ).fetchall()
    return {line for (line,) in rows}
