"""When in a month and a day things happen: shapes of hours and weekdays, paydays, fixed days."""

from collections.abc import Sequence

import numpy as np

from ml.synthetic.arrays import FloatArray, IntArray
from ml.synthetic.calendar import month_start, weekday

# Relative frequency of each hour, 0 to 23.
_HOURS = {
    "purchase": [2, 1, 1, 0, 0, 1, 4, 12, 20, 18, 16, 26, 48, 40, 22, 20, 28, 46, 55, 50, 38, 22, 12, 6],
    "evening": [14, 10, 6, 3, 2, 1, 2, 4, 6, 8, 9, 10, 14, 12, 10, 12, 14, 20, 28, 36, 44, 48, 40, 26],
    "office": [0, 0, 0, 0, 0, 0, 2, 8, 26, 40, 44, 40, 30, 32, 38, 34, 24, 12, 4, 2, 1, 0, 0, 0],
    "cash": [2, 1, 1, 0, 0, 1, 5, 12, 18, 22, 24, 28, 36, 28, 22, 24, 32, 40, 34, 24, 18, 14, 8, 4],
    "batch": [0, 0, 0, 0, 10, 60, 30, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
}
SHOPPING_DAYS = (0.85, 0.85, 0.9, 1.0, 1.25, 1.35, 1.0)
OFFICE_DAYS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.05)
EVEN_DAYS = (1.0,) * 7
# Hours are drawn from tables of so many equally likely entries: a lookup instead of a search.
_ENTRIES = 4096


def _table(weights: Sequence[float] | FloatArray, entries: int) -> IntArray:
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    at = (np.arange(entries) + 0.5) / entries * cumulated[-1]
    return np.searchsorted(cumulated, at, side="right").astype(np.int32)


_HOUR_TABLES = {name: _table(weights, _ENTRIES) for name, weights in _HOURS.items()}


def seconds_of_day(rng: np.random.Generator, count: int, shape: str) -> IntArray:
    """Times of day in seconds (at most 86,000), following one of the hour shapes."""
    drawn = rng.integers(0, _ENTRIES * 3600, count, dtype=np.int32)
    return np.minimum(_HOUR_TABLES[shape][drawn // 3600] * 3600 + drawn % 3600, 86_000)


def days_in_month(rng: np.random.Generator, month: int, count: int, by_weekday: tuple[float, ...]) -> IntArray:
    """Days of the month, drawn by weights of the weekdays (Monday first)."""
    first = int(month_start(month))
    days = np.arange(first, int(month_start(month + 1)))
    table = _table(np.array(by_weekday)[weekday(days)], _ENTRIES)
    return first + table[rng.integers(0, _ENTRIES, count, dtype=np.int32)]


def fixed_day(month: int, day_of_month: IntArray, *, workday: bool = False) -> IntArray:
    """That day of the month, at most its last one; ``workday`` moves weekends to the Friday before, if in the month."""
    first, last = int(month_start(month)), int(month_start(month + 1)) - 1
    day = np.clip(first + np.asarray(day_of_month) - 1, first, last)
    if not workday:
        return day
    back = np.maximum(weekday(day) - 4, 0)
    return np.where(day - back >= first, day - back, day + 2)
