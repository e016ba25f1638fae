"""Raw files of Complete Journey to published gold on a database of its own. Goal: at most 60 s warm on 2 cores.

Warm: packages compiled, the server up and the dbt project parsed; the files are loaded from nothing.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

ASSAY = str(Path(sys.executable).parent / "assay")
LANDING = PROJECT_ROOT.parent / "shared" / "data" / "complete_journey"


def main() -> None:
    """Print the summary line of the first run."""
    if not LANDING.is_dir():
        print(f"skipped: {LANDING} is absent")
        return
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        environment = {**os.environ, "ASSAY_HOME": home, "ASSAY_PORTFOLIO": "complete_journey", "COLUMNS": "200"}
        environment.pop("ASSAY_DATABASE_URL", None)
        given = ["--landing", str(LANDING)]
        try:
            subprocess.run([ASSAY, "prepare", *given], env=environment, check=True, capture_output=True)
            done = subprocess.run([ASSAY, "run", *given], env=environment, capture_output=True, text=True, check=True)
            print(next(line for line in done.stdout.splitlines() if " in all: work " in line))
        finally:
            subprocess.run([ASSAY, "stop"], env=environment, check=False, capture_output=True)


if __name__ == "__main__":
    main()
