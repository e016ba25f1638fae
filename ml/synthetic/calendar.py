"""Days as whole numbers, so that whole arrays of them can be added up and compared."""

import datetime as dt

import numpy as np

from ml.synthetic.arrays import IntArray

_EPOCH = dt.date(1970, 1, 1)


def epoch_day(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def date_of(day: int) -> dt.date:
    """Inverse of ``epoch_day``."""
    return _EPOCH + dt.timedelta(days=int(day))


def month_of(day: IntArray | int) -> IntArray:
    """Months since 1970-01 of epoch days, whole arrays."""
    return np.asarray(day, dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_start(month: IntArray | int) -> IntArray:
    """Epoch day of the first day of each month."""
    return np.asarray(month, dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)


def weekday(day: IntArray | int) -> IntArray:
    """0 = Monday to 6 = Sunday; 1970-01-01 was a Thursday."""
    return (np.asarray(day, dtype=np.int64) + 3) % 7
