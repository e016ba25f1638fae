"""Dates and times out of strings: formats as regular expressions, calendar arithmetic on whole arrays.

Means what Python's ``strptime`` means for the directives a contract may use, without its one-by-one pace; and
unlike the C library's it refuses the 30th of February instead of making it March.
"""

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Instants = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]

_ISO_DATE = r"(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
_ISO_TIMESTAMP = (
    _ISO_DATE + r"(?:[T ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,6}))?)?"
    r"(?P<z>Z|[+-]\d{2}(?::?\d{2})?)?)?"
)
_QUARTER_HOUR = 15 * 60 * 1_000_000
DAY_US = 24 * 4 * _QUARTER_HOUR
_FIRST_US, _LAST_US = (
    int(np.datetime64(text, "us").astype(np.int64)) for text in ("0001-01-01", "9999-12-31T23:59:59.999999")
)


def format_regex(form: str | None, data_type: str) -> str:
    """Regular expression with one named group per directive; None: ISO 8601."""
    if form is None:
        return _ISO_DATE if data_type == "date" else _ISO_TIMESTAMP
    parts = re.split(r"%(.)", form)
    result = re.escape(parts[0])
    for at in range(1, len(parts), 2):
        directive, literal = parts[at], parts[at + 1]
        # Without a separator the next directive's digits would be taken for this one's.
        is_adjacent = (not literal and at + 2 < len(parts)) or (not parts[at - 1] and at > 1)
        digits = {"Y": "{4}", "y": "{2}", "f": "{1,6}"}.get(directive, "{2}" if is_adjacent else "{1,2}")
        result += rf"(?P<{directive}>\d{digits})" + re.escape(literal)
    return result


def parse_temporal(
    values: pa.StringArray, *, form: str | None, data_type: str, time_zone: str, two_digit_years_from: int
) -> tuple[Instants, Mask]:
    """Read dates or times.

    Parameters
    ----------
    values : array of n strings
        NULL gives an invalid entry.
    form : str or None
        Format of the contract; None: ISO 8601.
    data_type : str
        ``date``, ``timestamp`` or ``timestamptz``.
    two_digit_years_from : int
        First of the hundred years that ``%y`` may mean.
    time_zone : str
        Zone of the naive local times of ``timestamptz``. A time that comes twice in autumn counts as the
        first of the two; one that the change in spring leaves out is no time.

    Returns
    -------
    instants : array of n datetime64[us]
        ``timestamptz``: UTC; else as written.
    is_good : array of n booleans
    """
    encoded = values.dictionary_encode()
    instants, good = _parse(encoded.dictionary, form, data_type, time_zone, two_digit_years_from)
    # One more entry at the end, for NULL.
    at = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return np.append(instants, np.datetime64(0, "us"))[at], np.append(good, False)[at]


