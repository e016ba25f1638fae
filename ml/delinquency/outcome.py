"""Target and time of a table: 0 and 1 out of whatever says bad and good, days out of whatever says when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError, OneClassError

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

# Labels that say by themselves which one is bad; anything else needs TrainingConfig.bad_label.
_SPEAKING_LABELS = ({"bad", "good"}, {"default", "no default"}, {"yes", "no"}, {"true", "false"}, {"1", "0"})
_BAD_LABELS = {"bad", "default", "yes", "true", "1"}
# Forms of a date that are read out of text; each must fit every value that is there.
_DATE_FORMATS = ("ISO8601", "%b-%Y", "%b-%y", "%d.%m.%Y", "%Y/%m/%d")


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
        labels = given.astype(str).str.strip()
        found = sorted(labels.unique())
        if str(bad_label) not in found or len(found) > 2:
            raise OneClassError(
                f"target holds the labels {found[:5]}; expected two of which {bad_label!r} (bad_label) is bad"
            )
        return np.asarray(labels.eq(str(bad_label)), dtype=float)
    if text:
        try:
            given = given.astype(float)
        except (TypeError, ValueError):
            return _from_labels(given.astype(str).str.strip())
    y: Floats = np.asarray(given.astype(float), dtype=np.float64)
    unknown = sorted(set(y.tolist()) - {0.0, 1.0})
    if unknown:
        raise OneClassError(
            f"target holds {unknown[:5]}; expected 0 and 1 (or False and True) only, or two labels with "
            "TrainingConfig(bad_label=...) naming the one that is bad"
        )
    return y


def _from_labels(labels: "pd.Series[str]") -> Floats:
    lowered = labels.str.lower()
    found = set(lowered.unique())
    if any(found <= pair for pair in _SPEAKING_LABELS):
        return np.asarray(lowered.isin(_BAD_LABELS), dtype=float)
    raise OneClassError(
        f"target holds the labels {sorted(labels.unique())[:5]}; expected 0 and 1, or two labels of which "
        "TrainingConfig(bad_label=...) names the bad one"
    )


def as_dates(values: "pd.Series[Any]") -> "pd.Series[pd.Timestamp] | None":
    """Dates without time zone where every value that is there is one, else None; missing stays missing."""
    if pd.api.types.is_datetime64_any_dtype(values):
        stamps = values
    elif isinstance(values.dtype, pd.PeriodDtype):
        stamps = values.dt.to_timestamp()
    elif values.dtype == object or isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype):
        known = values.dropna().astype(str).str.strip()
        # A cheap look first: a column of names fails at its first values.
        form = next((form for form in _DATE_FORMATS if _fits(known.head(50), form)), None)
        if known.empty or form is None or not _fits(known, form):
            return None
        parsed = pd.to_datetime(known, format=form, errors="coerce", utc=True)
        stamps = parsed.reindex(values.index)
    else:
        return None
    return stamps.dt.tz_localize(None) if stamps.dt.tz is not None else stamps


def _fits(known: "pd.Series[str]", form: str) -> bool:
    # Plain numbers are no dates, though ISO 8601 would take "2017" for one.
    if known.str.fullmatch(r"[\d.+-]*").all() and form == "ISO8601" and not known.str.contains(r"\d-\d").all():
        return False
    return bool(pd.to_datetime(known, format=form, errors="coerce", utc=True).notna().all())


def as_days(when: "pd.Series[Any]") -> Days:
    """Day of each row, shape (n,), of dates, text dates, or years as numbers.

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
    dates = as_dates(when)
    if dates is None and pd.api.types.is_numeric_dtype(when):
        years = when.to_numpy(float)
        if ((years >= 1900) & (years <= 2100) & (years == np.floor(years))).all():
            dates = pd.to_datetime(pd.Series(years.astype(int).astype(str)), format="%Y")
    if dates is None:
        raise FeatureError(
            f"time has the type {when.dtype} and is no date; expected dates, text like 2017-03-01, or years"
        )
    return dates.to_numpy().astype("datetime64[D]")


def codes_of(values: "pd.Series[Any] | Sequence[Any]") -> NDArray[np.intp]:
    """A number for each distinct value, by the order of their text: the same whatever the order of rows."""
    return np.asarray(pd.factorize(pd.Series(values).astype(str), sort=True)[0], dtype=np.intp)
