"""The daily job on the sample: first run, then warm runs of the same day; work and overhead apart.

Goal: overhead of a warm run at most 12 s on 2 cores. `assay run` prints both itself; this shows its own last lines.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ASSAY = str(Path(sys.executable).parent / "assay")


def main(warm_runs: int = 2) -> None:
    """Print the summary line of each run, on a server and a home of its own."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        environment = {**os.environ, "ASSAY_HOME": home, "ASSAY_PORTFOLIO": "sample", "COLUMNS": "200"}
        for name in ("ASSAY_DATABASE_URL", "ASSAY_LANDING"):
            environment.pop(name, None)
        try:
            for label in ("first", *(f"warm {number}" for number in range(1, warm_runs + 1))):
                done = subprocess.run([ASSAY, "run"], env=environment, capture_output=True, text=True, check=True)
                summary = next(line for line in done.stdout.splitlines() if " in all: work " in line)
                print(f"{label}: {summary}")
        finally:
            subprocess.run([ASSAY, "stop"], env=environment, check=False, capture_output=True)


if __name__ == "__main__":
    main()
