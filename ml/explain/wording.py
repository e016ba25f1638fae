"""How values and reasons are written: numbers in the words of their unit, the catalogue's templates filled.

Belongs here: everything about text. Which reasons a row has is decided in ``ml.explain.reasons``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.explain.catalogue import entries_of, entry_field

Floats = NDArray[np.float64]

_FALLBACK_TEXT = "{name}: {value} (usually {usual})"
# A unit that writes " %" itself takes the place of the template's.
_VALUE = re.compile(r"\{value\}(?: %)?")
_OTHER_PLACE = re.compile(r"\{(usual|name)\}(?: %)?")
_IS_PERCENTAGE = re.compile(r"\{(?:value|usual)\} %")
# Said of every value that is missing: whether the source does not cover it or there was nothing to divide by can't be
# told from the value.
NO_VALUE = "not known"
_SHARES, _PERCENTAGES, _RATIOS = ("share", "fraction"), ("percent", "pct", "%"), ("ratio",)
_COUNTS, _SPANS = ("count",), ("days", "months", "weeks")
# An amount below this is written with two digits, from it on in whole units.
_WHOLE_FROM = 10.0


@dataclass(frozen=True)
class Wording:
    """How one feature is worded.

    Attributes
    ----------
    name : str
        Of the feature.
    template : str
        With the places ``{value}``, ``{usual}`` and ``{name}``; anything else in braces is text.
    unit : str
        In which the places are written.
    usual : float
        As it is written; NaN where there is none.
    """

    name: str
    template: str
    unit: str
    usual: float

    def differs(self, values: Floats) -> NDArray[np.bool_]:
        """Whether each value, as it is written, reads differently from the usual one."""
        numbers = _as_written(values, self.unit)
        return ~np.isnan(numbers) if np.isnan(self.usual) else numbers != self.usual

    def texts(self, values: Floats) -> NDArray[np.object_]:
        """The sentence about each value; each different one is put together once."""
        numbers, which = np.unique(_as_written(values, self.unit), return_inverse=True)
        words = {"usual": _write(self.usual, self.unit), "name": self.name}
        around = [_OTHER_PLACE.sub(lambda place: words[place[1]], piece) for piece in _VALUE.split(self.template)]
        texts = [_write(number, self.unit).join(around) for number in numbers.tolist()]
        return np.array(texts, dtype=object)[which]


def wordings(features: Sequence[str], usual: Mapping[str, float | None], catalogue: Any) -> list[Wording]:
    """How each feature is worded, in the order of ``features``.

    A ``ratio`` whose place is followed by " %" is written as a percentage.
    """
    entries = entries_of(catalogue)
    found = []
    for name in features:
        entry = entries.get(name)
        unit = str(entry_field(entry, "unit") or "").strip()
        template = str(entry_field(entry, "reason_text") or _FALLBACK_TEXT)
        if unit.lower() == "ratio" and _IS_PERCENTAGE.search(template):
            unit = "share"
        value = usual.get(name)
        number = _as_written(np.array([np.nan if value is None else value], dtype=float), unit)[0]
        found.append(Wording(name, template, unit, float(number)))
    return found


def plain_sentence(name: str, value: str, usual: str) -> str:
    """The sentence about a feature that no catalogue words."""
    return f"{name}: {value} (usually {usual})"


def said_of_a_level(value: str | None, *, is_rare: bool = False, is_new: bool = False) -> str:
    """A category in words: itself, and that hardly any, or none, of the rows learnt from had it."""
    if value is None:
        return NO_VALUE
    if is_new:
        return f"{value}, not seen before"
    return f"{value}, a rare value" if is_rare else value


def said_of_a_flag(value: float | None) -> str:
    """Yes or no."""
    if value is None or np.isnan(value):
        return NO_VALUE
    return "yes" if value > 0.5 else "no"


def said_of_a_date(days_before: float | None, day: np.datetime64 | None = None) -> str:
    """A date and its distance from the row's time, ``4 May 2015, 3.2 years before``; only the latter without a day."""
    if days_before is None or np.isnan(days_before):
        return NO_VALUE
    away, side = abs(days_before), "before" if days_before >= 0 else "after"
    if round(away) == 0:
        distance = "on the same day"
    elif away < 60:
        distance = f"{away:.0f} day{'' if round(away) == 1 else 's'} {side}"
    else:
        distance = f"{away / 30.4375:.0f} months {side}" if away < 730 else f"{away / 365.25:.1f} years {side}"
    if day is None:
        return distance
    date = (day - np.timedelta64(round(days_before), "D")).astype("datetime64[D]").item()
    return f"{date.day} {date:%B %Y}, {distance}"


