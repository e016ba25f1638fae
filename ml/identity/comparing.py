"""How alike two values are, in words for a reader. No model and no threshold of one: nothing is linked by it."""

import datetime as dt
import unicodedata
from difflib import SequenceMatcher
from typing import Any, Literal

Level = Literal["equal", "similar", "different", "missing"]

# Share of characters in common runs from which two texts read as spellings of one (2026-11: "Jonathan" and "Johnathan"
# 0.94, "Smith" and "Smyth" 0.8, "Anna" and "Hanna" 0.89; "Maria" and "Mark" 0.67).
SIMILAR_TEXT = 0.8


def compared(one: Any, other: Any) -> Level:
    """``missing`` where either is; ``similar`` where the difference is one of writing, or of one part of a date."""
    if _is_missing(one) or _is_missing(other):
        return "missing"
    if one == other:
        return "equal"
    if isinstance(one, dt.date) and isinstance(other, dt.date):
        return "similar" if _alike_dates(one, other) else "different"
    plain, other_plain = _plain(str(one)), _plain(str(other))
    if plain == other_plain:
        return "similar"
    # Digits that differ are another number, however many they share.
    if plain.isdigit() and other_plain.isdigit():
        return "different"
    return "similar" if SequenceMatcher(None, plain, other_plain).ratio() >= SIMILAR_TEXT else "different"


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _alike_dates(one: dt.date, other: dt.date) -> bool:
    """Day and month changed places, or two of year, month and day are equal."""
    swapped = one.year == other.year and (one.month, one.day) == (other.day, other.month)
    return swapped or sum((one.year == other.year, one.month == other.month, one.day == other.day)) == 2


def _plain(text: str) -> str:
    """Without case, accents, punctuation and spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())
