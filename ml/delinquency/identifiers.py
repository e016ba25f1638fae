"""Numbers that name a row: whole, each once, and nothing that is counted or measured.

Belongs here: what such a column looks like. Whether it says something of the outcome is asked in ``screening``.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ID_NAME = re.compile(r"(^|_)id$|^unnamed|^index$|^row_?(no|number)?$", re.IGNORECASE)
# Rank correlation with time above which numbers, each once, are given out in its order.
_FOLLOWS_TIME = 0.95


def counts_rows(values: "pd.Series[Any]", name: str, days: NDArray[np.datetime64] | None) -> str | None:
    """Why numbers look like an identifier; None where they do not."""
    numbers = _different_whole_numbers(values)
    if numbers is None:
        return None
    if np.ptp(numbers) < 1.2 * len(numbers) or _ID_NAME.search(name):
        return "an identifier: whole numbers, each once"
    if days is not None and len(np.unique(days)) > 1:
        when = days[values.notna().to_numpy()].astype("datetime64[D]").astype(float)
        if abs(np.corrcoef(pd.Series(numbers).rank(), pd.Series(when).rank())[0, 1]) > _FOLLOWS_TIME:
            return "an identifier: whole numbers, each once, given out in the order of time"
    return None


def _different_whole_numbers(values: "pd.Series[Any]") -> Floats | None:
    """The numbers of a column that are whole and stand there once each; None where they do not."""
    known = pd.to_numeric(values.dropna(), errors="coerce")
    if pd.api.types.is_bool_dtype(known) or len(known) < 100 or not known.is_unique:
        return None
    numbers = known.to_numpy(float)
    return numbers if ((np.abs(numbers) < 2.0**53) & (numbers == np.floor(numbers))).all() else None


def is_evenly_spread(values: "pd.Series[Any]") -> bool:
    """Whether whole numbers, each once, fill their range as drawn numbers do; what is counted or measured does not.

    Kolmogorov and Smirnov's distance from an even spread is below its 99 % point.
    """
    numbers = _different_whole_numbers(values)
    if numbers is None or values.isna().any():
        return False
    at = (np.sort(numbers) - numbers.min()) / np.ptp(numbers)
    return bool(np.abs(at - np.arange(len(at)) / len(at)).max() < 1.63 / np.sqrt(len(at)))