def format_values(values: Sequence[float] | Floats, unit: str | None) -> list[str]:
    """Numbers in the words of their unit.

    A ``ratio`` has two digits, a number without a unit three that count, ``share`` (0 to 1) and ``percent`` (0 to 100)
    become a percentage; ``count``, ``days``, ``months`` are whole where they are whole; amounts are rounded to whole
    units, with thousands separated; missing is "not known". Values that read alike are written alike: there is no "-0"
    beside "0".

    Parameters
    ----------
    values : sequence of float
        In the unit; missing allowed.
    unit : str or None
        Unit of the catalogue. A currency code is written after the amount.
    """
    kind = (unit or "").strip()
    return [_write(number, kind) for number in _as_written(np.asarray(values, dtype=float), kind).tolist()]


def _as_written(values: Floats, unit: str) -> Floats:
    """The numbers that are written: equal ones have equal texts. NaN where there is no finite value."""
    lowered = unit.lower()
    if lowered in _SHARES:
        with np.errstate(over="ignore"):
            numbers = _rounded(100 * values, 0)
    elif lowered in _PERCENTAGES:
        numbers = _rounded(values, 0)
    elif lowered in _COUNTS + _SPANS:
        numbers = _rounded(values, 1)
    elif not lowered:
        numbers = _significant(values)
    else:
        numbers = _rounded(values, 2)
        if lowered not in _RATIOS:
            numbers = np.where(np.abs(numbers) >= _WHOLE_FROM, _rounded(values, 0), numbers)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _significant(values: Floats) -> Floats:
    """Three digits that count, and whole where there are more before the point: nobody said how fine the number is."""
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(values)))
        usable = np.isfinite(magnitude)
        digits = np.clip(np.where(usable, 2 - magnitude, 0), 0, 300)
        scale = 10.0**digits
        scaled = np.round(values * scale) / scale
    return np.where(usable & np.isfinite(scaled) & (np.abs(values) < 2.0**52), scaled, values) + 0.0


def _rounded(values: Floats, digits: int) -> Floats:
    """Rounded half to even. A number without room for a fraction stays: scaling it could overflow. Adding 0 makes a
    rounded -0 a 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.abs(values) >= 2.0**52, values, np.round(values, digits)) + 0.0


def _write(number: float, unit: str) -> str:
    """Text of a number out of :func:`_as_written`."""
    if np.isnan(number):
        return NO_VALUE
    lowered = unit.lower()
    if lowered in _SHARES + _PERCENTAGES:
        return f"{number:,.0f} %"
    if lowered in _RATIOS:
        return f"{number:,.2f}"
    if not lowered:
        return f"{number:,.0f}" if number == 0 or abs(number) >= 100 else f"{number:#.3g}"
    if lowered in _COUNTS + _SPANS:
        plain = f"{number:,.1f}".removesuffix(".0")
        return plain if lowered in _COUNTS else f"{plain} {lowered}"
    amount = f"{number:,.0f}" if number == 0 or abs(number) >= _WHOLE_FROM else f"{number:,.2f}"
    return f"{amount} {unit}" if len(unit) == 3 and unit.isupper() else amount
