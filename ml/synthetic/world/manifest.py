"""What a landing folder says of the world in it: which one it is, and until when."""

import json
from pathlib import Path
from typing import Any

MANIFEST = ".world.json"


def read_manifest(landing: Path) -> dict[str, Any] | None:
    """What the folder's manifest says; None where there is none."""
    path = landing / MANIFEST
    if not path.is_file():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest
