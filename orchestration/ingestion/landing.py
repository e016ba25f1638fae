"""All files of a source: which contract asks for which file, in what order, under which lock."""

import datetime as dt
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from orchestration.ingestion.contract import ContractError, TableContract, load_contracts
from orchestration.ingestion.raw_table import RawTableError, ensure_raw_table, raw_table
from orchestration.ingestion.results import IngestionError, LoadResult
from orchestration.ingestion.text_blocks import BLOCK_BYTES, file_sha256
from orchestration.portfolio import STAGING_DIR
from orchestration.warehouse import Role, Warehouse

if TYPE_CHECKING:
    from orchestration.ingestion.loading import FileToLoad
    from orchestration.ingestion.number_series import SeriesColumn

# Any constant will do; the lock is per database.
_LOCK = "select pg_advisory_lock(hashtextextended('assay.ingestion', 0))"
Progress = Callable[[LoadResult], None]


@dataclass(frozen=True)
class _Match:
    contract: TableContract
    path: Path
    name: str


def ingest(
    warehouse: Warehouse,
    source: str,
    landing: Path,
    *,
    tables: Collection[str] | None = None,
    progress: Progress | None = None,
    staging_dir: Path = STAGING_DIR,
    block_bytes: int = BLOCK_BYTES,
) -> list[LoadResult]:
    """Load what is new in a landing folder. One at a time per database; a second caller waits.

    Parameters
    ----------
    warehouse : Warehouse
        Of the portfolio.
    source : str
        Folder of its contracts.
    landing : Path
        Folder with the files; only read. Hidden files and folders in it are left alone.
    tables : collection of str, optional
        Only these tables of the source.
    progress : callable, optional
        Called with each result as it comes.
    staging_dir, block_bytes
        Where the contracts are; bytes of text taken at a time.

    Returns
    -------
    list of LoadResult
        One per file and one per table without a file, files in order of delivery and name; before them the names that
        no contract of the source, or more than one, asks for, whatever ``tables`` says.

    Raises
    ------
    ContractError
        The contracts are not valid; nothing was done.
    IngestionError
        After everything else was tried: files that stopped, files that two contracts ask for, tables that do
        not fit their contract.
    """
    # Brings Arrow along, which the definitions of Dagster need not wait for.
    from orchestration.ingestion.loading import prepare_session
    from orchestration.ingestion.number_series import columns_elsewhere

    known = load_contracts(source, staging_dir)
    contracts = _chosen(known, tables)
    series = columns_elsewhere(known, source, staging_dir)
    if not landing.is_dir():
        raise IngestionError(f"{landing}: there is no such folder; put the files of {source} there, or set LANDING", [])
    results: list[LoadResult] = []

    def report(result: LoadResult, started: float) -> None:
        results.append(result.after(time.perf_counter() - started))
        if progress is not None:
            progress(results[-1])

    # All of them decide what is strange or ambiguous, also when only some tables are loaded: a misspelt name belongs to
    # no table, so whoever names tables would never hear of it.
    matches, unclear = _match(known, landing)
    for result in unclear:
        report(result, time.perf_counter())
    with warehouse.connect(Role.INGEST, autocommit=True) as connection:
        prepare_session(connection)
        connection.execute(_LOCK)
        for contract in contracts:
            started = time.perf_counter()
            mine = [match for match in matches if match.contract.name == contract.name]
            try:
                with connection.transaction():
                    if ensure_raw_table(connection, contract):
                        _refuse_forgotten_loads(connection, contract)
            except RawTableError as error:
                report(LoadResult(contract.name, None, "stopped", message=str(error)), started)
                continue
            if not mine:
                message = f"no file in the landing folder matches {contract.file_pattern}"
                report(LoadResult(contract.name, None, "no_file", message=message), started)
            accepted = 0
            for match in mine:
                started = time.perf_counter()
                result = _load(connection, match, series, block_bytes)
                accepted += result.accepted
                report(result, started)
            if accepted:
                connection.execute(sql.SQL("analyze {}").format(raw_table(contract)))
    _raise_refused(source, results)
    return results


def raw_row_counts(warehouse: Warehouse, source: str, staging_dir: Path = STAGING_DIR) -> dict[str, int]:
    """Rows in ``raw`` of each table of the source; tables that were never made are left out."""
    counts = {}
    with warehouse.connect(Role.INGEST, autocommit=True) as connection:
        for contract in load_contracts(source, staging_dir):
            name = raw_table(contract)
            known = connection.execute("select to_regclass(%s)", (name.as_string(connection),)).fetchone()
            if known is None or known[0] is None:
                continue
            row = connection.execute(sql.SQL("select count(*) from {}").format(name)).fetchone()
            assert row is not None
            counts[contract.name] = int(row[0])
    return counts


