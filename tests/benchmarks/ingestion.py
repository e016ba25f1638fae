"""Loading a file by contract, beside PostgreSQL's own COPY of the same text without any check, in one run."""

import gzip
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

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
      - name: bookings
        identifier: bench__bookings
        description: One row per booking.
        config:
          meta:
            contract_version: 1
            file_pattern: 'bookings\\.csv\\.gz'
            format: {type: csv, delimiter: ",", quote: '"', encoding: utf-8}
            delivery: history
            availability_lag_hours: 0
            key: [id]
            reject_budget: 0.01
        columns:
          - {name: id, data_type: bigint, description: Key, config: {meta: {nullable: false}}}
          - {name: account, data_type: text, description: Account}
          - {name: booked_on, data_type: date, description: Day}
          - {name: amount, data_type: "numeric(18,2)", description: Amount}
          - {name: code, data_type: text, description: Code, config: {meta: {allowed: [A, B, C]}}}
          - {name: note, data_type: text, description: Text}
"""


def main(rows: int = 300_000) -> None:
    """Print rows a second of both, and their ratio."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, database_url=None, dagster_url=None)
    try:
        landing, contracts = home / "landing", home / "contracts"
        landing.mkdir()
        (contracts / "bench").mkdir(parents=True)
        (contracts / "bench" / "_bench__sources.yml").write_text(CONTRACT, encoding="utf-8")
        rng = np.random.default_rng(1)
        frame = pd.DataFrame(
            {
                "id": np.arange(rows),
                "account": rng.integers(1, 50_000, rows),
                "booked_on": (np.datetime64("2026-01-01") + rng.integers(0, 300, rows)).astype(str),
                "amount": rng.integers(1, 1_000_000, rows) / 100,
                "code": rng.choice(["A", "B", "C"], rows),
                "note": "paid at the counter, with thanks",
            }
        )
        frame.to_csv(landing / "bookings.csv.gz", index=False)
        warehouse = open_warehouse(settings)
        started = time.perf_counter()
        (result,) = ingest(warehouse, "bench", landing, staging_dir=contracts)
        ours = time.perf_counter() - started
        assert (result.status, result.accepted) == ("loaded", rows)
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
        print(f"by contract: {rows / ours:,.0f} rows/s ({ours:.1f} s for {rows:,} rows)")
        print(f"plain COPY of text, unchecked: {rows / plain:,.0f} rows/s; ratio {ours / plain:.1f}")
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
