"""Numbers written as text: with percent, currency, and a point or a comma before the fraction."""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.dates import text_of
from ml.delinquency.errors import FeatureError

Floats = NDArray[np.float64]

# Thousands separated in threes, or not at all; "0,126" is no thousand. One convention holds for a whole column.
_POINT = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d*)(?:,\d*)?")


def parsed(text: "pd.Series[Any]", comma: bool) -> Floats:
    """Numbers in text, with a point or a comma before the fraction; signs of percent and currency are left aside."""
    bare = text.str.replace(r"[%$€£\s]", "", regex=True)
    bare = bare.where(bare.str.fullmatch(_COMMA if comma else _POINT))
    bare = (
        bare.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        if comma
        else bare.str.replace(",", "", regex=False)
    )
    numbers = pd.to_numeric(bare, errors="coerce").astype("Float64")
    return np.asarray(numbers.to_numpy(float, na_value=np.nan), dtype=np.float64)


def read_numbers(values: "pd.Series[Any]", comma: bool) -> Floats:
    """Numbers in text by the convention of training; missing is NaN.

    Raises
    ------
    FeatureError
        If a value is no finite number.
    """
    text = text_of(values)
    found = parsed(text, comma)
    wrong = np.isnan(found) & text.notna().to_numpy(bool)
    if wrong.any() or np.isinf(found).any():
        raise FeatureError(
            f"feature {values.name}: {int(wrong.sum() + np.isinf(found).sum())} of {len(values)} values are no finite "
            f"numbers; expected numbers such as {'13,5' if comma else '13.5'} or {'13,5' if comma else '13.5'}%, as in "
            "training"
        )
    return found
