"""What a column of any table is, learnt without looking at the outcome: number, level, date, flag, or nothing."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.date_codes import DIGIT_FORMS, are_dates, says_date
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
from ml.delinquency.identifiers import named_identifier
from ml.delinquency.numbers_in_text import OPEN_THOUSANDS, Reading, example, reading_of
from ml.explain.wording import NO_VALUE

Kind = Literal["number", "flag", "number_in_text", "number_with_comma", "level", "days_before", "absent"]

# 1,000 levels: codes of places, trades, employers and banks still are levels (2026-11-28: of 3,000 employers and 400
# towns in 30,000 rows, 200 levels each cost 0.016 of AUC against a plain logistic regression). A level needs 10 rows,
# however many the table has; rarer ones are one level.
MAX_LEVELS = 1000
RARE_ROWS = 10
OTHER = "(rare)"
NO_LEVEL = NO_VALUE
# Words among numbers are missing where they are so few different ones beside more numbers than levels are worth.
_FEW_WORDS, _MORE_THAN_LEVELS = 5, 20
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
        How a date is written, see ``dates.date_form``; the unit beside numbers in text, see ``numbers_in_text``.
    is_past : bool
        Years of two digits that would lie in the row's future are of the century before.
    words : tuple of str
        What stands for no number or no date, and is missing.
    """

    name: str
    kind: Kind = "number"
    levels: tuple[str, ...] = ()
    form: str = ""
    is_past: bool = False
    words: tuple[str, ...] = ()


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
        if not keep and (why := named_identifier(values, name)):
            return None, why, []
        if not numeric and _is_flag(known):
            return Column(name, "flag"), None, []
        if numeric or days is None:
            return Column(name), None, []
        look, told = _look_at_dates(values, name, days)
        return look or (Column(name), None, told)
    look, told = _look_at_dates(values, name, days)
    if look is None:
        column, reason, said = _look_at_text(values, name)
        told = told + said
        is_number = column is not None and column.kind in ("number_in_text", "number_with_comma")
        if not keep and column is not None and is_number:
            why = named_identifier(values, name, digits_of(values))
            if why:
                return None, why, []
        takes_no_part = reason is not None and reason != "constant"
        look = (column, "; ".join([reason, *told]), []) if reason and takes_no_part else (column, reason, told)
    return look


def _look_at_dates(
    values: "pd.Series[Any]", name: str, days: NDArray[np.datetime64] | None
) -> tuple[Look | None, list[str]]:
    """What a column of dates is; None where it is none, with what is to be known of it."""
    form, odd, words = most_dates(values)
    rows = int(values.notna().sum())
    if form is None:
        return None, []
    if form == SEVERAL:
        return None, [AMBIGUOUS] if are_few(odd, rows) else []
    if not are_few(odd, rows):
        if form in DIGIT_FORMS and not says_date(name):
            return None, []
        return None, [f"{rows - odd} of {rows} values are dates such as {in_words(form)}; give the others as missing"]
    dates, wrong = dates_and_others(values, form, words)
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
    if gone := rows - wrong - int(dates.notna().sum()):
        told.append(f"{gone} of {rows} values stand for no date, such as 0, 99991231 or a word: taken as missing")
    found, is_past = dates.to_numpy().astype("datetime64[D]"), False
    if has_two_digit_years(form):
        is_past = mostly_past(found, days)
        if any_ahead(found, days):
            century = "are of the century before" if is_past else "lie in the row's future"
            told.append(f"years have two digits: those that may lie ahead {century}, as a guess; give four digits")
    return (Column(name, "days_before", form=form, is_past=is_past, words=words), None, told), []


def digits_of(values: "pd.Series[Any]") -> NDArray[np.float64]:
    """Whole numbers of a column of text, as an identifier is written: of digits alone; NaN where it is another text."""
    text = text_of(values)
    is_digits = text.str.fullmatch("[0-9]+").fillna(False).to_numpy(bool)
    return np.asarray(pd.to_numeric(text.where(is_digits)).astype("Float64").to_numpy(float, na_value=np.nan))


def _look_at_text(values: "pd.Series[Any]", name: str) -> tuple[Column | None, str | None, list[str]]:
    """What a column of text is: numbers, levels, or nothing that can be learnt from; and what is to be known of it."""
    text = text_of(values)
    counts = text.value_counts().sort_index()
    if counts.empty:
        return Column(name, "absent"), "no value in any row", []
    found = reading_of(pd.Series(counts.index, dtype=object), counts.to_numpy(np.int64))
    column, told = _numbers_with_words(counts, found, name)
    if column is not None:
        return column, None, told
    column, reason = _levels(text, counts, name)
    return column, reason, told


def _numbers_with_words(counts: "pd.Series[Any]", found: Reading, name: str) -> tuple[Column | None, list[str]]:
    """The column where its texts are numbers, or are so but for a few words; and what is to be known of it."""
    is_word = np.isnan(found.numbers)
    total, odd = int(counts.sum()), int(counts[is_word].sum())
    different = len(np.unique(found.numbers[~is_word]))
    words = int(is_word.sum())
    told = [OPEN_THOUSANDS] if found.is_open and different >= _FEWEST_TO_TELL else []
    like = f"values are numbers such as {example(found.comma, found.unit)}"
    if odd:
        is_told_apart = 2 * odd < total and words <= _FEW_WORDS and different > _MORE_THAN_LEVELS
        if not different or not (are_few(odd, total) or is_told_apart):
            is_worth_saying = different > _MORE_THAN_LEVELS and 2 * int(counts[found.is_like].sum()) > total
            others = f"the others are {words} different texts, so all are taken as text"
            return None, [f"{total - odd} of {total} {like}; {others}"] if is_worth_saying else []
        told.append(f"{total - odd} of {total} {like}; the others ({words} different) are taken as missing")
    # Rare ones may be anything, a name too: they are not kept.
    common = counts[is_word & (counts >= RARE_ROWS).to_numpy(bool)].sort_values(ascending=False, kind="stable")
    return Column(
        name,
        "number_with_comma" if found.comma else "number_in_text",
        form=found.unit,
        words=tuple(sorted(map(str, common.index[:_FEW_WORDS]))),
    ), told


def _levels(text: "pd.Series[Any]", counts: "pd.Series[Any]", name: str) -> tuple[Column | None, str | None]:
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
