"""Dates out of whatever a column holds: dates of any type, text in one of many forms, numbers such as 201503.

A form is taken where it fits every value that is there but for a few in a thousand, such as "not known", and for what
stands for no date, such as 99991231 or one word in many rows; those are missing. ``03/04/2015`` may be March or April:
one value such as ``25/04/2015`` decides for the whole column, and where none does the column is no date. The form is
kept with the model, so that a single row is read as training read the column.
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
# What stands for no date or no end where digits must stand: 0, 00/00/0000, 99991231, 31.12.9999, 0001-01-01.
_FILLER = re.compile(
    r"0+|9{4,}|9999[-/.]?12(?:[-/.]?31)?|(?:31[-/.]?)?12[-/.]?9999|12[-/.]?31[-/.]?9999|0001[-/.]?01[-/.]?01"
    r"|01[-/.]?01[-/.]?0001|00?[-/.]00?[-/.]0000|0000[-/.]00(?:[-/.]00)?|99[-/.]99[-/.]9999|9999[-/.]99(?:[-/.]99)?"
)
_FIRST_YEAR, _LAST_YEAR = 1, 9999
# So many different values for no date, that stand in more than a few rows, are none by mistake.
_FEW_FILLERS = 2
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
# Values that are no dates, where all others are: missing up to this share, and one in a column of at least so many.
_ODD_SHARE = 0.005
_ENOUGH_FOR_ONE_ODD = 50
# A form worth trying on all values has this share of a sample.
_LIKELY_SHARE = 0.25
# Day before month, or after it: values that can only be read the one way, for each that can only be the other.
_DECISIVE = 20
# Two digits of a year are read as 1969 to 2068; later than this many days after the row they are of the century before.
_A_YEAR = 366
_CENTURY = 100
# A date so long after its row is none of a contract: the century is wrong.
_FAR_AHEAD = 40 * 365.25
# No number of a date is as large.
_LARGEST = 1e12
SEVERAL = "several"
AMBIGUOUS = (
    "day and month can't be told apart: no value has a day above 12, or some have one in either place; taken as text. "
    "Give dates, or text such as 2015-03-25"
)


def text_of(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Values as trimmed text; missing, and what says so in words, is missing."""
    text = values.astype(object).where(values.notna(), None).map(str, na_action="ignore").astype("string").str.strip()
    return text.mask(text.str.lower().isin(NO_VALUE))


def date_form(values: "pd.Series[Any]") -> str | None:
    """Form of the dates in a column: ``"dates"`` where they are dates already, else a format, ``SEVERAL`` where day and
    month can't be told apart, None where any value is no date."""
    if is_dates(values):
        return "dates"
    text = text_of(values) if _is_text(values) else None
    if text is None or text.notna().sum() == 0:
        return None
    return _form_of(pd.Series(text.dropna().unique()).astype(str))


def most_dates(values: "pd.Series[Any]") -> tuple[str | None, int, tuple[str, ...]]:
    """Form that more than half of the values of a column have, see :func:`date_form`, how many have another, and which
    values stand for no date: those are neither.

    Numbers such as 201503 and 20150325 are looked at like their text.
    """
    if is_dates(values):
        return "dates", 0, ()
    counts, is_number = _texts_of(values)
    is_filler = fillers_in(pd.Series(counts.index, dtype=object)) if len(counts) else np.zeros(0, dtype=bool)
    fillers, counts = counts[is_filler], counts[~is_filler]
    form, odd = _most_of(counts, is_number)
    if form is None or form == SEVERAL:
        return form, odd, ()
    others = pd.Series(counts.index, dtype=object).astype(str)
    others = others[~_which_fit(others, form)]
    if odd and len(others) <= _FEW_FILLERS and not are_few(odd, int(counts.sum())):
        return form, 0, tuple(sorted([*fillers.index, *others]))
    return form, odd, tuple(sorted(fillers.index))


