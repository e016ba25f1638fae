"""What a folder says of the world in it: which one it is, and until when its files are whole."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

MANIFEST = ".world.json"


class WorldError(ValueError):
    """A folder holds another world, a later one, or files of none; says which and what to do."""


@dataclass(frozen=True)
class Manifest:
    """One folder's world.

    Attributes
    ----------
    identity : dict
        ``WorldConfig.identity()`` of the world.
    until : date or None
        Last day whose files are whole; None while the first ones are being written.
    """

    identity: dict[str, object]
    until: dt.date | None


def read_manifest(folder: Path) -> Manifest | None:
    """What the folder's manifest says; None where there is none.

    Raises
    ------
    WorldError
        The manifest is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        until = stored["until"]
        return Manifest(dict(stored["identity"]), None if until is None else dt.date.fromisoformat(until))
    except (ValueError, KeyError, TypeError) as error:
        raise WorldError(
            f"{path} is damaged; expected a JSON object with identity and until. Remove the folder and its truth, and "
            "generate the world anew"
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all."""
    text = json.dumps({"identity": manifest.identity, "until": manifest.until and manifest.until.isoformat()}, indent=1)
    hidden = folder / f"{MANIFEST}.part"
    hidden.write_text(text, encoding="utf-8")
    hidden.chmod(0o600)
    hidden.replace(folder / MANIFEST)
