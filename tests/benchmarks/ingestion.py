"""Loading the same rows by contract from each format, beside PostgreSQL's own COPY of unchecked text, in one run."""

import gzip
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingestion import ingest
from orchestration.settings import load_settings
from orchestration.warehouse import Role, open_warehouse, stop_warehouse

CONTRACT = """
version: 2
sources:
  - name: bench
    schema: raw
    description: Generated rows.
    config: {meta: {time_zone: UTC, currency: USD}}
    tables:
"""
TABLE = """
      - name: bookings_{kind}
        identifier: bench__bookings_{kind}
        description: One row per booking.
        config:
          meta:
            contract_version: 1
            file_pattern: 'bookings\\.{pattern}'
            format: {{type: {kind}}}
            delivery: history
            availability_lag_hours: 0
            key: [id]
            reject_budget: 0.01
        columns:
          - {{name: id, data_type: bigint, description: Key, config: {{meta: {{nullable: false}}}}}}
          - {{name: account, data_type: text, description: Account}}
          - {{name: booked_on, data_type: date, description: Day}}
          - {{name: amount, data_type: "numeric(18,2)", description: Amount}}
          - {{name: code, data_type: text, description: Code, config: {{meta: {{allowed: [A, B, C]}}}}}}
          - {{name: note, data_type: text, description: Text}}
"""
FILES = {"csv": "csv.gz", "ndjson": "ndjson.gz", "parquet": "parquet"}


def main(rows: int = 300_000) -> None:
    """Print rows a second of both, and their ratio."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, database_url=None, dagster_url=None)
    try:
        landing, contracts = home / "landing", home / "contracts"
        landing.mkdir()
        (contracts / "bench").mkdir(parents=True)
        (contracts / "bench" / "_bench__sources.yml").write_text(
            CONTRACT
            + "".join(TABLE.format(kind=kind, pattern=name.replace(".", r"\.")) for kind, name in FILES.items()),
            encoding="utf-8",
        )
        rng = np.random.default_rng(1)
        frame = pd.DataFrame(
            {
                "id": np.arange(rows),
                "account": rng.integers(1, 50_000, rows).astype(str),
                "booked_on": (np.datetime64("2026-01-01") + rng.integers(0, 300, rows)).astype(str),
                "amount": rng.integers(1, 1_000_000, rows) / 100,
                "code": rng.choice(["A", "B", "C"], rows),
                "note": "paid at the counter, with thanks",
            }
        )
        frame.to_csv(landing / "bookings.csv.gz", index=False)
        frame.to_json(landing / "bookings.ndjson.gz", orient="records", lines=True)
        write_typed(frame, landing / "bookings.parquet")
        warehouse = open_warehouse(settings)
        ours = {}
        for kind in FILES:
            started = time.perf_counter()
            results = ingest(warehouse, "bench", landing, tables=[f"bookings_{kind}"], staging_dir=contracts)
            ours[kind] = time.perf_counter() - started
            assert [(result.status, result.accepted) for result in results] == [("loaded", rows)]
        started = time.perf_counter()
        with warehouse.connect(Role.INGEST) as connection:
            columns = ", ".join(f"{name} text" for name in frame.columns)
            connection.execute(f"create table raw.plain ({columns})")
            with (
                gzip.open(landing / "bookings.csv.gz", "rb") as file,
                connection.cursor().copy("copy raw.plain from stdin (format csv, header)") as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)
        plain = time.perf_counter() - started
        print(f"plain COPY of text, unchecked: {rows / plain:,.0f} rows/s")
        for kind, seconds in ours.items():
            print(f"{kind} by contract: {rows / seconds:,.0f} rows/s; {seconds / plain:.1f} times plain COPY's time")
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


def write_typed(frame: pd.DataFrame, path: Path) -> None:
    """The same rows with the contract's own types."""
    typed = pa.Table.from_pandas(frame, preserve_index=False)
    typed = typed.set_column(2, "booked_on", typed.column("booked_on").cast(pa.date32()))
    pq.write_table(typed.set_column(3, "amount", typed.column("amount").cast(pa.decimal128(18, 2))), path)


if __name__ == "__main__":
    main()