def fillers_in(text: "pd.Series[Any]") -> NDArray[np.bool_]:
    """Which texts stand for no date wherever dates stand."""
    # A time of the day may follow.
    day = text.astype("string").str.replace(r"[ T]0?0:.*", "", regex=True)
    return np.asarray(day.str.fullmatch(_FILLER).fillna(False).to_numpy(bool))


def _texts_of(values: "pd.Series[Any]") -> tuple["pd.Series[Any]", bool]:
    """Different texts of a column with their rows, and whether they are numbers; none where they can't be dates."""
    none: pd.Series[Any] = pd.Series([], index=pd.Index([], dtype=object), dtype=np.int64)
    if is_number := pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = pd.to_numeric(values.dropna()).astype(float)
        if not ((numbers == np.floor(numbers)) & (numbers.abs() < _LARGEST)).all():
            return none, True
        text = numbers.astype(np.int64).astype(str)
    elif _is_text(values):
        text = text_of(values).dropna().astype(str)
    else:
        return none, False
    # By their text: what is found does not depend on the order of rows.
    return text.value_counts().sort_index(), bool(is_number)


def _most_of(counts: "pd.Series[Any]", is_number: bool) -> tuple[str | None, int]:
    """Form of more than half of the rows of different texts, and how many rows have another."""
    known = pd.Series(counts.index, dtype=object).astype(str)
    total = int(counts.sum())
    if not total:
        return None, 0
    if is_number:
        in_range = known.astype(np.int64).between(190001, 21001231).to_numpy(bool)
        if 2 * int(counts[in_range].sum()) <= total:
            return None, 0
    few = known.iloc[np.unique(np.linspace(0, len(known) - 1, 50).astype(int))]
    if few.map(_may_be_date).mean() <= 0.5:
        return None, 0
    if not is_number and (form := _form_of(known)):
        return form, 0
    return _form_of_most(known, few, np.asarray(counts, dtype=np.int64), is_number)


def _form_of_most(
    known: "pd.Series[str]", few: "pd.Series[str]", rows: NDArray[np.int64], is_number: bool
) -> tuple[str | None, int]:
    """Form of more than half of the rows, and how many rows have another; ``few`` is a sample of ``known``."""
    likely = few[few.map(_may_be_date).to_numpy(bool)]
    if is_number or likely.str.fullmatch(r"\d*\.?\d*").all():
        forms: tuple[str, ...] = _OF_DIGITS[:2] if is_number else _OF_DIGITS
    else:
        has_names = likely.str.contains("[a-z]{3}", case=False).any()
        either_way = tuple(form for pair in _EITHER_WAY for form in pair)
        forms = (*_YEAR_FIRST, *(_MONTH_NAMED if has_names else (*_DOTTED, *_MONTH_YEAR)), *either_way)
    # Words such as "not known" are none of any form, though one that is left open may take "t" or "may".
    possible = known.map(_may_be_date).to_numpy(bool)
    fits = {
        form: possible & _which_fit(known, form) for form in forms if _which_fit(likely, form).mean() > _LIKELY_SHARE
    }
    covered = {form: int(rows[which].sum()) for form, which in fits.items()}
    if not covered or 2 * max(covered.values()) <= rows.sum():
        return None, 0
    form = max(covered, key=lambda one: covered[one])
    odd = int(rows.sum()) - covered[form]
    for other in (other for pair in _EITHER_WAY if form in pair for other in pair if other != form and other in fits):
        against, decisive = rows[fits[other] & ~fits[form]].sum(), rows[fits[form] & ~fits[other]].sum()
        if decisive <= _DECISIVE * against:
            return SEVERAL, odd
    return form, odd


def are_few(odd: int, rows: int) -> bool:
    """Whether so few of the values of a column are no dates that they may be missing."""
    return odd <= max(_ODD_SHARE * rows, 1 if rows >= _ENOUGH_FOR_ONE_ODD else 0)


def _form_of(known: "pd.Series[str]") -> str | None:
    """Form that fits every one of different texts."""
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


