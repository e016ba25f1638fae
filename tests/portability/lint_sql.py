"""SQL linting on what runs: the migrations as they stand, the models compiled, then the transpile to Spark.

Models are compiled first, against an embedded server of this check's own, because what Jinja leaves is what a
database sees; layout is not judged there, since Jinja leaves blank lines behind.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestration.portfolio import portfolio_names
from orchestration.settings import MIGRATIONS_DIR, PROJECT_ROOT

PROGRAMS = Path(sys.executable).parent
RULES = "aliasing,ambiguous,capitalisation,references,structure"
# AM04: sources of unknown columns; RF02-RF04: qualification is a matter of taste; ST06: order of select targets.
EXCLUDED = "AL03,AL07,AL09,AM04,AM06,RF02,RF03,RF04,ST02,ST05,ST06,ST07,ST11"


def run(*command: str, environment: dict[str, str] | None = None) -> int:
    """Run one program and return its exit code."""
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, check=False).returncode


def main() -> int:
    """Lint and transpile every portfolio's SQL; return the exit code."""
    code = run(str(PROGRAMS / "sqlfluff"), "lint", "-p", "2", "--disable-progress-bar", "--templater", "raw",
               "--rules", RULES, "--exclude-rules", EXCLUDED, str(MIGRATIONS_DIR))  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="assay-lint-") as home:
        environment = {**os.environ, "ASSAY_HOME": home}
        environment.pop("ASSAY_DATABASE_URL", None)
        try:
            for name in portfolio_names():
                assay = str(PROGRAMS / "assay")
                compiled = Path(home) / "dbt" / name / "compiled" / "assay"
                if run(assay, "dbt", "--portfolio", name, "compile", "--quiet", environment=environment):
                    return 1
                code |= run(str(PROGRAMS / "sqlfluff"), "lint", "-p", "2", "--disable-progress-bar", "--templater", "raw",
                            "--rules", RULES, "--exclude-rules", EXCLUDED, str(compiled / "models"))  # fmt: skip
                code |= run(sys.executable, "tests/portability/spark.py", str(compiled))
        finally:
            run(str(PROGRAMS / "assay"), "stop", environment=environment)
    return code


if __name__ == "__main__":
    sys.exit(main())