def _parse(
    values: pa.StringArray, form: str | None, data_type: str, time_zone: str, two_digit_years_from: int
) -> tuple[Instants, Mask]:
    fields = pc.extract_regex(values, pattern=f"^(?:{format_regex(form, data_type)})$")
    good: Mask = fields.is_valid().to_numpy(zero_copy_only=False)
    names = {field.name for field in fields.type}

    def number(name: str, default: int) -> npt.NDArray[np.int64]:
        if name not in names:
            return np.full(len(values), default, dtype=np.int64)
        texts = pc.struct_field(fields, name).fill_null("")
        filled = pc.if_else(pc.equal(texts, ""), str(default), texts)
        result: npt.NDArray[np.int64] = pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False)
        return result

    if "y" in names:
        year = two_digit_years_from + (number("y", 0) - two_digit_years_from) % 100
    else:
        year = number("Y", 1970)
    month, day = number("m", 1), number("d", 1)
    hour, minute, second = number("H", 0), number("M", 0), number("S", 0)
    good &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    months = ((np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    good &= days.astype("datetime64[M]") == months
    if "f" in names:
        text = pc.utf8_rpad(pc.struct_field(fields, "f").fill_null(""), 6, "0")
        microsecond = pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False)
    else:
        microsecond = np.zeros(len(values), dtype=np.int64)
    seconds = hour * 3600 + minute * 60 + second
    instants = days.astype("datetime64[us]") + (seconds * 1_000_000 + microsecond).astype("timedelta64[us]")
    if data_type == "date":
        return instants, good
    zones = pc.struct_field(fields, "z").fill_null("") if "z" in names else pa.repeat("", len(values))
    is_naive: Mask = pc.equal(zones, "").to_numpy(zero_copy_only=False)
    if data_type == "timestamp":
        # A zone in a column without one would be dropped silently.
        return instants, good & is_naive
    local, exists = local_to_utc(instants, time_zone)
    offsets = np.array([_offset_us(zone) for zone in zones.to_pylist()] if not is_naive.all() else 0, "timedelta64[us]")
    zoned = instants - offsets
    return np.where(is_naive, local, zoned), good & np.where(is_naive, exists, within_years(zoned.astype(np.int64)))


@cache
def _offset_us(text: str) -> int:
    if text in ("", "Z"):
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (-1 if text[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:])) * 60_000_000


def local_to_utc(local: Instants, time_zone: str) -> tuple[Instants, Mask]:
    """UTC of naive local times, and which of them exist (in the zone, and in the years that the warehouse has)."""
    zone = ZoneInfo(time_zone)
    ticks = local.astype("datetime64[us]").astype(np.int64)
    first = _offsets(ticks, lambda at: _naive(at).replace(tzinfo=zone, fold=0).utcoffset())
    second = _offsets(ticks, lambda at: _naive(at).replace(tzinfo=zone, fold=1).utcoffset())
    utc = ticks - first
    # In a gap the clock goes forward, so the offset before it is the smaller one.
    return utc.astype("datetime64[us]"), (first >= second) & within_years(utc)


def utc_to_local(utc: Instants, time_zone: str) -> Instants:
    """Naive local times of instants. Arrow has a function for it, which knows no summer after 2037."""
    zone = ZoneInfo(time_zone)
    ticks = utc.astype("datetime64[us]").astype(np.int64)
    offsets = _offsets(ticks, lambda at: _naive(at).replace(tzinfo=dt.UTC).astimezone(zone).utcoffset())
    return (ticks + offsets).astype("datetime64[us]")


def within_years(ticks: npt.NDArray[np.int64]) -> Mask:
    """Which microseconds since 1970 lie in the years 1 to 9999, all that the formats can write."""
    result: Mask = (ticks >= _FIRST_US) & (ticks <= _LAST_US)
    return result


def _offsets(ticks: npt.NDArray[np.int64], offset_at: Callable[[int], dt.timedelta | None]) -> npt.NDArray[np.int64]:
    """Offsets of a zone in microseconds, looked up once a day and, on days when they change, once a quarter of an hour.

    Zones have changed on the borders of quarters since they exist, and not to and fro within a day.
    """

    def look_up(ats: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        found = [(offset_at(at) or dt.timedelta()) // dt.timedelta(microseconds=1) for at in ats.tolist()]
        return np.array(found, dtype=np.int64)

    days, day_of = np.unique(ticks // DAY_US, return_inverse=True)
    start, end = look_up(days * DAY_US), look_up((days + 1) * DAY_US)
    result = start[day_of]
    is_changing = (start != end)[day_of]
    quarters, quarter_of = np.unique(ticks[is_changing] // _QUARTER_HOUR, return_inverse=True)
    result[is_changing] = look_up(quarters * _QUARTER_HOUR)[quarter_of]
    return result


def _naive(ticks: int) -> dt.datetime:
    """A moment as Python has it; at the ends of its years another day of the same offset."""
    inside = min(max(ticks, _FIRST_US + 2 * DAY_US), _LAST_US - 2 * DAY_US)
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=inside)
