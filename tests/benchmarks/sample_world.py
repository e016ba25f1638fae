"""Generating and writing a world: transactions a second and peak memory, each size in a process of its own."""

import subprocess
import sys
import tempfile

_RUN = """
import datetime as dt, resource, sys
from pathlib import Path
from ml.synthetic.world import WorldConfig, write_world
people, until, folder = int(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]), Path(sys.argv[3])
written = write_world(WorldConfig(people=people, until=until), folder / "landing", folder / "truth")
booked = written.rows["core_banking.transactions"]
print(f"{booked:,} transactions, {sum(written.rows.values()):,} rows in {written.seconds:.1f} s: "
      f"{booked / written.seconds:,.0f} transactions/s, peak "
      f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GB")
"""
_SIZES = ((30_000, "2026-09-30", "12 months; goal 300,000/s and 2 GB"), (1_000_000, "2025-10-31", "1 month; goal 4 GB"))


def main() -> None:
    """Print both sizes."""
    for people, until, label in _SIZES:
        with tempfile.TemporaryDirectory(prefix="assay-b-") as folder:
            result = subprocess.run(
                [sys.executable, "-c", _RUN, str(people), until, folder], capture_output=True, text=True, check=True
            )
        print(f"{people:,} people, {label}: {result.stdout.strip()}")


if __name__ == "__main__":
    main()