def read_dates(values: "pd.Series[Any]", form: str) -> Any:
    """Dates without time zone; missing stays missing.

    Raises
    ------
    FeatureError
        If a value is none of the form.
    """
    dates, wrong = dates_and_others(values, form)
    if wrong:
        raise FeatureError(f"feature {values.name}: {wrong_in_words(wrong, len(values), form)}")
    return dates


def wrong_in_words(wrong: int, rows: int, form: str) -> str:
    """How many values are no dates, for people."""
    return f"{wrong} of {rows} values are no dates of the form {in_words(form)}, as in training"


def dates_and_others(values: "pd.Series[Any]", form: str, words: tuple[str, ...] = ()) -> tuple[Any, int]:
    """Dates without time zone, and how many values are no dates of the form: those are missing.

    So is what stands for no date, ``words`` or wherever dates stand; it is not counted.

    Raises
    ------
    FeatureError
        If the column's type is another than training knew, or day and month can't be told apart.
    """
    if is_dates(values):
        stamps = _plain(values)
        return stamps.where(stamps.dt.year.between(_FIRST_YEAR + 1, _LAST_YEAR - 1)), 0
    if form == "dates":
        found = date_form(values)
        if found is None and _is_text(values):
            # Odd values among dates; without any other hint text is read as the one form that has no second meaning.
            found = most_dates(values)[0] or "ISO8601"
        elif found is None and values.isna().all():
            return pd.Series(pd.NaT, index=values.index), 0
        if found is None or found == SEVERAL:
            raise FeatureError(
                f"feature {values.name} has the type {values.dtype}; expected dates, as in training, or text such as "
                "2015-03-25"
            )
        form = found
    if pd.api.types.is_numeric_dtype(values):
        values = _as_digits(values)
    text = text_of(values)
    text = text.mask(text.isin(words) | fillers_in(text))
    dates = _parsed(text, form)
    if form in _OF_DIGITS[:2]:
        dates = dates.where(text.str.fullmatch(r"\d{6}" if form == "%Y%m" else r"\d{8}").fillna(False).astype(bool))
    return dates, int((dates.isna() & text.notna()).sum())


def _as_digits(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Whole numbers as text of digits; any other number is a word that is no date."""
    numbers = values.astype("Float64")
    is_whole = (numbers.abs() < _LARGEST) & (numbers == np.floor(numbers))
    digits = numbers.where(is_whole.fillna(False)).astype("Int64").astype("string")
    return digits.mask(numbers.notna() & digits.isna(), "no date")


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
    """Whether dates that would lie in the row's future are of the century before.

    They are where any would lie some 40 years ahead, as those of birth do and those of contracts do not, or where at
    least half of the dates lie before the row's time.
    """
    known = ~np.isnat(dates)
    ahead = (dates[known] - days[known]).astype("timedelta64[D]").astype(float)
    return bool(known.any() and ((ahead > _FAR_AHEAD).any() or (ahead <= 0).mean() >= 0.5))


def any_ahead(dates: NDArray[np.datetime64], days: NDArray[np.datetime64]) -> bool:
    """Whether any date lies more than a year after its row, so that its century is a guess."""
    known = ~np.isnat(dates)
    return bool(((dates[known] - days[known]).astype("timedelta64[D]").astype(float) > _A_YEAR).any())


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


# Plain numbers are no dates, though ISO 8601 would take "2017" or "20170301" for one.
_LOOKS = {
    "ISO8601": r".*\d-\d.*",
    "%m.%Y": r"\d\d\.(?:19|20)\d\d",
    "%Y%m%d": r"(?:19|20)\d{6}",
    "%Y%m": r"(?:19|20)\d{4}",
}


def _fits(known: "pd.Series[str]", form: str) -> bool:
    return bool(_which_fit(known, form).all())


def _which_fit(known: "pd.Series[str]", form: str) -> NDArray[np.bool_]:
    looks = known.str.fullmatch(_LOOKS[form]).to_numpy(bool) if form in _LOOKS else np.ones(len(known), dtype=bool)
    if not looks.any():
        return looks
    dates = pd.to_datetime(known.astype(object), format=form, errors="coerce", utc=True)
    return np.asarray(looks & dates.notna().to_numpy(bool))
