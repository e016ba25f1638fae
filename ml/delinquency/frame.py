"""From a frame to numbers: the checks that training and scoring share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError

Floats = NDArray[np.float64]

# Numbers count up to this: squares and sums of what is larger would overflow.
LARGEST = 1e100


def to_numbers(frame: pd.DataFrame, features: Sequence[str]) -> Floats:
    """Feature values of shape (n, k) as floats; missing stays NaN.

    Raises
    ------
    FeatureError
        Naming the columns that are absent, hold text, or hold infinite values.
    """
    absent = [name for name in features if name not in frame.columns]
    if absent:
        raise FeatureError(f"the frame lacks {len(absent)} of {len(features)} features: {absent[:10]}")
    columns = np.empty((len(frame), len(features)))
    for position, name in enumerate(features):
        try:
            # Decimal, boolean and nullable types become floats here; text does not.
            columns[:, position] = pd.to_numeric(frame[name]).astype("Float64").to_numpy(float, na_value=np.nan)
        except (ValueError, TypeError) as error:
            raise FeatureError(
                f"feature {name} has the type {frame[name].dtype}; expected numbers ({error})"
            ) from error
    infinite = np.isinf(columns).any(axis=0)
    if infinite.any():
        names = [features[at] for at in np.flatnonzero(infinite).tolist()]
        counts = np.isinf(columns).sum(axis=0)[infinite].tolist()
        raise FeatureError(
            f"infinite values in {names}: {counts} of {len(frame)} rows; expected numbers or missing values. "
            "A ratio whose denominator is 0 is missing."
        )
    return np.clip(columns, -LARGEST, LARGEST, out=columns)


def named(frame: pd.DataFrame, given: Any) -> Any:
    """What is given for target, time or group, with the name of a column as text, whatever its type."""
    try:
        is_name = not isinstance(given, str) and given is not None and given in frame.columns
    except TypeError:  # a list or an array is no name
        return given
    return str(given) if is_name else given


def plain_types(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with columns of Arrow and of spans of time in the types of NumPy and Python."""
    odd = [at for at, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.ArrowDtype) or dtype.kind == "m"]
    return frame if not odd else frame.assign(**{frame.columns[at]: plain_type(frame.iloc[:, at]) for at in odd})


def plain_type(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column in the types of NumPy and Python: Arrow's are unpacked, a span of time is a number of days."""
    if values.dtype.kind == "m":
        return values.dt.total_seconds() / 86_400
    if not isinstance(values.dtype, pd.ArrowDtype):
        return values
    kind = values.dtype.kind
    if kind in "iuf":
        return values.astype("Float64" if kind == "f" else "Int64")
    if kind == "b":
        return values.astype("boolean")
    objects = values.astype(object).where(values.notna(), None)
    if kind == "M":
        return pd.to_datetime(objects, utc=True).dt.tz_localize(None)
    return objects


def pick(frame: pd.DataFrame, given: str | Sequence[Any] | None, role: str) -> "pd.Series[Any] | None":
    """A column by name, or values given as such, aligned to the frame by position."""
    if given is None:
        return None
    if isinstance(given, str):
        if given not in frame.columns:
            raise FeatureError(
                f"{role} names the column {given!r}, which the frame lacks; it has {list(frame.columns)[:10]}"
            )
        return plain_type(frame[given].reset_index(drop=True))
    values = pd.Series(given if hasattr(given, "dtype") else list(given)).reset_index(drop=True)
    values = plain_type(values)
    if len(values) != len(frame):
        raise FeatureError(f"{role} has {len(values)} values; expected {len(frame)}, one a row")
    return values
