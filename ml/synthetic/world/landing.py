"""Writes a world as the landing files of its three source systems, and continues it.

``<landing>/<source>/<table>_<last day>.<format>``, a file for each table and period. A file gets its name when it is
whole, and the manifests of landing and truth are written last: a run that was killed is taken up where the last one
ended, and what it left is removed.
"""

import datetime as dt
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.synthetic.landing_files import WRITERS, Writer, Written, clear_what_a_killed_run_left, until_of
from ml.synthetic.manifest import Manifest, WorldError, read_manifest, write_manifest
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.engine import Balances, Delivery, Period, stream

# Formats other than CSV; the contracts of the sources name the same, and a test holds the two together.
FORMATS = {
    "core_banking.transactions": "parquet",
    "core_banking.daily_balances": "parquet",
    "core_banking.bureau_reports": "ndjson",
    "crm.persons": "ndjson",
    "crm.contacts": "ndjson",
    "benefit_registry.scheme_rules": "ndjson",
}
_WAITING = 6  # deliveries between generating and writing


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
    since, told_until = until_of(config.identity(), landing), until_of(config.identity(), truth)
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
        clear_what_a_killed_run_left(folder, since, begun=read_manifest(folder) is not None)
    if since == config.until:
        return written
    for folder in (landing, truth):
        write_manifest(folder, Manifest(config.identity(), since))
    (truth / "state").mkdir(exist_ok=True, mode=0o700)
    _Sink(config, landing, truth, written).run(since, balances, on_delivery)
    written.seconds = time.perf_counter() - started
    return written


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
        self._open: dict[tuple[str, str], tuple[Path, Path, Writer]] = {}
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
            self._open[key] = (path, hidden, WRITERS[kind](hidden, delivery.rows.schema))
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
