"""From any table to numbers, one column a feature: what is left out and why, and how values become numbers.

What a column *is* is found in ``columns``. What a number means for the risk is learnt by the members, inside each fold.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.columns import NO_LEVEL, OTHER, Column, digits_of, look_at
from ml.delinquency.dates import dates_and_others, in_past_century, text_of, wrong_in_words
from ml.delinquency.errors import FeatureError, FeatureWarning
from ml.delinquency.frame import plain_type, plain_types, to_numbers
from ml.delinquency.identifiers import NAMED, looks_like_identifier
from ml.delinquency.numbers_in_text import read_numbers

__all__ = ["NO_LEVEL", "OTHER", "Column", "Encoder", "learn_encoder"]

Floats = NDArray[np.float64]


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
            If a column is absent, is infinite, or holds mostly what is no number where numbers are expected.

        Warns
        -----
        FeatureWarning
            If values of a date are none of the form that training read, or some of numbers are none: they are missing.
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
                X[:, position] = read_numbers(
                    frame[column.name], column.kind == "number_with_comma", column.form, column.words
                )
            elif column.kind == "days_before":
                X[:, position] = _days_before(frame[column.name], column, days)
        return X

    def unknown_levels(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Which values are levels that training did not know, shape (n, k); rare ones it knew are one level."""
        found = np.zeros((len(frame), len(self.columns)), dtype=bool)
        for position, column in enumerate(self.columns):
            if column.kind == "level":
                text = text_of(plain_type(frame[column.name]))
                found[:, position] = text.notna().to_numpy(bool) & np.isnan(_codes(text, column.levels))
        return found

    def without(self, reasons: Mapping[str, str]) -> "Encoder":
        """The encoder without some features, for the reasons given."""
        columns = tuple(column for column in self.columns if column.name not in reasons)
        return replace(self, columns=columns, dropped={**self.dropped, **reasons})

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; what was left out is metadata, not model."""
        columns = [asdict(column) for column in self.columns]
        # Left out where there are none: models of before are read back to the same bytes.
        return {"columns": [{key: told for key, told in one.items() if key != "words" or told} for one in columns]}

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
                    tuple(entry.get("words", ())),
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
        found, reason, told = look_at(values, name, name in numeric, keep, days)
        said += [f"feature {name}: {one}" for one in told]
        if found is not None and (keep or found.kind != "absent"):
            columns.append(found)
        if reason:
            dropped[name] = reason
        if not keep and found is not None and found.kind in ("number", "number_in_text", "number_with_comma"):
            numbers = None if found.kind == "number" else digits_of(values)
            if asks_outcome and (how := looks_like_identifier(values, days, numbers=numbers)):
                suspects[name] = how
            elif not asks_outcome and (how := looks_like_identifier(values, days, even=False, numbers=numbers)):
                columns.pop()
                dropped[name] = f"{NAMED}, {how}"
    return Encoder(tuple(columns), dropped, tuple(said), suspects)


def _level_codes(values: "pd.Series[Any]", levels: tuple[str, ...]) -> Floats:
    return _codes(text_of(values), levels)


def _codes(text: "pd.Series[Any]", levels: tuple[str, ...]) -> Floats:
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
    read, wrong = dates_and_others(values, column.form, column.words)
    if wrong:
        said = f"feature {values.name}: {wrong_in_words(wrong, len(values), column.form)}; taken as missing"
        warnings.warn(said, FeatureWarning, stacklevel=3)
    dates = read.to_numpy().astype("datetime64[D]")
    if column.is_past:
        dates = in_past_century(dates, days)
    gone = (days - dates).astype("timedelta64[D]").astype(float)
    return np.where(np.isnat(dates), np.nan, gone)