def _chosen(contracts: list[TableContract], tables: Collection[str] | None) -> list[TableContract]:
    known = [contract.name for contract in contracts]
    unknown = sorted(set(tables or ()) - set(known))
    if unknown:
        raise ContractError(f"no contract for the tables {', '.join(unknown)}; there are: {', '.join(known)}")
    return [contract for contract in contracts if tables is None or contract.name in tables]


def _match(contracts: list[TableContract], landing: Path) -> tuple[list[_Match], list[LoadResult]]:
    matches, unclear = [], []
    for path in sorted(landing.iterdir(), key=lambda item: item.name):
        if path.name.startswith("."):
            continue
        # A name may hold bytes that are no UTF-8.
        name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
        if not path.is_file():
            unclear.append(LoadResult(None, name, "unmatched", message="no regular file: left alone"))
            continue
        asking = [contract for contract in contracts if contract.matches(path.name)]
        if len(asking) == 1:
            matches.append(_Match(asking[0], path, name))
        elif asking:
            names = ", ".join(contract.name for contract in asking)
            message = f"the contracts of {names} all match the name; narrow their file_pattern"
            unclear.append(LoadResult(None, name, "ambiguous", message=message))
        else:
            unclear.append(LoadResult(None, name, "unmatched", message="no contract of the source matches the name"))
    return sorted(matches, key=_order), unclear


def _order(match: _Match) -> tuple[dt.date, str]:
    try:
        day = match.contract.delivered_on(match.path.name)
    except ContractError:  # told when the file's turn comes
        day = None
    return day or dt.date.min, match.name


def _load(
    connection: psycopg.Connection[Any], match: _Match, series: "dict[str, list[SeriesColumn]]", block_bytes: int
) -> LoadResult:
    from orchestration.ingestion.loading import NO_HASH, FileToLoad, load_file, record_refusal

    contract = match.contract
    try:
        sha256 = file_sha256(match.path)
    except OSError as error:
        file = FileToLoad(contract, match.path, match.name, NO_HASH, None)
        message = f"the file cannot be read: {error.strerror or type(error).__name__}"
        return record_refusal(connection, file, "quarantined", message)
    try:
        delivered_on = contract.delivered_on(match.path.name)
    except ContractError as error:
        delivered_on, fault = None, str(error)
    else:
        fault = ""
        if contract.delivery == "snapshot" and delivered_on is None:
            fault = "a snapshot needs its date in the file name, group snapshot_on of file_pattern"
    file = FileToLoad(contract, match.path, match.name, sha256, delivered_on, series)
    return _seen_before(connection, file) or (
        record_refusal(connection, file, "stopped", fault)
        if fault
        else load_file(connection, file, block_bytes=block_bytes)
    )


def _seen_before(connection: psycopg.Connection[Any], file: "FileToLoad") -> LoadResult | None:
    """What came of the same bytes under the same contract; reading them again would give the same."""
    row = connection.execute(
        "select status, file_name, message, rows_read, rows_rejected from ops.loads where source = %s "
        "and table_name = %s and sha256 = %s and contract_hash = %s and delivered_on is not distinct from %s "
        "order by load_id desc limit 1",
        (
            file.contract.source,
            file.contract.name,
            file.sha256,
            file.contract.contract_hash,
            file.delivered_on,
        ),
    ).fetchone()
    if row is None:
        return None
    status, name, message, read, rejected = row
    if status == "loaded":
        return LoadResult(file.contract.name, file.name, "unchanged", message=f"loaded before as {name}")
    return LoadResult(file.contract.name, file.name, status, read=read, rejected=rejected, message=message or "")


def _refuse_forgotten_loads(connection: psycopg.Connection[Any], contract: TableContract) -> None:
    row = connection.execute(
        "select count(*) from ops.loads where source = %s and table_name = %s and contract_hash = %s "
        "and status = 'loaded'",
        (contract.source, contract.name, contract.contract_hash),
    ).fetchone()
    if row is not None and row[0]:
        raise RawTableError(
            f"raw.{contract.identifier} was gone and is empty now, but ops.loads knows {row[0]} loads "
            "into it. "
            f"Restore the table, or delete those rows of ops.loads (assay psql --role admin) to load the "
            "files again"
        )


def _raise_refused(source: str, results: list[LoadResult]) -> None:
    refused = [result for result in results if result.status in ("stopped", "ambiguous")]
    if refused:
        lines = [f"  {result.file or result.table}: {result.message}" for result in refused]
        raise IngestionError(
            f"{source}: {len(refused)} refused, {sum(r.status == 'loaded' for r in results)} loaded\n"
            + "\n".join(lines),
            results,
        )
