"""Numbers that name a row: whole, each once, and nothing that is counted or measured.

Belongs here: what such a column looks like. A name that says identifier is enough to leave it out; the look of its
numbers is a suspicion only, and whether they say something of the outcome is asked in ``screening``: a rank, a small
balance and an age in seconds look the same.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ID_NAME = re.compile(
    r"(^|[_\W])(id|uuid|guid|key)$|^unnamed|^index$|^row([_\W]?(no|nr|num|number))?$|^record[_\W]?(no|nr|num|number)$",
    re.IGNORECASE,
)
_CAMEL_ID_NAME = re.compile(r"[a-z](Id|ID|Uuid|UUID|Guid|GUID|Key)$")
# Rank correlation with time above which numbers, each once, are given out in its order.
_FOLLOWS_TIME = 0.95
NAMED = "an identifier: whole numbers, each once"
IN_ORDER_OF_TIME = "given out in the order of time"


def is_named_identifier(values: "pd.Series[Any]", name: str) -> bool:
    """Whether numbers are whole, each once, and the column's name says identifier."""
    is_named = _ID_NAME.search(name) or _CAMEL_ID_NAME.search(name)
    return bool(is_named) and _different_whole_numbers(values) is not None


def looks_like_identifier(
    values: "pd.Series[Any]", days: NDArray[np.datetime64] | None, *, even: bool = True
) -> str | None:
    """How numbers resemble an identifier, in words; None where they do not.

    Parameters
    ----------
    values : pandas.Series of shape (n,)
        Numbers.
    days : ndarray of shape (n,), optional
        Time of each row.
    even : bool
        Whether numbers that are spread evenly over a wide range are suspect as well.
    """
    numbers = _different_whole_numbers(values)
    if numbers is None:
        return None
    if np.ptp(numbers) < 1.2 * len(numbers):
        return "hardly any left out"
    if days is not None and len(np.unique(days)) > 1:
        when = days[values.notna().to_numpy()].astype("datetime64[D]").astype(float)
        if np.ptp(when) > 0:
            along = np.corrcoef(pd.Series(numbers).rank(), pd.Series(when).rank())[0, 1]
            if abs(along) > _FOLLOWS_TIME:
                return IN_ORDER_OF_TIME
    return "spread evenly" if even and len(numbers) == len(values) and _is_evenly_spread(numbers) else None


def _different_whole_numbers(values: "pd.Series[Any]") -> Floats | None:
    """The numbers of a column that are whole and stand there once each; None where they do not."""
    known = pd.to_numeric(values.dropna(), errors="coerce")
    if pd.api.types.is_bool_dtype(known) or len(known) < 100 or not known.is_unique:
        return None
    numbers = known.to_numpy(float)
    return numbers if ((np.abs(numbers) < 2.0**53) & (numbers == np.floor(numbers))).all() else None


def _is_evenly_spread(numbers: Floats) -> bool:
    """Whether different numbers fill their range as drawn numbers do; what is counted or measured does not.

    Kolmogorov and Smirnov's distance from an even spread is below its 99 % point.
    """
    at = (np.sort(numbers) - numbers.min()) / np.ptp(numbers)
    return bool(np.abs(at - np.arange(len(at)) / len(at)).max() < 1.63 / np.sqrt(len(at)))
