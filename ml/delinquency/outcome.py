"""Target and time of a table: 0 and 1 out of whatever says bad and good, days out of whatever says when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.dates import SEVERAL, date_form, number_form, read_dates
from ml.delinquency.errors import FeatureError, OneClassError

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

# Labels that say by themselves which one is bad; anything else needs TrainingConfig.bad_label.
_SPEAKING_LABELS = (
    {"bad", "good"}, {"default", "no default"}, {"default", "non-default"}, {"yes", "no"}, {"y", "n"},
    {"true", "false"}, {"t", "f"}, {"1", "0"}, {"charged off", "fully paid"}, {"default", "fully paid"},
    {"default", "paid"}, {"charged off", "paid"},
)  # fmt: skip
# These say that something is so, not what: approved or in default.
_AFFIRMATIVE = {"yes", "y", "t"}
_BAD_LABELS = {"bad", "default", "yes", "y", "true", "t", "1", "charged off"}


def outcome(given: "pd.Series[Any]", bad_label: object = None) -> Floats:
    """0 and 1 of shape (n,): 1 is bad.

    Parameters
    ----------
    given : pandas.Series
        0 and 1, False and True, or two labels of any type.
    bad_label : object, optional
        The label that means bad; needed where the labels do not say so themselves, such as 1 and 2.

    Raises
    ------
    OneClassError
        If outcomes are missing, there are more than two labels, or it is not clear which of two is bad.
    """
    if given.isna().any():
        raise OneClassError(
            f"target is missing in {int(given.isna().sum())} of {len(given)} rows; leave out rows without an outcome"
        )
    text = given.dtype == object or isinstance(given.dtype, pd.StringDtype | pd.CategoricalDtype)
    if bad_label is not None:
        labels = given.map(_label).astype(str)
        found = sorted(labels.unique())
        if _label(bad_label) not in found or len(found) > 2:
            raise OneClassError(
                f"target holds the labels {found[:5]}; expected two of which {bad_label!r} (bad_label) is bad"
            )
        return np.asarray(labels.eq(_label(bad_label)), dtype=float)
    if text:
        try:
            given = given.astype(float)
        except (TypeError, ValueError):
            return _from_labels(given.astype(str).str.strip())
    y: Floats = np.asarray(given.astype(float), dtype=np.float64)
    found = sorted(set(y.tolist()))
    if not set(found) <= {0.0, 1.0}:
        shown = ", ".join(f"{one:g}" for one in found[:5]) + (", ..." if len(found) > 5 else "")
        raise OneClassError(
            f"target holds {shown}; expected 0 and 1 (or False and True) only, or two labels with "
            "TrainingConfig(bad_label=...) naming the one that is bad"
        )
    return y


def labels_of(given: "pd.Series[Any]", y: Floats) -> dict[str, str]:
    """What stands in the target for ``bad`` and for ``good``; several spellings of one are joined."""
    text = given.astype(str).str.strip().to_numpy()
    return {word: " / ".join(sorted(set(text[y == value]))[:5]) for value, word in ((1, "bad"), (0, "good"))}


def guess_in_words(labels: dict[str, str], bad_label: object) -> list[str]:
    """A sentence where the labels do not say by themselves that one of them is bad, and nobody said it."""
    if bad_label is not None or labels["bad"].lower().split(" / ")[0] not in _AFFIRMATIVE:
        return []
    return [
        f"target: {labels['bad']!r} is taken for the bad outcome and {labels['good']!r} for the good one; "
        f"TrainingConfig(bad_label={labels['good'].split(' / ')[0]!r}) takes the other for bad"
    ]


def _label(value: object) -> str:
    """A label as text: 2, 2.0, True and "2 " are what they mean, whatever their type."""
    text = str(value).strip()
    try:
        return f"{float(value if isinstance(value, bool | np.bool_) else text):g}"
    except ValueError:
        return text


def _from_labels(labels: "pd.Series[str]") -> Floats:
    lowered = labels.str.lower()
    found = set(lowered.unique())
    if any(found <= pair for pair in _SPEAKING_LABELS):
        return np.asarray(lowered.isin(_BAD_LABELS), dtype=float)
    raise OneClassError(
        f"target holds the labels {sorted(labels.unique())[:5]}; expected 0 and 1, or two labels of which "
        "TrainingConfig(bad_label=...) names the bad one"
    )


def as_days(when: "pd.Series[Any]") -> Days:
    """Day of each row, shape (n,), of dates, dates in text (see ``dates``), or numbers such as 2015, 201503, 20150325.

    Raises
    ------
    FeatureError
        If a value is missing, or the column holds no dates.
    """
    if when.isna().any():
        raise FeatureError(
            f"time is missing in {int(when.isna().sum())} of {len(when)} rows; leave those rows out, or train "
            "without time"
        )
    if when.empty:
        return np.array([], dtype="datetime64[D]")
    form = date_form(when) or number_form(when)
    if form == SEVERAL:
        raise FeatureError(
            "time: day and month can't be told apart, no value has a day above 12; give dates, or text such as "
            "2015-03-25"
        )
    if form is None:
        years = pd.to_numeric(when.astype(object), errors="coerce").astype(float)
        if not ((years >= 1900) & (years <= 2100) & (years == np.floor(years))).all():
            raise FeatureError(
                f"time has the type {when.dtype} and is no date; expected dates, text like 2017-03-01, or years"
            )
        return np.asarray(years.astype(int).astype(str), dtype="datetime64[Y]").astype("datetime64[D]")
    return np.asarray(read_dates(when, form).to_numpy().astype("datetime64[D]"))


def codes_of(values: "pd.Series[Any] | Sequence[Any]") -> NDArray[np.intp]:
    """A number for each distinct value, by the order of their text: the same whatever the order of rows."""
    return np.asarray(pd.factorize(pd.Series(values).astype(str), sort=True)[0], dtype=np.intp)
