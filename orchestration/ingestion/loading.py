"""One file into ``raw``, in one transaction: stage, hash, compare, insert, and write down what happened.

Nothing of a file that is refused reaches ``raw``; that it was refused, why, and which rows, is kept in
``ops``.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

from orchestration.ingestion.number_series import SeriesColumn, refuse_taken
from orchestration.ingestion.raw_table import raw_table
from orchestration.ingestion.reading import FileReader, open_reader
from orchestration.ingestion.records import Reject
from orchestration.ingestion.results import LoadResult
from orchestration.ingestion.rows import StoppedFileError
from orchestration.ingestion.staging import create_staging, drop_staging, stage, stage_rejects
from orchestration.ingestion.table_contract import TableContract, numeric_precision
from orchestration.ingestion.text_blocks import BLOCK_BYTES, UnreadableFileError

_SHOWN_REASONS = 5
# In the place of a file's hash where what came of it says nothing of the same bytes next time.
NO_HASH = ""
_NO_MEMORY = (
    "reading the file takes more memory than there is: split it, load it where there is more, "
    "or get it again if it may be damaged"
)


@dataclass(frozen=True)
class FileToLoad:
    """One file with all that is known of it before it is read."""

    contract: TableContract
    path: Path
    name: str
    sha256: str
    delivered_on: dt.date | None
    series: dict[str, list[SeriesColumn]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Counts:
    staged: int
    rejected: int
    has_repeats: bool = False

    @property
    def read(self) -> int:
        return self.staged + self.rejected


def load_file(connection: psycopg.Connection[Any], file: FileToLoad, *, block_bytes: int = BLOCK_BYTES) -> LoadResult:
    """Load one file whose raw table exists. The caller holds the lock of ingestion.

    Parameters
    ----------
    connection : psycopg connection
        In autocommit, as the role of ingestion.
    file : FileToLoad
        What to load.
    block_bytes : int
        Bytes of text taken at a time.

    Returns
    -------
    LoadResult
        ``loaded``, ``stopped`` or ``quarantined``.
    """
    try:
        with connection.transaction():
            return _load(connection, file, open_reader(file.path, file.contract, file.sha256, block_bytes))
    except UnreadableFileError as error:
        return record_refusal(connection, file, "quarantined", str(error))
    except MemoryError:
        # Without the file's hash, because the next try may find more memory.
        return record_refusal(connection, replace(file, sha256=NO_HASH), "quarantined", _NO_MEMORY)
    except StoppedFileError as error:
        return record_refusal(connection, file, "stopped", str(error))
    except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
        # The server's message shows the value; its code does not. The cause is cut off for the same reason.
        return record_refusal(connection, file, "stopped", f"the server refuses a value (SQLSTATE {error.sqlstate})")


def _load(connection: psycopg.Connection[Any], file: FileToLoad, reader: FileReader) -> LoadResult:
    create_staging(connection, file.contract)
    stage(connection, file.contract, reader)
    has_repeats = _reject_conflicts(connection, file.contract, reader)
    taken, told = refuse_taken(connection, file.contract, reader, file.name, file.series)
    stage_rejects(connection, taken)
    reader.warnings += told
    counts = _count(connection, has_repeats=has_repeats)
    load_id = _next_load_id(connection)
    if counts.rejected > file.contract.reject_budget * counts.read:
        message = "; ".join([_over_budget(connection, file, counts, load_id), *told])
        _write_load(connection, file, load_id, "stopped", counts, message=message)
        _write_rejects(connection, file, load_id)
        drop_staging(connection)
        return LoadResult(
            file.contract.name,
            file.name,
            "stopped",
            counts.read,
            rejected=counts.rejected,
            message=message,
        )
    accepted = _insert(connection, file, load_id, counts)
    message = "; ".join(reader.warnings)
    _write_load(connection, file, load_id, "loaded", counts, accepted=accepted, message=message)
    _write_rejects(connection, file, load_id)
    drop_staging(connection)
    return LoadResult(
        table=file.contract.name,
        file=file.name,
        status="loaded",
        read=counts.read,
        accepted=accepted,
        rejected=counts.rejected,
        duplicates=counts.staged - accepted,
        warnings=tuple(reader.warnings),
    )


def record_refusal(
    connection: psycopg.Connection[Any],
    file: FileToLoad,
    status: Literal["stopped", "quarantined"],
    message: str,
) -> LoadResult:
    """Write down that a file was not loaded at all."""
    with connection.transaction():
        load_id = _next_load_id(connection)
        _write_load(connection, file, load_id, status, _Counts(0, 0), message=message)
    return LoadResult(file.contract.name, file.name, status, message=message)


def row_hash(contract: TableContract) -> sql.Composable:
    """SQL expression of the row's hash.

    Each value is written with its name, text also with its length, so that no two rows write the same.
    NULLs are left out and numbers lose trailing zeros: a column that is added later, or widened, leaves the
    hashes of stored rows as they are. ``prepare_session`` sets how dates and times are written.
    """
    parts = []
    for column in sorted(contract.columns, key=lambda item: item.name):
        name, label = sql.Identifier(column.name), sql.Literal(f"{column.name}=")
        if column.data_type == "text":
            parts.append(sql.SQL("{label} || length({name}) || ':' || {name}").format(label=label, name=name))
        elif numeric_precision(column.data_type):
            parts.append(sql.SQL("{} || trim_scale({})::text").format(label, name))
        else:
            parts.append(sql.SQL("{} || {}::text").format(label, name))
    joined = sql.SQL("concat_ws(';', {})").format(sql.SQL(", ").join(parts))
    return sql.SQL("left(encode(sha256(convert_to({}, 'UTF8')), 'hex'), 32)").format(joined)


def prepare_session(connection: psycopg.Connection[Any]) -> None:
    """Settings that ``row_hash`` counts on."""
    connection.execute("set datestyle = 'ISO, YMD'")
    connection.execute("set timezone = 'UTC'")
    connection.execute("set extra_float_digits = 1")


def _reject_conflicts(connection: psycopg.Connection[Any], contract: TableContract, reader: FileReader) -> bool:
    """Hash the staged rows; reject those whose key comes with two contents in one file. Whether keys repeat."""
    connection.execute(
        sql.SQL("create temporary table assay_staged as select *, {} as _row_hash from assay_rows").format(
            row_hash(contract)
        )
    )
    connection.execute("analyze assay_staged")
    has_repeats = True
    if contract.key:
        keys = sql.SQL(", ").join(map(sql.Identifier, contract.key))
        s_keys = sql.SQL(", ").join(sql.Identifier("s", name) for name in contract.key)
        same_key = sql.SQL(" and ").join(sql.SQL("s.{0} = d.{0}").format(sql.Identifier(name)) for name in contract.key)
        rows = connection.execute(
            sql.SQL(
                "with d as (select {keys} from assay_staged group by {keys} having count(*) > 1) "
                "select s._line, min(s._row_hash) over same <> max(s._row_hash) over same "
                "from assay_staged s join d on {same_key} window same as (partition by {s_keys})"
            ).format(keys=keys, same_key=same_key, s_keys=s_keys)
        ).fetchall()
        has_repeats = bool(rows)
        lines = frozenset(line for line, is_conflict in rows if is_conflict)
        if lines:
            connection.execute("delete from assay_staged where _line = any(%s)", (list(lines),))
            column = ", ".join(contract.key)
            stage_rejects(
                connection,
                (Reject(line, column, "key_conflict", text) for line, text in reader.records_at(lines)),
            )
    return has_repeats


def _count(connection: psycopg.Connection[Any], *, has_repeats: bool) -> _Counts:
    row = connection.execute(
        "select (select count(*) from assay_staged), (select count(*) from assay_rejects)"
    ).fetchone()
    assert row is not None
    return _Counts(row[0], row[1], has_repeats)


def _next_load_id(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select nextval('ops.loads_load_id_seq')").fetchone()
    assert row is not None
    return int(row[0])


def _over_budget(connection: psycopg.Connection[Any], file: FileToLoad, counts: _Counts, load_id: int) -> str:
    reasons = connection.execute(
        "select reason_code, column_name, count(*), min(line_number) from assay_rejects "
        "group by reason_code, column_name order by count(*) desc, min(line_number) limit %s",
        (_SHOWN_REASONS,),
    ).fetchall()
    shown = "; ".join(
        f"{reason}{f' in {column}' if column else ''}: {number}, first in line {line}"
        for reason, column, number, line in reasons
    )
    return (
        f"reject_budget: {counts.rejected} of {counts.read} rows rejected, allowed "
        f"{file.contract.reject_budget:.2%} "
        f"({shown}). Nothing of the file is loaded; the rows are in ops.rejects, load_id {load_id}"
    )


def _insert(connection: psycopg.Connection[Any], file: FileToLoad, load_id: int, counts: _Counts) -> int:
    """Staged rows into raw; returns how many are new."""
    contract, table = file.contract, raw_table(file.contract)
    # The same file by an earlier contract: its rows are read anew and keep the time they were first known.
    earlier = connection.execute(
        "select coalesce(array_agg(load_id), '{}'), min(loaded_at) from ops.loads where source = %s and "
        "table_name = %s "
        "and sha256 = %s and status = 'loaded' and delivered_on is not distinct from %s",
        (contract.source, contract.name, file.sha256, file.delivered_on),
    ).fetchone()
    assert earlier is not None
    load_ids, first_loaded_at = earlier
    # Values as literals: beside parameters, a per cent sign in a column's name would count as one.
    values = {
        "file": sql.Literal(file.name),
        "sha256": sql.Literal(file.sha256),
        "loaded_at": sql.Literal(first_loaded_at),
        "load_id": sql.Literal(load_id),
        "day": sql.Literal(file.delivered_on),
    }
    same_row = sql.SQL(" and ").join(
        sql.SQL("r.{0} = s.{0}").format(sql.Identifier(name)) for name in (*contract.key, "_row_hash")
    )
    if load_ids:
        # A row that other files brought as well stays, with the days of all of them.
        connection.execute(
            sql.SQL(
                "delete from {table} r where _load_id = any({ids}) and (_delivered_days is null or not exists "
                "(select from assay_staged s where {same_row}))"
            ).format(table=table, ids=sql.Literal(load_ids), same_row=same_row)
        )
    if contract.delivery != "snapshot":
        # One row whatever the number of deliveries, and all their days, whichever file comes first: every order gives
        # the same state, and a row that another one replaced and that came back can be told from one that stayed.
        # Days that follow each other are one range. The row counts as loaded anew: incremental models have to look
        # at it again.
        days = sql.SQL("coalesce(r._delivered_days, {})").format(_one_day(sql.SQL("r._delivered_on")))
        connection.execute(
            sql.SQL(
                "update {table} r set _delivered_days = {days} + {new_day}, "
                "_delivered_on = greatest(r._delivered_on, {day}), _load_id = {load_id} from assay_staged s "
                "where {same_row} and r._delivered_on is distinct from {day} and not {days} @> {new_day}"
            ).format(table=table, same_row=same_row, days=days, new_day=_one_day(values["day"]), **values)
        )
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in contract.columns)
    # Nothing can repeat in an empty table (the caller is the only writer), and looking for it costs a third.
    row = connection.execute(sql.SQL("select exists (select from {})").format(table)).fetchone()
    may_repeat = counts.has_repeats or row is None or row[0]
    inserted = connection.execute(
        sql.SQL(
            "insert into {table} ({names}, _file, _line, _sha256, _loaded_at, _load_id, _delivered_on, "
            "_row_hash, _delivered_days) "
            "select {names}, {file}, _line, {sha256}, coalesce({loaded_at}, transaction_timestamp()), "
            "{load_id}, "
            "{day}, _row_hash, {days} from assay_staged {on_conflict}"
        ).format(
            table=table,
            names=names,
            on_conflict=sql.SQL("on conflict do nothing" if may_repeat else ""),
            # A snapshot's rows are kept apart by day, so each may be one of several deliveries of the same.
            days=_one_day(values["day"]) if contract.delivery == "snapshot" else sql.SQL("null::datemultirange"),
            **values,
        )
    )
    return inserted.rowcount


def _one_day(day: sql.Composable) -> sql.Composable:
    """SQL expression of the set of one delivery date; a file without a date came before all that have one."""
    date = sql.SQL("coalesce({}::date, '0001-01-01')").format(day)
    return sql.SQL("datemultirange(daterange({0}, {0}, '[]'))").format(date)


def _write_load(
    connection: psycopg.Connection[Any],
    file: FileToLoad,
    load_id: int,
    status: str,
    counts: _Counts,
    *,
    accepted: int = 0,
    message: str = "",
) -> None:
    duplicates = counts.staged - accepted if status == "loaded" else 0
    connection.execute(
        "insert into ops.loads (load_id, source, table_name, file_name, sha256, contract_hash, status, "
        "rows_read, "
        "rows_accepted, rows_rejected, rows_duplicate, delivered_on, loaded_at, message) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, transaction_timestamp(), %s)",
        (
            load_id,
            file.contract.source,
            file.contract.name,
            file.name,
            file.sha256,
            file.contract.contract_hash,
            status,
            counts.read,
            accepted,
            counts.rejected,
            duplicates,
            file.delivered_on,
            message or None,
        ),
    )


def _write_rejects(connection: psycopg.Connection[Any], file: FileToLoad, load_id: int) -> None:
    connection.execute(
        "insert into ops.rejects (load_id, source, table_name, file_name, sha256, line_number, column_name, "
        "reason_code, record) select %s, %s, %s, %s, %s, line_number, column_name, reason_code, record "
        "from assay_rejects order by line_number",
        (load_id, file.contract.source, file.contract.name, file.name, file.sha256),
    )
