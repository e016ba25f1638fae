"""From a frame to numbers: the checks that training and scoring share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError

Floats = NDArray[np.float64]


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
    return columns


def pick(frame: pd.DataFrame, given: str | Sequence[Any] | None, role: str) -> "pd.Series[Any] | None":
    """A column by name, or values given as such, aligned to the frame by position."""
    if given is None:
        return None
    if isinstance(given, str):
        if given not in frame.columns:
            raise FeatureError(
                f"{role} names the column {given!r}, which the frame lacks; it has {list(frame.columns)[:10]}"
            )
        return frame[given].reset_index(drop=True)
    values = pd.Series(list(given)).reset_index(drop=True)
    if len(values) != len(frame):
        raise FeatureError(f"{role} has {len(values)} values; expected {len(frame)}, one a row")
    return values
