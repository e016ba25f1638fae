"""Passwords of this installation: random, in one file that only its owner reads."""

import json
import os
import secrets
import tempfile
from pathlib import Path

from orchestration.warehouse.errors import WarehouseError


def credentials_path(home: Path) -> Path:
    """Where the passwords are kept."""
    return home / "credentials.json"


def stored_password(home: Path, server: str, name: str) -> str | None:
    """The password ``name`` (``admin`` or ``bi``) of ``server``, or None where none was ever made.

    Parameters
    ----------
    home : Path
        Folder of the installation.
    server : str
        ``embedded``, or ``host:port`` of the user's server.
    name : str
        ``admin`` or ``bi``.
    """
    return _read(home).get(server, {}).get(name)


def make_password(home: Path, server: str, name: str) -> str:
    """The stored password, made and stored first where there is none. Call it under the installation's
    lock.
    """
    known = _read(home)
    section = known.setdefault(server, {})
    if name not in section:
        section[name] = secrets.token_urlsafe(24)
        _write(home, known)
    return section[name]


def _read(home: Path) -> dict[str, dict[str, str]]:
    path = credentials_path(home)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise WarehouseError(
            f"{path} belongs to another user of this machine. Run as that user, or set ASSAY_HOME to a folder of yours."
        ) from error
    try:
        known: dict[str, dict[str, str]] = json.loads(text)
    except json.JSONDecodeError as error:
        raise WarehouseError(f"{path}, line {error.lineno}: not JSON ({error.msg}). Restore it from a copy.") from error
    return known


def _write(home: Path, known: dict[str, dict[str, str]]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file 0600; the rename means that no reader ever sees half of it.
    handle, name = tempfile.mkstemp(dir=home, prefix=".credentials-")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(known, stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(credentials_path(home))
