"""Rows to frames to landing files and back, typed by the contracts. What a business does is not told here."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.ingestion.checking import arrow_type, check_block
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.reading import open_reader
from orchestration.ingestion.table_contract import TableContract
from orchestration.ingestion.text_blocks import file_sha256

SOURCES = ("msme_bank", "gst_network", "open_networks")
DELIVERED_ON = dt.date(2025, 12, 31)

Frames = dict[str, pd.DataFrame]
"""By ``source.table``; columns as in the contract, of Arrow types, so that decimals and days are exact."""


@cache
def contracts() -> Mapping[str, TableContract]:
    """The thirteen contracts by ``source.table``."""
    return {f"{source}.{contract.name}": contract for source in SOURCES for contract in load_contracts(source)}


def frame_of(table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame of the contract's columns and types.

    Parameters
    ----------
    table : str
        As ``msme_bank.transactions``.
    rows : sequence of mappings
        Numbers with a fraction are given as whole hundredths (paise, or hundredths of a percent); a column that
        is not named is NULL.
    """
    contract = contracts()[table]
    unknown = {name for row in rows for name in row} - {column.name for column in contract.columns}
    if unknown:
        raise ValueError(f"{table}: rows name {sorted(unknown)}, which the contract does not hold")
    arrays = []
    for column in contract.columns:
        values = [row.get(column.name) for row in rows]
        kind = arrow_type(column.data_type)
        if pa.types.is_decimal(kind):
            values = [None if value is None else Decimal(value).scaleb(-2) for value in values]
        arrays.append(pa.array(values, kind))
    return _to_pandas(pa.table(arrays, names=[column.name for column in contract.columns]))


def write_landing(frames: Frames, folder: Path, delivered_on: dt.date = DELIVERED_ON) -> list[Path]:
    """Write ``<folder>/<source>/<table>_<day>.<csv|parquet|ndjson>`` for every contract; give the files."""
    written = []
    for name, contract in contracts().items():
        kind = contract.format.type
        path = folder / contract.source / f"{contract.name}_{delivered_on}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = pa.schema([(column.name, arrow_type(column.data_type)) for column in contract.columns])
        rows = pa.Table.from_pandas(frames[name], schema=schema, preserve_index=False)
        if kind == "csv":
            pa_csv.write_csv(rows, path)
        elif kind == "parquet":
            pq.write_table(rows, path)
        else:
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, default=_json) + "\n" for row in rows.to_pylist())
        written.append(path)
    return written


def read_landing(folder: Path) -> Frames:
    """Read any landing folder of the three sources as the warehouse would, and refuse one with rejects."""
    frames = {}
    for name, contract in contracts().items():
        schema = pa.schema([(column.name, arrow_type(column.data_type)) for column in contract.columns])
        parts = [schema.empty_table()]
        for path in sorted((folder / contract.source).glob("*")):
            if not contract.matches(path.name):
                continue
            for block in open_reader(path, contract, file_sha256(path)):
                checked = check_block(contract, block)
                if checked.rejects:
                    raise ValueError(f"{path}: {len(checked.rejects)} rejects, the first {checked.rejects[0]}")
                parts.append(checked.table.cast(schema))
        frames[name] = _to_pandas(pa.concat_tables(parts))
    return frames


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _json(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, Decimal | dt.date):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a document")
