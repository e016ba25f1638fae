"""Versions of models in ``ml.models`` and the aliases by which scoring finds them.

Pure functions over a psycopg connection whose role may write ``ml``; the caller commits. Versions come from
the artifact's checksum, so that registering the same model twice is registering it once.
"""

from ml.registry.store import UnknownModelError, load, load_text, register, set_alias

__all__ = ["UnknownModelError", "load", "load_text", "register", "set_alias"]
