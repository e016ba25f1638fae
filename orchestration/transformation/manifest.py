"""The dbt manifest of a portfolio: parsed in set-up and whenever the project's files changed, never at import."""

import gc
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.errors import AssayError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transformation.environment import parse_environment


class DbtProjectError(AssayError):
    """dbt refused the project or a run of it."""


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for one dbt call and restore what was there.

    dbt reads the process's environment, so calls of one process follow each other; the executor is in-process.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection while a manifest is read: none of it is garbage, and looking at the growing heap again and
    again took four fifths of the half second of each reading (2026-11-28).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def fingerprint(settings: Settings) -> str:
    """Hash of every project file and of the variables that parsing sees."""
    digest = hashlib.sha256(json.dumps(parse_environment(settings), sort_keys=True).encode())
    for path in sorted(DBT_PROJECT_DIR.rglob("*")):
        parts = path.relative_to(DBT_PROJECT_DIR).parts
        if path.is_file() and parts[0] not in ("target", "logs"):
            digest.update(str(Path(*parts)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def ensure_manifest(settings: Settings) -> Path:
    """Parse the project for this portfolio unless the manifest at hand is of exactly these files.

    Returns
    -------
    Path
        ``manifest.json`` in the portfolio's target folder.

    Raises
    ------
    DbtProjectError
        dbt's own message, when the project does not parse.
    """
    target = settings.dbt_target_dir
    manifest, marker = target / "manifest.json", target / "fingerprint"
    wanted = fingerprint(settings)
    if manifest.exists() and marker.exists() and marker.read_text() == wanted:
        return manifest
    from dbt.cli.main import dbtRunner

    target.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    with environment(parse_environment(settings)):
        outcome = dbtRunner().invoke(["parse", *common_arguments(settings), "--quiet"])
    if not outcome.success:
        raise DbtProjectError(f"dbt could not parse {DBT_PROJECT_DIR}: {outcome.exception or 'see the messages above'}")
    marker.write_text(wanted)
    return manifest


def common_arguments(settings: Settings) -> list[str]:
    """Folders and flags of every dbt call."""
    return [
        "--project-dir", str(DBT_PROJECT_DIR),
        "--profiles-dir", str(DBT_PROJECT_DIR),
        "--target-path", str(settings.dbt_target_dir),
        "--log-path", str(settings.home / "logs" / "dbt"),
        "--no-use-colors",
        "--no-send-anonymous-usage-stats",
    ]  # fmt: skip


def read_manifest(settings: Settings) -> dict[str, Any]:
    """The manifest as a mapping.

    Raises
    ------
    DbtProjectError
        There is none, or the project's files changed since: says how to make it.
    """
    path = settings.dbt_target_dir / "manifest.json"
    marker = settings.dbt_target_dir / "fingerprint"
    if not path.exists() or not marker.exists() or marker.read_text() != fingerprint(settings):
        raise DbtProjectError(
            f"The dbt manifest of portfolio {settings.portfolio_name!r} is missing or older than dbt_project; "
            "`assay prepare` (part of `make run`, `make ui`, `make test`) makes it."
        )
    text = path.read_text(encoding="utf-8")
    with uncollected():
        manifest: dict[str, Any] = json.loads(text)
    return manifest
