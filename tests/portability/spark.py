"""Transpile the compiled staging, core and features SQL to Spark, so that the promise to move stays true.

Run by ``make lint`` after ``assay dbt compile``. Gold is exempt: it serves BI on PostgreSQL alone. A statement that
sqlglot can't parse, or can't say in Spark's dialect, is an error with file and reason.
"""

import sys
from pathlib import Path

import sqlglot
from sqlglot.errors import ErrorLevel, ParseError, UnsupportedError

LAYERS = ("staging", "core", "features")


def transpile(path: Path) -> str | None:
    """Return why a file can't move to Spark, or None."""
    try:
        statements = sqlglot.parse(path.read_text(encoding="utf-8"), read="postgres")
        for statement in statements:
            if statement is not None:
                statement.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)
    except (ParseError, UnsupportedError) as error:
        return str(error).splitlines()[0]
    return None


def main(compiled: Path) -> int:
    """Check every compiled model; print what fails; return the exit code."""
    files = [
        path
        for layer in LAYERS
        for path in sorted((compiled / "models" / layer).rglob("*.sql"))
        if path.parent.suffix != ".yml"  # tests are compiled below a folder named after their YAML
    ]
    if not files:
        print(f"no compiled SQL below {compiled}; run `assay dbt compile` first", file=sys.stderr)
        return 2
    failures = [(path, reason) for path in files if (reason := transpile(path)) is not None]
    for path, reason in failures:
        print(f"{path.relative_to(compiled)}: {reason}", file=sys.stderr)
    print(f"spark: {len(files) - len(failures)} of {len(files)} models transpile")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
