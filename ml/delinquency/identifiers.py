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
# Different numbers, of all: an identifier may stand twice by mistake, and one that is named so more often.
_NEARLY_ALL, _MOSTLY = 0.99, 0.5
NAMED = "an identifier: whole numbers, each once"
IN_ORDER_OF_TIME = "given out in the order of time"


def named_identifier(values: "pd.Series[Any]", name: str, numbers: Floats | None = None) -> str | None:
    """Why numbers are an identifier, in words: they are whole, most of them stand there once, and the column's name
    says so; else None."""
    if not (_ID_NAME.search(name) or _CAMEL_ID_NAME.search(name)):
        return None
    if _different_whole_numbers(values, numbers, _MOSTLY) is None:
        return None
    return NAMED if values.dropna().is_unique else "an identifier: whole numbers, most of them once"


def looks_like_identifier(
    values: "pd.Series[Any]",
    days: NDArray[np.datetime64] | None,
    *,
    even: bool = True,
    numbers: Floats | None = None,
) -> str | None:
    """How numbers resemble an identifier, in words; None where they do not.

    Parameters
    ----------
    values : pandas.Series of shape (n,)
        Numbers, or their text.
    days : ndarray of shape (n,), optional
        Time of each row.
    even : bool
        Whether numbers that are spread evenly over a wide range are suspect as well.
    numbers : ndarray of shape (n,), optional
        What the text reads as, NaN where it is no whole number; many of those are no identifier.
    """
    given, numbers = numbers, _different_whole_numbers(values, numbers, _NEARLY_ALL)
    if numbers is None:
        return None
    if np.ptp(numbers) < 1.2 * len(numbers):
        return "hardly any left out"
    if days is not None and len(np.unique(days)) > 1:
        known = values.notna().to_numpy(bool) if given is None else ~np.isnan(given)
        when = days[known].astype("datetime64[D]").astype(float)
        if np.ptp(when) > 0:
            along = np.corrcoef(pd.Series(numbers).rank(), pd.Series(when).rank())[0, 1]
            if abs(along) > _FOLLOWS_TIME:
                return IN_ORDER_OF_TIME
    return "spread evenly" if even and len(numbers) == len(values) and _is_evenly_spread(numbers) else None


def _different_whole_numbers(values: "pd.Series[Any]", numbers: Floats | None, share: float) -> Floats | None:
    """The numbers of a column that are whole, and of which at least a share is different; None where they are not.

    They are told apart as they stand there: above 2**53 a float may be the same for several.
    """
    known = values.notna().to_numpy(bool)
    if numbers is not None:
        is_text = known & np.isnan(numbers)
        if is_text.sum() > (1 - _NEARLY_ALL) * known.sum():
            return None
        known = known & ~is_text
    given = values[known]
    if pd.api.types.is_bool_dtype(given) or len(given) < 100 or given.nunique() < share * len(given):
        return None
    found = pd.to_numeric(given, errors="coerce").to_numpy(float) if numbers is None else numbers[known]
    is_float = numbers is None and not pd.api.types.is_integer_dtype(given)
    limit = 2.0**53 if is_float else np.inf
    return found if ((np.abs(found) < limit) & (found == np.floor(found))).all() else None


def _is_evenly_spread(numbers: Floats) -> bool:
    """Whether different numbers fill their range as drawn numbers do; what is counted or measured does not.

    Kolmogorov and Smirnov's distance from an even spread is below its 99 % point.
    """
    at = (np.sort(numbers) - numbers.min()) / np.ptp(numbers)
    return bool(np.abs(at - np.arange(len(at)) / len(at)).max() < 1.63 / np.sqrt(len(at)))
