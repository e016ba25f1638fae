"""From any table to numbers, one column a feature: kinds of columns, levels, what is left out and why.

Belongs here: what a column *is*, learnt without looking at the outcome, and how its values become numbers when
scoring. What a number means for the risk is learnt by the members, inside each fold.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
    in_past_century,
    in_words,
    most_dates,
    mostly_past,
    text_of,
    wrong_in_words,
)
from ml.delinquency.errors import FeatureError, FeatureWarning
from ml.delinquency.frame import plain_type, plain_types, to_numbers
from ml.delinquency.identifiers import NAMED, is_named_identifier, looks_like_identifier
from ml.delinquency.numbers_in_text import parsed, read_numbers
from ml.explain.wording import NO_VALUE

Floats = NDArray[np.float64]
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


@dataclass(frozen=True)
class Encoder:
    """All features of a table in their order.

    Attributes
    ----------
    columns : tuple of Column
    dropped : dict
        Why others were left out, name to reason.
    warnings : tuple of str
        What is to be known of columns.
    suspects : dict
        Features that are identifiers unless they say something of the outcome, name to how they resemble one.
    """

    columns: tuple[Column, ...]
    dropped: dict[str, str]
    warnings: tuple[str, ...] = ()
    suspects: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Features in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def levels(self) -> tuple[int, ...]:
        """Number of levels of each feature; 0 where it is a number."""
        return tuple(len(column.levels) for column in self.columns)

    @property
    def needs_time(self) -> bool:
        """Whether a row's time decides any value."""
        return any(column.kind == "days_before" for column in self.columns)

    def numbers(self, frame: pd.DataFrame, days: NDArray[np.datetime64] | None = None) -> Floats:
        """Values of shape (n, k); missing and unknown are NaN.

        Parameters
        ----------
        frame : pandas.DataFrame
            Holds at least the features.
        days : ndarray of shape (n,), optional
            Time of each row, needed where a feature counts days before it.

        Raises
        ------
        FeatureError
            If a column is absent, is infinite, or holds what is no number where numbers are expected.

        Warns
        -----
        FeatureWarning
            If values of a date are none of the form that training read: they are missing.
        """
        if not all(isinstance(name, str) for name in frame.columns):
            frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
        plain = [column.name for column in self.columns if column.kind in ("number", "flag")]
        X = np.full((len(frame), len(self.columns)), np.nan)
        absent = [name for name in self.names if name not in frame.columns]
        if absent:
            raise FeatureError(f"the frame lacks {len(absent)} of {len(self.columns)} features: {absent[:10]}")
        frame = plain_types(frame[list(self.names)])
        at = [position for position, column in enumerate(self.columns) if column.kind in ("number", "flag")]
        X[:, at] = to_numbers(frame, plain)
        for position, column in enumerate(self.columns):
            if column.kind == "level":
                X[:, position] = _level_codes(frame[column.name], column.levels)
            elif column.kind in ("number_in_text", "number_with_comma"):
                X[:, position] = read_numbers(frame[column.name], column.kind == "number_with_comma")
            elif column.kind == "days_before":
                X[:, position] = _days_before(frame[column.name], column, days)
        return X

    def without(self, reasons: Mapping[str, str]) -> "Encoder":
        """The encoder without some features, for the reasons given."""
        columns = tuple(column for column in self.columns if column.name not in reasons)
        return replace(self, columns=columns, dropped={**self.dropped, **reasons})

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; what was left out is metadata, not model."""
        return {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Encoder":
        """Inverse of :meth:`to_dict`."""
        return cls(
            tuple(
                Column(
                    entry["name"],
                    entry["kind"],
                    tuple(entry["levels"]),
                    # Models of before kept no form: dates were read anew each time.
                    entry.get("form") or ("dates" if entry["kind"] == "days_before" else ""),
                    bool(entry.get("is_past", False)),
                )
                for entry in stored["columns"]
            ),
            {},
        )

    @classmethod
    def of_numbers(cls, names: Sequence[str]) -> "Encoder":
        """Every feature a plain number."""
        return cls(tuple(Column(name) for name in names), {})


def learn_encoder(
    frame: pd.DataFrame,
    names: Sequence[str],
    *,
    numeric: frozenset[str],
    keep: bool,
    days: NDArray[np.datetime64] | None = None,
    asks_outcome: bool = False,
) -> Encoder:
    """Find out what each column is.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training rows.
    names : sequence of str
        Columns to look at, in the order the model keeps.
    numeric : frozenset of str
        Features that a catalogue describes: they are numbers, and text in them is an error.
    keep : bool
        The caller named the features: constant, wholly missing ones and ids in numbers stay in the schema.
    days : ndarray of shape (n,), optional
        Time of each row; without it dates can't become days before it.
    asks_outcome : bool
        The caller asks whether the suspects say something of the outcome. Otherwise numbers, each once, that hardly
        leave out any or follow time are left out by their look.
    """
    columns: list[Column] = []
    dropped: dict[str, str] = {}
    said: list[str] = []
    suspects: dict[str, str] = {}
    for name in names:
        values = plain_type(frame[name])
        found, reason, told = _look_at(values, name, name in numeric, keep, days)
        said += [f"feature {name}: {one}" for one in told]
        if found is not None and (keep or found.kind != "absent"):
            columns.append(found)
        if reason:
            dropped[name] = reason
        if not keep and found is not None and found.kind == "number":
            if asks_outcome and (how := looks_like_identifier(values, days)):
                suspects[name] = how
            elif not asks_outcome and (how := looks_like_identifier(values, days, even=False)):
                columns.pop()
                dropped[name] = f"{NAMED}, {how}"
    return Encoder(tuple(columns), dropped, tuple(said), suspects)


# The column, why it is left out or takes no part, and what is to be known of it.
Look = tuple[Column | None, str | None, list[str]]


def _look_at(
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


def _level_codes(values: "pd.Series[Any]", levels: tuple[str, ...]) -> Floats:
    text = text_of(values)
    codes = pd.Index(levels).get_indexer(pd.Index(text.astype(object))).astype(float)
    unknown = (codes < 0) & text.notna().to_numpy(bool)
    codes[codes < 0] = np.nan
    if levels and levels[-1] == OTHER:
        codes[unknown] = len(levels) - 1
    return codes


def _days_before(values: "pd.Series[Any]", column: Column, days: NDArray[np.datetime64] | None) -> Floats:
    if days is None:
        raise FeatureError(
            f"feature {values.name} is a date and counts as days before the row's time; give the time of each row"
        )
    if values.isna().all():
        return np.full(len(values), np.nan)
    read, wrong = dates_and_others(values, column.form)
    if wrong:
        said = f"feature {values.name}: {wrong_in_words(wrong, len(values), column.form)}; taken as missing"
        warnings.warn(said, FeatureWarning, stacklevel=3)
    dates = read.to_numpy().astype("datetime64[D]")
    if column.is_past:
        dates = in_past_century(dates, days)
    gone = (days - dates).astype("timedelta64[D]").astype(float)
    return np.where(np.isnat(dates), np.nan, gone)
