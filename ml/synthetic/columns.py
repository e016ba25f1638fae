"""From the generator's arrays (epoch days, cents, codes) to Arrow columns as the landing files have them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray

MONEY = pa.decimal128(18, 2)
DAY = "_day"  # the day whose delivery brings the row; the writer drops it


def money(cents: IntArray, missing: BoolArray | None = None) -> pa.Array:
    """Cents as ``decimal128(18, 2)``, without going through floats or Python objects.

    Parameters
    ----------
    cents : array of int64
        Whole cents.
    missing : array of bool, optional
        Rows that are NULL.
    """
    low = np.ascontiguousarray(cents, dtype="<i8")
    words = np.empty((len(low), 2), dtype="<i8")
    words[:, 0] = low
    words[:, 1] = low >> 63  # the sign, for the upper half
    nulls = None if missing is None else pa.array(~np.asarray(missing)).buffers()[1]
    count = 0 if missing is None else int(np.count_nonzero(missing))
    return pa.Array.from_buffers(MONEY, len(low), [nulls, pa.py_buffer(words.tobytes())], null_count=count)


def dates(days: IntArray, missing: BoolArray | None = None) -> pa.Array:
    """Epoch days as ``date32``."""
    return pa.array(np.asarray(days, dtype=np.int32), pa.int32(), mask=missing).cast(pa.date32())


def timestamps(days: IntArray, seconds: IntArray) -> pa.Array:
    """Epoch days and seconds of the day as ``timestamp[us]`` without zone: local time of the source."""
    micros = (np.asarray(days, dtype=np.int64) * 86_400 + seconds) * 1_000_000
    return pa.array(micros, pa.int64()).cast(pa.timestamp("us"))


def codes(indices: IntArray, names: Sequence[str], missing: BoolArray | None = None) -> pa.Array:
    """Indices into a short list of names, as a dictionary array of strings; a name may stand there twice."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) < len(names):  # as a state of several cities: pandas takes no dictionary that repeats itself
        indices = np.array([distinct.index(name) for name in names])[indices]
    small = pa.array(np.asarray(indices, dtype=np.int16), pa.int16(), mask=missing)
    return pa.DictionaryArray.from_arrays(small, pa.array(distinct, pa.string()))


def numbers(values: IntArray, missing: BoolArray | None = None) -> pa.Array:
    """Whole numbers, NULL where missing."""
    return pa.array(np.asarray(values, dtype=np.int64), pa.int64(), mask=missing)


def rates(values: FloatArray, scale: int = 2, missing: BoolArray | None = None) -> pa.Array:
    """Floats rounded to ``scale`` decimals, as ``decimal128(9, scale)``."""
    scaled = np.round(np.asarray(values, dtype=np.float64) * 10**scale).astype(np.int64)
    low = np.ascontiguousarray(scaled, dtype="<i8")
    words = np.stack([low, low >> 63], axis=1)
    nulls = None if missing is None else pa.array(~np.asarray(missing)).buffers()[1]
    count = 0 if missing is None else int(np.count_nonzero(missing))
    data = [nulls, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(9, scale), len(low), data, null_count=count)


def texts(values: Sequence[str] | np.ndarray, missing: BoolArray | None = None) -> pa.Array:
    """Strings; NULL where missing."""
    return pa.array(np.asarray(values, dtype=object), pa.string(), mask=missing)


def flags(values: BoolArray) -> pa.Array:
    """Y or N."""
    return codes(np.asarray(values, dtype=np.int64), ["N", "Y"])


def days_column(days: IntArray) -> pa.Array:
    """The ``_day`` of rows."""
    return pa.array(np.asarray(days, dtype=np.int32), pa.int32())
