"""From a CSV file, a frame or mappings to a checked table; what is wrong is named by file, line, column and value.

Belongs here: what a table may hold. What its columns become for the model is in ``ml.eligibility.facts``.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.eligibility.errors import EligibilityInputError
from ml.eligibility.policy import Fact, Policy

ID = "eid"
ROWS = "rows"
_MISSING = ["", "NA", "N/A", "nan", "NaN", "null", "NULL", "None"]
_SAID = {"true": True, "false": False}


def read_table(given: str | Path | pd.DataFrame | Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, str]:
    """The table, every value of a file as text, and the name of its source.

    Raises
    ------
    EligibilityInputError
        If a file is absent, is no UTF-8 text, has no header, names a column twice, or a line has another number of
        fields than the header.
    """
    if isinstance(given, pd.DataFrame):
        frame = given.reset_index(drop=True)
        _check_header([str(column) for column in frame.columns], ROWS)
        return frame.rename(columns=str), ROWS
    if not isinstance(given, str | Path):
        rows: list[Any] = list(given) if isinstance(given, Sequence) else [given]
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping):
                raise EligibilityInputError(
                    ROWS, f"a {type(row).__name__}", "a mapping of column to value", line=number
                )
        return pd.DataFrame([dict(row) for row in rows]), ROWS
    path = Path(given)
    if not path.is_file():
        raise EligibilityInputError(str(path), "no file", "a CSV file with a header")
    try:
        _, header = next(_records(path), (1, []))
        if not header:
            raise EligibilityInputError(path.name, "an empty file", "a header with the names of the columns", line=1)
        _check_header(header, path.name)
        _check_width(path)
        frame = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=_MISSING, index_col=False,
            skip_blank_lines=True, on_bad_lines="error",
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise EligibilityInputError(path.name, f"bytes that are no UTF-8 ({error.reason})", "UTF-8 text") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        expected = "comma-separated values with a header"
        raise EligibilityInputError(path.name, "text that is no CSV", expected) from error
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    frame.attrs["path"] = str(path)
    return frame, path.name


def check_facts(frame: pd.DataFrame, policy: Policy, source: str) -> pd.DataFrame:
    """The policy's columns as floats and levels, in its order; what the policy does not allow is refused.

    Raises
    ------
    EligibilityInputError
        Naming the first value that is no number, not whole, below its minimum, infinite, or no known level.
    """
    missing = [name for name in policy.columns if name not in frame.columns]
    if missing:
        raise EligibilityInputError(
            source, f"no column {', '.join(missing)}", f"the columns {', '.join(policy.columns)}", line=_header(source)
        )
    return pd.DataFrame({fact.name: _check_fact(frame, fact, source) for fact in policy.facts}, index=frame.index)


def check_target(frame: pd.DataFrame, target: str, source: str, positive: object = None) -> np.ndarray[Any, Any]:
    """0 and 1 of shape (n,); 1 needs support.

    Raises
    ------
    EligibilityInputError
        If the column is absent, a value is missing or is neither outcome, or one of both outcomes is absent.
    """
    if target not in frame.columns:
        found = f"the columns {', '.join(map(str, frame.columns))}"
        raise EligibilityInputError(source, found, f"a target column {target}", line=_header(source))
    values = frame[target]
    if positive is not None:
        text = values.astype("string").str.strip()
        y = text.eq(str(positive)).astype("Float64").to_numpy(float, na_value=np.nan)
        expected = f"two labels of which {positive!r} needs support"
        if text.nunique() != 2:
            raise EligibilityInputError(source, f"{text.nunique()} different labels", expected, column=target)
    else:
        text = values.astype("string").str.strip().str.lower().replace({"true": "1", "false": "0"})
        y = pd.to_numeric(text, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
        expected = "1 (needs support) or 0 (not eligible)"
    wrong = ~np.isin(y, (0.0, 1.0))
    if wrong.any():
        _refuse(frame, target, int(np.flatnonzero(wrong)[0]), source, expected)
    if len(np.unique(y)) < 2:
        raise EligibilityInputError(source, f"only {y[:1].tolist()} in {len(y)} rows", "both 1 and 0", column=target)
    return np.asarray(y, dtype=float)


def numeric_where_possible(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Text of plain numbers as numbers, of true and false as booleans: a file and a frame give the same model."""
    if not (pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)):
        return values
    text = values.astype("string").str.strip().str.casefold()
    if text.notna().any() and text.dropna().isin(list(_SAID)).all():
        return text.map(_SAID).astype("boolean")
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().equals(values.notna()) else values


