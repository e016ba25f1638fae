"""Writes a world as the landing files of its three source systems, and continues it.

``<landing>/<source>/<table>_<last day>.<format>``, a file for each table and period. A file gets its name when it is
whole, and the manifests of landing and truth are written last: a run that was killed is taken up where the last one
ended, and what it left is removed.
"""

import datetime as dt
import json
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.engine import Balances, Delivery, Period, stream
from ml.synthetic.world.manifest import Manifest, WorldError, read_manifest, write_manifest

# Formats other than CSV; the contracts of the sources name the same, and a test holds the two together.
FORMATS = {
    "core_banking.transactions": "parquet",
    "core_banking.daily_balances": "parquet",
    "core_banking.bureau_reports": "ndjson",
    "crm.persons": "ndjson",
    "crm.contacts": "ndjson",
    "benefit_registry.scheme_rules": "ndjson",
}
_ROW_GROUP = 131_072
_WAITING = 6  # deliveries between generating and writing
_FILE = re.compile(r"\.?[a-z_]+_(\d{4}-\d{2}-\d{2})\.(?:csv|ndjson|parquet)(?:\.part)?")


@dataclass
class Written:
    """What one call wrote."""

    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    size_bytes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class _Writer(Protocol):
    def write(self, rows: pa.Table) -> None: ...

    def close(self) -> None: ...


def write_world(
    config: WorldConfig, landing: Path, truth: Path, on_delivery: Callable[[Delivery], None] | None = None
) -> Written:
    """Write a world, or the days that an earlier one lacks.

    Parameters
    ----------
    config : WorldConfig
        A later ``until`` of the same world adds files and touches none.
    landing, truth : Path
        Folders; ``truth`` must not lie in ``landing``.
    on_delivery : callable, optional
        Called for each delivery, for progress.

    Returns
    -------
    Written
        Rows, files and bytes by ``source.table``; empty where nothing was to do.

    Raises
    ------
    WorldError
        The folder holds another world or a later one, or files that are of no world.
    """
    started = time.perf_counter()
    if truth.resolve().is_relative_to(landing.resolve()):
        raise WorldError(f"the truth must not lie in the landing folder: {truth} is in {landing}")
    since, told_until = _until_of(config, landing), _until_of(config, truth)
    if since is not None and since > config.until:
        raise WorldError(f"{landing} holds the world until {since}; asked for until {config.until}: the past stays")
    if since is not None and (told_until is None or told_until < since):
        raise WorldError(
            f"{landing} holds the world until {since}, {truth} its truth until {told_until}; name the truth that "
            "belongs to it, or remove both folders"
        )
    balances = None if since is None else _load_balances(config, truth, since)
    written = Written()
    for folder in (landing, truth):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear_what_a_killed_run_left(folder, since, begun=read_manifest(folder) is not None)
    if since == config.until:
        return written
    for folder in (landing, truth):
        write_manifest(folder, Manifest(config.identity(), since))
    (truth / "state").mkdir(exist_ok=True, mode=0o700)
    _Sink(config, landing, truth, written).run(since, balances, on_delivery)
    written.seconds = time.perf_counter() - started
    return written


def _until_of(config: WorldConfig, folder: Path) -> dt.date | None:
    """Last day of the world in the folder; None for an empty one. Another world is refused."""
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    wanted, seen = config.identity(), manifest.identity
    other = sorted(name for name in wanted if wanted[name] != seen.get(name))
    if other:
        told = ", ".join(f"{name} {seen.get(name)!r} there, {wanted[name]!r} asked for" for name in other)
        raise WorldError(f"{folder} holds another world: {told}. Use another folder, or remove that one and its truth")
    return manifest.until


def _clear_what_a_killed_run_left(folder: Path, since: dt.date | None, *, begun: bool) -> None:
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


def _state_path(truth: Path, until: dt.date) -> Path:
    return truth / "state" / f"balances_{until}.npz"


def _load_balances(config: WorldConfig, truth: Path, since: dt.date) -> Balances:
    path = _state_path(truth, since)
    if not path.is_file():
        raise WorldError(f"{path} is missing; without it the world cannot be continued. Generate it anew elsewhere")
    with np.load(path) as stored:
        return {block: stored[f"block_{block}"] for block in range(config.blocks)}


class _Sink:
    """Takes deliveries from the generator and writes them in a thread of its own."""

    def __init__(self, config: WorldConfig, landing: Path, truth: Path, written: Written) -> None:
        self._config, self._landing, self._truth, self._written = config, landing, truth, written
        self._open: dict[tuple[str, str], tuple[Path, Path, _Writer]] = {}
        self._queue: queue.Queue[Delivery | tuple[Period, Balances] | None] = queue.Queue(maxsize=_WAITING)
        self._error: BaseException | None = None

    def run(
        self, since: dt.date | None, balances: Balances | None, on_delivery: Callable[[Delivery], None] | None
    ) -> None:
        thread = threading.Thread(target=self._work, name="landing-writer")
        thread.start()
        try:
            for delivery in stream(self._config, since, balances, on_period=lambda *ended: self._queue.put(ended)):
                if self._error is not None:
                    break
                self._queue.put(delivery)
                if on_delivery is not None:
                    on_delivery(delivery)
        finally:
            self._queue.put(None)
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is not None:
                continue
            try:
                if isinstance(item, Delivery):
                    self._write(item)
                else:
                    self._end_period(*item)
            except BaseException as error:  # noqa: BLE001  raised again in the thread that generates
                self._error = error
        for _, hidden, writer in self._open.values():
            writer.close()
            hidden.unlink(missing_ok=True)

    def _write(self, delivery: Delivery) -> None:
        key = (delivery.source, delivery.table)
        if key not in self._open:
            name = f"{delivery.source}.{delivery.table}"
            is_truth = delivery.source == "truth"
            kind = "parquet" if is_truth else FORMATS.get(name, "csv")
            folder = self._truth if is_truth else self._landing / delivery.source
            folder.mkdir(exist_ok=True, mode=0o700)
            path = folder / f"{delivery.table}_{delivery.until}.{kind}"
            hidden = folder / f".{path.name}.part"
            self._open[key] = (path, hidden, _WRITERS[kind](hidden, delivery.rows.schema))
        self._open[key][2].write(delivery.rows)
        name = ".".join(key)
        self._written.rows[name] = self._written.rows.get(name, 0) + delivery.rows.num_rows

    def _end_period(self, period: Period, balances: Balances) -> None:
        for key, (path, hidden, writer) in self._open.items():
            writer.close()
            hidden.chmod(0o600)
            name = ".".join(key)
            self._written.files[name] = self._written.files.get(name, 0) + 1
            self._written.size_bytes[name] = self._written.size_bytes.get(name, 0) + hidden.stat().st_size
            hidden.replace(path)
        self._open.clear()
        state = _state_path(self._truth, period.until)
        with state.with_suffix(".part").open("wb") as file:
            np.savez(file, allow_pickle=False, **{f"block_{block}": cents for block, cents in balances.items()})
        state.with_suffix(".part").replace(state)
        # The truth first: landing files are never ahead of it, and a run killed in between is taken up from them.
        for folder in (self._truth, self._landing):
            write_manifest(folder, Manifest(self._config.identity(), period.until))
        for old in (self._truth / "state").glob("balances_*.npz"):
            if old != state:
                old.unlink()


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


_WRITERS: dict[str, Callable[[Path, pa.Schema], _Writer]] = {"parquet": _Parquet, "csv": _Csv, "ndjson": _Ndjson}


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
