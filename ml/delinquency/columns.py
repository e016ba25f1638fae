"""What a column of any table is, learnt without looking at the outcome: number, level, date, flag, or nothing."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.date_codes import DIGIT_FORMS, are_dates
from ml.delinquency.dates import (
    AMBIGUOUS,
    SEVERAL,
    any_ahead,
    are_few,
    dates_and_others,
    has_two_digit_years,
    in_words,
    most_dates,
    mostly_past,
    text_of,
    wrong_in_words,
)
from ml.delinquency.errors import FeatureError
from ml.delinquency.identifiers import NAMED, is_named_identifier
from ml.delinquency.numbers_in_text import parsed
from ml.explain.wording import NO_VALUE

Kind = Literal["number", "flag", "number_in_text", "number_with_comma", "level", "days_before", "absent"]

# 1,000 levels: codes of places, trades, employers and banks still are levels (2026-11-28: of 3,000 employers and 400
# towns in 30,000 rows, 200 levels each cost 0.016 of AUC against a plain logistic regression). A level needs 10 rows,
# however many the table has; rarer ones are one level.
MAX_LEVELS = 1000
RARE_ROWS = 10
OTHER = "(rare)"
NO_LEVEL = NO_VALUE
# So many different numbers that read as dates are told of where they are taken as numbers.
_FEWEST_TO_TELL = 10


@dataclass(frozen=True)
class Column:
    """One feature: how its values become a number.

    Attributes
    ----------
    name : str
    kind : str
        ``number`` as it stands; ``flag``: true or false; ``number_in_text`` such as "13.5%" and "1,250";
        ``number_with_comma`` such as "13,5" and "1.250,00"; ``level``: the position in ``levels``, an unknown one is
        missing, or the rare one where there is one; ``days_before``: days from the date to the row's time;
        ``absent``: constant or wholly missing in training, always missing.
    levels : tuple of str
        Levels in the order of their text.
    form : str
        How a date is written, see ``dates.date_form``.
    is_past : bool
        Years of two digits that would lie in the row's future are of the century before.
    """

    name: str
    kind: Kind = "number"
    levels: tuple[str, ...] = ()
    form: str = ""
    is_past: bool = False


# The column, why it is left out or takes no part, and what is to be known of it.
Look = tuple[Column | None, str | None, list[str]]


def look_at(
    values: "pd.Series[Any]", name: str, numeric: bool, keep: bool, days: NDArray[np.datetime64] | None
) -> Look:
    if values.dtype.kind == "c":
        raise FeatureError(f"feature {name} has the type {values.dtype}; expected real numbers")
    if values.isna().all():
        return Column(name, "number" if keep else "absent"), "no value in any row", []
    if numeric or pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values) or _only_numbers(values):
        known = values.dropna()
        if known.nunique() == 1 and len(known) == len(values):
            return Column(name, "number" if keep else "absent"), "constant", []
        if not keep and is_named_identifier(values, name):
            return None, NAMED, []
        if not numeric and _is_flag(known):
            return Column(name, "flag"), None, []
        if numeric or days is None:
            return Column(name), None, []
        look, told = _look_at_dates(values, name, days)
        return look or (Column(name), None, told)
    look, told = _look_at_dates(values, name, days)
    if look is None:
        column, reason = _look_at_text(values, name)
        takes_no_part = reason is not None and reason != "constant"
        look = (column, "; ".join([reason, *told]), []) if reason and takes_no_part else (column, reason, told)
    return look


def _look_at_dates(
    values: "pd.Series[Any]", name: str, days: NDArray[np.datetime64] | None
) -> tuple[Look | None, list[str]]:
    """What a column of dates is; None where it is none, with what is to be known of it."""
    form, odd = most_dates(values)
    rows = int(values.notna().sum())
    if form is None:
        return None, []
    if form == SEVERAL:
        return None, [AMBIGUOUS] if are_few(odd, rows) else []
    if not are_few(odd, rows):
        if form in DIGIT_FORMS:
            return None, []
        return None, [f"{rows - odd} of {rows} values are dates such as {in_words(form)}; give the others as missing"]
    dates, wrong = dates_and_others(values, form)
    if form in DIGIT_FORMS:
        like = f"digits such as {in_words(form)}"
        if not are_dates(dates, form, name, days):
            is_worth_saying = dates.nunique() >= _FEWEST_TO_TELL
            said = f"{like} are taken as they are, for they may be codes; call it {name}_date if they are dates"
            return None, [said] if is_worth_saying else []
        told = [f"{like} are taken as dates; give text such as C201503 if they are codes"]
    else:
        told = []
    if days is None:
        return (None, "a date, and no time is given to count days from", []), []
    if wrong:
        told.append(f"{wrong_in_words(wrong, rows, form).removesuffix(', as in training')}: taken as missing")
    found, is_past = dates.to_numpy().astype("datetime64[D]"), False
    if has_two_digit_years(form):
        is_past = mostly_past(found, days)
        if any_ahead(found, days):
            century = "are of the century before" if is_past else "lie in the row's future"
            told.append(f"years have two digits: those that may lie ahead {century}, as a guess; give four digits")
    return (Column(name, "days_before", form=form, is_past=is_past), None, told), []


def _look_at_text(values: "pd.Series[Any]", name: str) -> tuple[Column | None, str | None]:
    text = text_of(values)
    counts = text.value_counts()
    if counts.empty:
        return Column(name, "absent"), "no value in any row"
    for kind, comma in (("number_in_text", False), ("number_with_comma", True)):
        if not np.isnan(parsed(text.dropna(), comma)).any():
            return Column(name, kind), None  # type: ignore[arg-type]
    if len(counts) == 1 and text.notna().all():
        return Column(name, "absent"), "constant"
    frequent = counts[counts >= RARE_ROWS]
    if len(counts) <= MAX_LEVELS and (len(counts) <= 10 or counts.sum() / len(counts) >= 2):
        # Few levels: each has its own code as long as it is more than a handful of rows.
        kept = counts[counts >= 3].index if len(counts) > 10 else counts.index
        rare = len(kept) < len(counts)
    else:
        kept = frequent.sort_index().sort_values(ascending=False, kind="stable").head(MAX_LEVELS).index
        rare = True
        covered = float(counts[kept].sum() / counts.sum())
        if covered < 0.2:
            return None, f"an identifier or free text: {len(counts)} different values in {int(counts.sum())} rows"
    return Column(name, "level", (*sorted(map(str, kept)), *([OTHER] if rare else []))), None


def _is_flag(known: "pd.Series[Any]") -> bool:
    if pd.api.types.is_bool_dtype(known):
        return True
    return known.dtype == object and pd.api.types.infer_dtype(known, skipna=True) == "boolean"


def _only_numbers(values: "pd.Series[Any]") -> bool:
    """Whether a column of Python objects holds numbers (Decimal, int, bool) and nothing else."""
    if values.dtype != object:
        return False
    return pd.api.types.infer_dtype(values, skipna=True) in (
        "integer", "floating", "decimal", "boolean", "mixed-integer-float",
    )  # fmt: skip
