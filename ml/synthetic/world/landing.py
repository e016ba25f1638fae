"""Writes a world as the landing files of its three source systems, and continues it.

``<landing>/<source>/<table>_<last day>.<format>``, a file for each table and period. A file gets its name when it is
whole, and the folder's manifest is written last: a run that was killed is taken up where the last one ended.
"""

import datetime as dt
import json
import queue
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
from ml.synthetic.world.manifest import MANIFEST, read_manifest

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


class WorldError(ValueError):
    """The landing folder holds another world, or a later one; says which and what to do."""


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
    since = _since(config, landing)
    written = Written()
    if since == config.until:
        return written
    for folder in (landing, truth, truth / "state"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    balances = None if since is None else _load_balances(config, truth, since)
    _Sink(config, landing, truth, written).run(since, balances, on_delivery)
    written.seconds = time.perf_counter() - started
    return written


def _since(config: WorldConfig, landing: Path) -> dt.date | None:
    """Last day of the world in the folder; None for an empty one."""
    manifest = read_manifest(landing)
    if manifest is None:
        return None
    wanted, seen = config.identity(), manifest["identity"]
    other = sorted(name for name in wanted if wanted[name] != seen.get(name))
    if other:
        told = ", ".join(f"{name} {seen.get(name)!r} there, {wanted[name]!r} asked for" for name in other)
        raise WorldError(f"{landing} holds another world: {told}. Use another folder, or remove that one and its truth")
    until = dt.date.fromisoformat(manifest["until"])
    if until > config.until:
        raise WorldError(f"{landing} holds the world until {until}; asked for until {config.until}: the past stays")
    return until


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
        manifest = {"identity": self._config.identity(), "until": period.until.isoformat()}
        hidden = self._landing / f"{MANIFEST}.part"
        hidden.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        hidden.chmod(0o600)
        hidden.replace(self._landing / MANIFEST)
        for old in (self._truth / "state").glob("balances_*.npz"):
            if old != state:
                old.unlink()


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = pa.schema([pa.field(item.name, _plain(item.type)) for item in schema])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", store_schema=False)

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