def check_ids(frame: pd.DataFrame, source: str) -> "pd.Series[Any]":
    """Application ids as text; positions where the table has none.

    Raises
    ------
    EligibilityInputError
        If one is missing or stands twice.
    """
    if ID not in frame.columns:
        return pd.Series([f"row {number}" for number in range(1, len(frame) + 1)], index=frame.index, dtype=object)
    ids = frame[ID].astype("string").str.strip()
    if ids.isna().any():
        _refuse(frame, ID, int(np.flatnonzero(ids.isna())[0]), source, "an application id")
    twice = ids.duplicated()
    if twice.any():
        _refuse(frame, ID, int(np.flatnonzero(twice)[0]), source, "each application once", say="an id seen before")
    return ids.astype(object)


def _check_fact(frame: pd.DataFrame, fact: Fact, source: str) -> "pd.Series[Any]":
    values = frame[fact.name]
    if fact.kind == "level":
        text = values.astype("string").str.strip()
        text = text.mask(text.isin(_MISSING))
        known = {level.casefold(): level for level in fact.levels}
        found = text.str.casefold().map(known)
        wrong = (found.isna() & text.notna()).to_numpy(bool)
        if wrong.any():
            _refuse(frame, fact.name, int(np.flatnonzero(wrong)[0]), source, f"one of {', '.join(fact.levels)}")
        return found.astype(object).where(found.notna(), None)
    # True is no amount of 1: it is read as text, and refused.
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.astype("Float64").to_numpy(float, na_value=np.nan)
        gaps = np.isnan(numbers)
    else:
        text = values.astype("string").str.strip()
        gaps = (text.isna() | text.isin(_MISSING)).to_numpy(bool)
        numbers = pd.to_numeric(text.mask(gaps), errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
    least = -np.inf if fact.minimum is None else fact.minimum
    with np.errstate(invalid="ignore"):
        wrong = ~gaps & ~(np.isfinite(numbers) & (numbers >= least))
        if fact.is_whole:
            wrong |= ~gaps & (numbers != np.floor(numbers))
    if wrong.any():
        expected = f"a {'whole ' if fact.is_whole else ''}number"
        expected += "" if fact.minimum is None else f" of {fact.minimum:g} or more"
        _refuse(frame, fact.name, int(np.flatnonzero(wrong)[0]), source, f"{expected}, or nothing where not known")
    return pd.Series(numbers, index=frame.index)


def _refuse(frame: pd.DataFrame, column: str, row: int, source: str, expected: str, say: str | None = None) -> None:
    value = frame[column].iloc[row]
    found = say or ("nothing" if pd.isna(value) else repr(value if isinstance(value, str) else f"{value}")[:42])
    raise EligibilityInputError(source, found, expected, line=_line(frame, row), column=column)


def _line(frame: pd.DataFrame, row: int) -> int:
    """Line of a row in its file, or its position from 1."""
    path = frame.attrs.get("path")
    if path is None:
        return row + 1
    # The header is the first record.
    return next((line for line, _ in islice(_records(Path(path)), row + 1, None)), row + 2)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Records of a file with the lines that they begin in: a quoted field may span lines, an empty line is none."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        started = 1
        for record in reader:
            if len(record) > 1 or "".join(record).strip():
                yield started, record
            started = reader.line_num + 1


def _check_width(path: Path) -> None:
    """pandas fills a line that is too short, and cuts one that is too long by a field."""
    records = _records(path)
    _, header = next(records)
    for line, record in records:
        if len(record) != len(header):
            expected = f"{len(header)} fields, as in the header"
            raise EligibilityInputError(path.name, f"{len(record)} fields", expected, line=line)


def _header(source: str) -> int | None:
    return None if source == ROWS else 1


def _check_header(header: Sequence[str], source: str) -> None:
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        found = f"the column {', '.join(twice)} twice" if twice and twice != [""] else "a column without a name"
        raise EligibilityInputError(source, found, "each column named once", line=_header(source))
