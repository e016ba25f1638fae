"""Dates out of whatever a column holds: dates of any type, text in one of many forms, numbers such as 201503.

A form is taken only where it fits every value that is there. ``03/04/2015`` may be March or April: one value such as
``25/04/2015`` decides for the whole column, and where none does the column is no date. The form is kept with the model,
so that a single row is read as training read the column.
"""

import calendar
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.errors import FeatureError

# What stands in text for "no date".
NO_VALUE = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "<na>", "nat"})
_MONTH_NAMED = (
    "%b-%Y", "%b-%y", "%b %Y", "%B %Y", "%B-%Y", "%b/%Y", "%b %y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y",
    "%d-%B-%Y", "%d%b%Y", "%d%b%Y:%H:%M:%S", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y-%b", "%Y-%b-%d",
)  # fmt: skip
_YEAR_FIRST = ("ISO8601", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d", "%Y/%m", "%Y%m%d", "%Y%m")
# With dots the day comes first by the convention of those who write dots; month first is taken where it alone fits.
_DOTTED = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m.%Y", "%d.%m.%y", "%m.%d.%Y", "%m.%d.%y")
_MONTH_YEAR = ("%m/%Y", "%m-%Y")
_OF_DIGITS = ("%Y%m%d", "%Y%m", "%m.%Y")
_WORD = re.compile("[A-Za-z]+")
_DATE_LIKE = re.compile(r"(?=.*\d.*\d)[\dA-Za-z ,:/.+-]+")
_DATE_WORDS = frozenset(
    [name.lower() for names in (calendar.month_name, calendar.month_abbr) for name in names if name]
    + ["t", "z", "am", "pm", "utc", "gmt"]
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Two forms of which only one may fit.
_EITHER_WAY = tuple(
    (f"%d{mark}%m{mark}{year}{clock}", f"%m{mark}%d{mark}{year}{clock}")
    for mark in "/-"
    for year in ("%Y", "%y")
    for clock in _CLOCKS
)
# Text that is a date has at least this many values in a column of numbers such as 201503: fewer may be amounts.
_FEWEST_DIFFERENT = 10
# Two digits of a year are read as 1969 to 2068; later than this many days after the row they are of the century before.
_A_YEAR = 366
_CENTURY = 100
SEVERAL = "several"
AMBIGUOUS = (
    "day and month can't be told apart: no value has a day above 12; taken as text. Give dates, or text such as "
    "2015-03-25"
)


def text_of(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Values as trimmed text; missing, and what says so in words, is missing."""
    text = values.astype(object).where(values.notna(), None).map(str, na_action="ignore").astype("string").str.strip()
    return text.mask(text.str.lower().isin(NO_VALUE))


def date_form(values: "pd.Series[Any]") -> str | None:
    """Form of the dates in a column: ``"dates"`` where they are dates already, else a format, ``SEVERAL`` where day and
    month can't be told apart, None where it is no date."""
    if is_dates(values):
        return "dates"
    text = text_of(values) if _is_text(values) else None
    if text is None or text.notna().sum() == 0:
        return None
    known = pd.Series(text.dropna().unique()).astype(str)
    # A cheap look first: a column of names fails at its first values.
    few = known.head(50)
    if not few.map(_may_be_date).all():
        return None
    if few.str.fullmatch(r"\d*\.?\d*").all():
        return next((form for form in _OF_DIGITS if _fits(few, form) and _fits(known, form)), None)
    has_names = few.str.contains("[a-z]{3}", case=False).any()
    for form in (*_YEAR_FIRST, *(_MONTH_NAMED if has_names else (*_DOTTED, *_MONTH_YEAR))):
        if _fits(few, form) and _fits(known, form):
            return form
    for day_first, month_first in _EITHER_WAY:
        if not (_fits(few, day_first) or _fits(few, month_first)):
            continue
        fits = [form for form in (day_first, month_first) if _fits(known, form)]
        if len(fits) == 1:
            return fits[0]
        if len(fits) == 2:
            return SEVERAL
    return None


def _may_be_date(text: str) -> bool:
    """Whether a text has digits, and no words but those of a date."""
    words = {word.lower() for word in _WORD.findall(text)}
    return bool(_DATE_LIKE.fullmatch(text)) and words <= _DATE_WORDS


def number_form(values: "pd.Series[Any]") -> str | None:
    """``%Y%m`` or ``%Y%m%d`` where every number reads as such a date between 1900 and 2100; else None."""
    known = values.dropna()
    if pd.api.types.is_bool_dtype(known) or not pd.api.types.is_numeric_dtype(known) or known.empty:
        return None
    numbers = np.unique(known.to_numpy(float))
    if not (numbers == np.floor(numbers)).all() or not ((numbers >= 190001) & (numbers <= 21001231)).all():
        return None
    form = "%Y%m" if numbers.max() <= 210012 else "%Y%m%d"
    text = pd.Series(numbers.astype(np.int64).astype(str))
    return form if _fits(text, form) else None


def has_enough_to_be_dates(values: "pd.Series[Any]") -> bool:
    """Whether so many different numbers read as dates that they hardly do so by chance."""
    return values.nunique() >= _FEWEST_DIFFERENT


def read_dates(values: "pd.Series[Any]", form: str) -> Any:
    """Dates without time zone; missing stays missing.

    Raises
    ------
    FeatureError
        If a value is none of the form.
    """
    if is_dates(values):
        return _plain(values)
    if form == "dates":
        found = date_form(values)
        if found is None and values.isna().all():
            return pd.Series(pd.NaT, index=values.index)
        if found is None or found == SEVERAL:
            raise FeatureError(
                f"feature {values.name} has the type {values.dtype}; expected dates, as in training, or text such as "
                "2015-03-25"
            )
        form = found
    if pd.api.types.is_numeric_dtype(values):
        values = values.astype("Float64").astype("Int64").astype("string")
    text = text_of(values)
    dates = _parsed(text, form)
    if wrong := int((dates.isna() & text.notna()).sum()):
        raise FeatureError(
            f"feature {values.name}: {wrong} of {len(values)} values are no dates of the form {in_words(form)}, as in "
            "training"
        )
    return dates


def is_dates(values: "pd.Series[Any]") -> bool:
    """Whether the type itself says date."""
    return bool(pd.api.types.is_datetime64_any_dtype(values) or isinstance(values.dtype, pd.PeriodDtype))


def has_two_digit_years(form: str) -> bool:
    """Whether the century is not written."""
    return "%y" in form


def in_past_century(dates: NDArray[np.datetime64], days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Dates more than a year after the row's time, a hundred years earlier."""
    late = (dates - days).astype("timedelta64[D]").astype(float) > _A_YEAR
    months = dates.astype("datetime64[M]")
    into_month = dates - months.astype("datetime64[D]")
    earlier = (months - np.timedelta64(12 * _CENTURY, "M")).astype("datetime64[D]") + into_month
    return np.where(late, earlier, dates)


def mostly_past(dates: NDArray[np.datetime64], days: NDArray[np.datetime64]) -> bool:
    """Whether at least half of the dates lie before the row's time: then the others are of the century before."""
    known = ~np.isnat(dates)
    return bool(known.any() and (dates[known] <= days[known]).mean() >= 0.5)


def in_words(form: str) -> str:
    """A form as an example, for people: ``25/03/2015``."""
    return "2015-03-25" if form in ("ISO8601", "dates") else pd.Timestamp("2015-03-25 14:30").strftime(form)


def _is_text(values: "pd.Series[Any]") -> bool:
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype)


def _plain(values: "pd.Series[Any]") -> Any:
    stamps = values.dt.to_timestamp() if isinstance(values.dtype, pd.PeriodDtype) else values
    return stamps.dt.tz_localize(None) if stamps.dt.tz is not None else stamps


def _parsed(text: "pd.Series[Any]", form: str) -> Any:
    # Times with a zone become UTC; a day is all that is used.
    return pd.to_datetime(text.astype(object), format=form, errors="coerce", utc=True).dt.tz_localize(None)


def _fits(known: "pd.Series[str]", form: str) -> bool:
    # Plain numbers are no dates, though ISO 8601 would take "2017" or "20170301" for one.
    if form == "ISO8601" and not known.str.contains(r"\d-\d").all():
        return False
    if form == "%m.%Y" and not known.str.fullmatch(r"\d\d\.(?:19|20)\d\d").all():
        return False
    if form in ("%Y%m%d", "%Y%m") and not known.str.fullmatch(r"(?:19|20)\d{4}(?:\d\d)?").all():
        return False
    if (form == "%Y%m%d" and not known.str.len().eq(8).all()) or (form == "%Y%m" and not known.str.len().eq(6).all()):
        return False
    return bool(pd.to_datetime(known.astype(object), format=form, errors="coerce", utc=True).notna().all())
