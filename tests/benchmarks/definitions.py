"""How long a new process takes to load the definitions of the sample portfolio. Goal: at most 6 s on 2 cores."""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

PROGRAM = "from orchestration.definitions import build_defs; d = build_defs(); d.resolve_job_def('daily')"


def main(repeats: int = 5) -> None:
    """Print the median and the worst of some fresh processes, manifest parsed before."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        environment = {**os.environ, "ASSAY_HOME": home, "ASSAY_PORTFOLIO": "sample"}
        prepare = "from orchestration.settings import load_settings; from orchestration.transformation.manifest import ensure_manifest; ensure_manifest(load_settings())"  # noqa: E501
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", prepare], env=environment, check=True)
        print(f"dbt manifest from nothing: {time.perf_counter() - started:.1f} s")
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True)
            seconds.append(time.perf_counter() - started)
    print(f"loading the definitions: median {median(seconds):.1f} s, worst {max(seconds):.1f} s of {repeats} processes")


if __name__ == "__main__":
    main()
