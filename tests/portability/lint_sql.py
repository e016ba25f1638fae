"""SQL linting on what runs: the migrations as they stand, the models compiled, then the transpile to Spark.

Models are compiled first, against an embedded server of this check's own, because what Jinja leaves is what a
database sees; layout is not judged there, since Jinja leaves blank lines behind.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orchestration.portfolio import portfolio_names
from orchestration.settings import MIGRATIONS_DIR, PROJECT_ROOT

PROGRAMS = Path(sys.executable).parent
RULES = "aliasing,ambiguous,capitalisation,references,structure"
# AM04: sources of unknown columns; CP05: types as dbt's macros write them; RF02 to RF04, RF06: qualification, names
# that are keywords elsewhere, dbt's quoted relations; ST06: order of select targets.
EXCLUDED = "AL03,AL07,AL09,AM04,AM06,CP05,RF02,RF03,RF04,RF06,ST02,ST05,ST06,ST07,ST11"


def run(*command: str, environment: dict[str, str] | None = None) -> int:
    """Run one program and return its exit code."""
    return subprocess.run(command, cwd=PROJECT_ROOT, env=environment, check=False).returncode


def sqlfluff(files: Sequence[Path]) -> int:
    """Lint plain SQL files and return the exit code; a file that could not be linted is an error, too."""
    options = ["--config", str(PROJECT_ROOT / "pyproject.toml"), "--rules", RULES, "--exclude-rules", EXCLUDED]
    done = subprocess.run(
        [str(PROGRAMS / "sqlfluff"), "lint", "-p", "2", "--disable-progress-bar", "--templater", "raw"]
        + options
        + [str(path) for path in files],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-20_000:], done.stderr[-5_000:], sep="", end="")
    # sqlfluff warns of a file that it gave up on, and exits with 0.
    unlinted = "Unable to lint" in done.stderr + done.stdout
    print(f"sqlfluff: {len(files)} files, exit code {done.returncode}{', some were not linted' if unlinted else ''}")
    return done.returncode or int(unlinted)


def compiled_models(folder: Path) -> list[Path]:
    """Compiled models, without the tests that dbt compiles beside them."""
    return [path for path in sorted((folder / "models").rglob("*.sql")) if path.parent.suffix != ".yml"]


def main() -> int:
    """Lint and transpile every portfolio's SQL; return the exit code."""
    code = sqlfluff(sorted(MIGRATIONS_DIR.glob("*.sql")))
    linted: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="assay-lint-") as home:
        environment = {**os.environ, "ASSAY_HOME": home}
        environment.pop("ASSAY_DATABASE_URL", None)
        assay = str(PROGRAMS / "assay")
        try:
            for name in portfolio_names():
                compiled = Path(home) / "dbt" / name / "compiled" / "assay"
                # Most models compile alike for every portfolio: each is linted once, all are transpiled.
                if run(assay, "dbt", "--portfolio", name, "compile", "--quiet", environment=environment):
                    return 1
                files = [path for path in compiled_models(compiled) if path.name not in linted]
                linted |= {path.name for path in files}
                code |= sqlfluff(files) if files else 0
                code |= run(sys.executable, "tests/portability/spark.py", str(compiled))
        finally:
            run(assay, "stop", environment=environment)
    return code


if __name__ == "__main__":
    sys.exit(main())
