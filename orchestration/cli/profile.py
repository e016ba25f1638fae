"""``assay profile``: one person's whole profile as JSON, personal data only for who says who reads them and why."""

import os
import sys
from pathlib import Path

import psycopg

from orchestration.errors import AssayError
from orchestration.settings import Settings


def print_profile(
    settings: Settings,
    gr_id: str,
    out: Path | None,
    *,
    personal: bool = False,
    read_by: str | None = None,
    reason: str | None = None,
) -> None:
    """Write a golden record's profile to a file, for its owner alone, or to standard output.

    Raises
    ------
    AssayError
        No such golden record, nothing published, personal data refused, or the file can't be written.
    """
    from orchestration.documents import personal_section, profile_document
    from orchestration.documents.rendering import as_json
    from orchestration.runtime import Runtime

    if not personal and (read_by is not None or reason is not None):
        raise AssayError("--by and --why belong to --personal: reading gold leaves no trace")
    warehouse = Runtime(settings).warehouse
    with psycopg.connect(warehouse.bi_conninfo(), autocommit=True) as connection:
        document = profile_document(connection, gr_id)
    if personal:
        document["personal"] = personal_section(
            warehouse, document["identity"]["gr_id"], asked_for=gr_id, read_by=read_by or "", reason=reason or ""
        )
    text = as_json(document)
    if out is None:
        sys.stdout.write(text)
        return
    hidden = out.with_name(f".{out.name}.part")
    try:
        hidden.unlink(missing_ok=True)
        # For the owner alone from its first byte on.
        with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        hidden.replace(out)
    except OSError as error:
        raise AssayError(f"{out}: {error.strerror}; name another file with --out") from error
    finally:
        # Nothing personal stays behind where the file could not be put in its place.
        hidden.unlink(missing_ok=True)
