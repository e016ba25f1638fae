"""Legs: one account's side of a movement of money, and when in the month and the day such things happen."""

from typing import Any

import numpy as np
import pandas as pd

from ml.synthetic.config import IntArray, SampleConfig

# Relative frequency of each hour, 0 to 23.
_HOURS = {
    "purchase": [2, 1, 1, 0, 0, 1, 4, 12, 20, 18, 16, 26, 48, 40, 22, 20, 28, 46, 55, 50, 38, 22, 12, 6],
    "evening": [14, 10, 6, 3, 2, 1, 2, 4, 6, 8, 9, 10, 14, 12, 10, 12, 14, 20, 28, 36, 44, 48, 40, 26],
    "office": [0, 0, 0, 0, 0, 0, 2, 8, 26, 40, 44, 40, 30, 32, 38, 34, 24, 12, 4, 2, 1, 0, 0, 0],
    "cash": [2, 1, 1, 0, 0, 1, 5, 12, 18, 22, 24, 28, 36, 28, 22, 24, 32, 40, 34, 24, 18, 14, 8, 4],
    "batch": [0, 0, 0, 0, 10, 60, 30, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
}


def seconds_of_day(rng: np.random.Generator, count: int, shape: str) -> IntArray:
    """Times of day in seconds, following one of the hour shapes."""
    cumulated = np.cumsum(np.array(_HOURS[shape], dtype=float))
    hour = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
    return hour.astype(np.int64) * 3600 + rng.integers(0, 3600, count)


def weekdays(config: SampleConfig) -> IntArray:
    """Weekday of each day of the data, Monday 0."""
    return (np.arange(config.days) + config.start.weekday()) % 7


def days_in_month(rng: np.random.Generator, config: SampleConfig, month: IntArray, by_weekday: list[float]) -> IntArray:
    """A day of each given month, drawn by weights of the weekdays (Monday first)."""
    starts = config.month_starts()
    cumulated = np.append(0.0, np.cumsum(np.array(by_weekday)[weekdays(config)]))
    low, high = cumulated[starts[month]], cumulated[starts[month + 1]]
    drawn = np.searchsorted(cumulated, low + rng.random(len(month)) * (high - low), side="right") - 1
    return np.clip(drawn, starts[month], starts[month + 1] - 1)


def fixed_day(config: SampleConfig, month: IntArray, day_of_month: IntArray, *, workday: bool = False) -> IntArray:
    """That day of the month, at most its last one; ``workday`` moves weekends to the Friday before."""
    starts = config.month_starts()
    day = np.minimum(starts[month] + day_of_month - 1, starts[month + 1] - 1)
    if not workday:
        return day
    back = np.maximum(weekdays(config)[day] - 4, 0)
    return np.where(day - back >= 0, day - back, day + 2)


def legs(
    *,
    person: IntArray,
    account: IntArray,
    day: IntArray,
    second: IntArray,
    cents: IntArray,
    code: str | np.ndarray,
    **more: Any,
) -> pd.DataFrame:
    """Legs of one kind; ``cents`` is positive where money comes in.

    ``account`` is a row of the accounts frame; legs without one (-1) or without an amount are left out.
    ``more`` are columns that differ from the usual: channel, merchant (number, 0: none), abroad, fraud,
    standing, booked.
    """
    usual: dict[str, Any] = {
        "channel": "WEB",
        "merchant": 0,
        "abroad": False,
        "fraud": False,
        "standing": False,
        "booked": True,
    }
    frame = pd.DataFrame(
        {
            "person": person,
            "account": account,
            "day": day,
            "second": second,
            "cents": cents,
            "code": code,
            **usual,
            **more,
        }
    )
    return frame[(frame["account"] >= 0) & (frame["cents"] != 0)]


def transfer(
    *,
    person: IntArray,
    source: IntArray,
    target: IntArray,
    day: IntArray,
    second: IntArray,
    cents: IntArray,
    **more: Any,
) -> pd.DataFrame:
    """Both legs of a transfer between two accounts of one person; left out where one of them is missing.

    The bank knows both owners and gives such transfers codes of their own: they are neither income nor spending.
    """
    both = (source >= 0) & (target >= 0) & (cents > 0)
    who: dict[str, Any] = {"person": person[both], "day": day[both]}
    out = legs(account=source[both], cents=-cents[both], second=second[both], code="OWN_OUT", **who, **more)
    into = legs(account=target[both], cents=cents[both], second=second[both], code="OWN_IN", **who, **more)
    return pd.concat([out, into])
