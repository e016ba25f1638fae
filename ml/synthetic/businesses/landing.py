"""Writes businesses as the landing files of their three sources: ``<landing>/<source>/<table>_<until>.<format>``.

A file gets its name when it is whole, and the manifests of truth and landing are written last. A later ``until`` of the
same set adds files with what became known since and touches none.
"""

import time
from collections.abc import Callable
from pathlib import Path

from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.engine import Delivery, stream
from ml.synthetic.landing_files import WRITERS, Writer, Written, clear_what_a_killed_run_left, until_of
from ml.synthetic.manifest import Manifest, WorldError, read_manifest, write_manifest

# Formats other than CSV; the contracts of the sources name the same, and a test holds the two together.
FORMATS = {
    "msme_bank.transactions": "parquet",
    "gst_network.gst_invoices": "parquet",
    "open_networks.mutual_funds": "ndjson",
    "open_networks.policies": "ndjson",
    "open_networks.ocen_applications": "ndjson",
    "open_networks.ondc_orders": "ndjson",
}


def write_businesses(
    config: BusinessConfig, landing: Path, truth: Path, on_delivery: Callable[[Delivery], None] | None = None
) -> Written:
    """Write a set of businesses, or the days that an earlier call left out.

    Parameters
    ----------
    config : BusinessConfig
        What to write, and until which day.
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
        A folder holds another set or a later one, or files of none.
    """
    started = time.perf_counter()
    if truth.resolve().is_relative_to(landing.resolve()):
        raise WorldError(f"the truth must not lie in the landing folder: {truth} is in {landing}")
    since, told_until = until_of(config.identity(), landing), until_of(config.identity(), truth)
    if since is not None and since > config.until:
        raise WorldError(f"{landing} holds the set until {since}; asked for until {config.until}: the past stays")
    if since is not None and (told_until is None or told_until < since):
        raise WorldError(
            f"{landing} holds the businesses until {since}, {truth} their truth until {told_until}; name the truth "
            "that belongs to them, or remove both folders"
        )
    written = Written()
    for folder in (landing, truth):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear_what_a_killed_run_left(folder, since, begun=read_manifest(folder) is not None)
    if since == config.until:
        return written
    for folder in (landing, truth):
        write_manifest(folder, Manifest(config.identity(), since))
    files: dict[str, tuple[Path, Path, Writer]] = {}
    try:
        for delivery in stream(config, since):
            _write(config, landing, truth, delivery, files, written)
            if on_delivery is not None:
                on_delivery(delivery)
    except BaseException:
        for _, hidden, writer in files.values():
            writer.close()
            hidden.unlink(missing_ok=True)
        raise
    for _, _, writer in files.values():
        writer.close()
    for name, (path, hidden, _) in files.items():
        hidden.chmod(0o600)
        written.files[name], written.size_bytes[name] = 1, hidden.stat().st_size
        hidden.replace(path)
    for folder in (truth, landing):
        write_manifest(folder, Manifest(config.identity(), config.until))
    written.seconds = time.perf_counter() - started
    return written


def _write(
    config: BusinessConfig,
    landing: Path,
    truth: Path,
    delivery: Delivery,
    files: dict[str, tuple[Path, Path, Writer]],
    written: Written,
) -> None:
    name = f"{delivery.source}.{delivery.table}"
    if name not in files:
        is_truth = delivery.source == "truth"
        kind = "parquet" if is_truth else FORMATS.get(name, "csv")
        folder = truth if is_truth else landing / delivery.source
        folder.mkdir(exist_ok=True, mode=0o700)
        path = folder / f"{delivery.table}_{config.until}.{kind}"
        hidden = folder / f".{path.name}.part"
        files[name] = path, hidden, WRITERS[kind](hidden, delivery.rows.schema)
    files[name][2].write(delivery.rows)
    written.rows[name] = written.rows.get(name, 0) + delivery.rows.num_rows
