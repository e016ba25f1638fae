"""Reads what explaining needs from a feature catalogue, whatever carries it.

A catalogue is a mapping from feature name to entry, or an object with ``entries`` (a mapping or a sequence of
entries with ``name``); an entry is a mapping or an object with the fields ``name, category, unit,
expected_sign, reason_text, signal, cause`` among others. In a notebook a plain dict does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

_SIGNS: dict[object, int] = {
    1: 1, 0: 0, -1: -1, None: 0, "": 0, "+": 1, "-": -1, "0": 0, "1": 1, "+1": 1, "-1": -1,
    "positive": 1, "negative": -1, "none": 0, "raises": 1, "lowers": -1,
}  # fmt: skip


def entry_field(entry: Any, name: str, default: Any = None) -> Any:
    """Field of an entry that is a mapping or an object."""
    if isinstance(entry, Mapping):
        return entry.get(name, default)
    return getattr(entry, name, default)


def entries_of(catalogue: Any) -> dict[str, Any]:
    """Entries by feature name.

    Raises
    ------
    TypeError
        If the object is neither a mapping nor has ``entries``.
    """
    if catalogue is None:
        return {}
    held = catalogue if isinstance(catalogue, Mapping) else getattr(catalogue, "entries", catalogue)
    if isinstance(held, Mapping):
        return dict(held)
    if isinstance(held, Iterable) and not isinstance(held, str):
        return {entry_field(entry, "name"): entry for entry in held}
    raise TypeError(
        f"a feature catalogue is a mapping of name to entry or has .entries; found {type(catalogue).__name__}"
    )


def catalogue_version(catalogue: Any) -> str | None:
    """Version of the catalogue as text; None where it carries none."""
    version = None if isinstance(catalogue, Mapping) else getattr(catalogue, "version", None)
    return None if version is None else str(version)


def causes_of(catalogue: Any, features: Iterable[str]) -> list[str]:
    """What each feature speaks of: the entry's ``cause``, else its ``signal``, else the feature itself."""
    entries = entries_of(catalogue)
    named = [(name, entries.get(name)) for name in features]
    return [str(entry_field(entry, "cause") or entry_field(entry, "signal") or name) for name, entry in named]


def expected_signs(catalogue: Any, features: Iterable[str]) -> dict[str, int]:
    """Expected effect on risk of each feature: 1 raises, -1 lowers, 0 either.

    Raises
    ------
    ValueError
        If an entry states a sign that is none of these.
    """
    entries = entries_of(catalogue)
    signs = {}
    for name in features:
        stated = entry_field(entries.get(name), "expected_sign")
        if stated not in _SIGNS:
            raise ValueError(f"feature {name}: expected_sign is {stated!r}; expected 1, -1 or 0")
        signs[name] = _SIGNS[stated]
    return signs
