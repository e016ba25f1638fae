"""Writes the sample as landing files: CSV, compressed where it is worth it, the same bytes every time."""

import gzip
import io
import json
from pathlib import Path

import pandas as pd

from ml.synthetic.config import SampleConfig
from ml.synthetic.portfolio import amounts_in_cents, generate

RECORD_NAME = ".generated.json"
_COMPRESS_FROM_ROWS = 2_000


def is_current(folder: Path, config: SampleConfig) -> bool:
    """Whether the folder already holds this configuration as this version of the generator makes it."""
    record = folder / RECORD_NAME
    if not record.is_file():
        return False
    written = json.loads(record.read_text(encoding="utf-8"))
    files = written.pop("files")
    return bool(written == config.fingerprint()) and all((folder / name).is_file() for name in files)


def write_landing(tables: dict[str, pd.DataFrame], folder: Path, config: SampleConfig) -> list[Path]:
    """Write one file a table, each in one step; nothing happens where the folder is current.

    Returns
    -------
    list of Path
        The files written; empty where the folder was current.
    """
    if is_current(folder, config):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    # Without the record a run that stops half-way is started again.
    (folder / RECORD_NAME).unlink(missing_ok=True)
    written = [_write_table(name, table, folder) for name, table in sorted(tables.items())]
    for old in folder.glob("*.csv*"):
        if old not in written and old.name.partition(".")[0] in tables:
            old.unlink()
    record = {**config.fingerprint(), "files": [path.name for path in written]}
    _replace(folder / RECORD_NAME, (json.dumps(record, indent=2, sort_keys=True) + "\n").encode())
    return written


def ensure_landing(config: SampleConfig, folder: Path) -> list[Path]:
    """Make and write the sample unless the folder already holds it; returns the files written."""
    return [] if is_current(folder, config) else write_landing(generate(config), folder, config)


def _write_table(name: str, table: pd.DataFrame, folder: Path) -> Path:
    text = io.StringIO()
    _as_delivered(name, table).to_csv(text, index=False, lineterminator="\n")
    content = text.getvalue().encode()
    if len(table) < _COMPRESS_FROM_ROWS:
        return _replace(folder / f"{name}.csv", content)
    return _replace(folder / f"{name}.csv.gz", gzip.compress(content, compresslevel=9, mtime=0))


def _as_delivered(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Text of every column that pandas would otherwise write in its own way: money and instants."""
    delivered = table.copy()
    for column in amounts_in_cents(name):
        cents = table[column].astype("Int64")
        sign, size = cents.lt(0).map({True: "-", False: ""}), cents.abs()
        text = sign + (size // 100).astype("string") + "." + (size % 100).astype("string").str.zfill(2)
        delivered[column] = text.where(cents.notna())
    for column in table.select_dtypes("datetime").columns:
        has_time = (table[column].dropna() != table[column].dropna().dt.normalize()).any()
        delivered[column] = table[column].dt.strftime("%Y-%m-%dT%H:%M:%S" if has_time else "%Y-%m-%d")
    return delivered


def _replace(path: Path, content: bytes) -> Path:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    return partial.replace(path)
