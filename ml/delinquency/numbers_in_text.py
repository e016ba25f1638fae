"""Numbers written as text: with percent, currency, a unit, thousands in groups, and a point or a comma before the
fraction.

Belongs here: how a number is written, and what a whole column says of it. What becomes of a column that holds words
beside its numbers is decided in ``columns``.
"""

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.dates import text_of
from ml.delinquency.errors import FeatureError, FeatureWarning

Floats = NDArray[np.float64]

# Thousands separated in threes (in India the later ones in twos), or not at all; "0,126" is no thousand. One convention
# holds for a whole column.
_POINT = (
    r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?:[ ']\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?"
)
_COMMA = r"(?:[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?:[ ']\d{3})+|\d*)(?:,\d*)?"
_THOUSANDS_OF_POINTS = r"[1-9]\d{0,2}(?:\.\d{3})+"
# A letter code before a number is part of its name (E1001) unless it is a currency.
_CURRENCIES = frozenset(
    re.findall(
        r"\S+",
        "aed ars aud bdt bgn brl cad chf clp cny cop czk dkk egp eur gbp ghs hkd huf idr ils inr jpy kes krw kzt "
        "lkr mad mxn myr ngn nok npr nzd pen php pkr pln qar ron rs rub rp sar sek sgd thb try twd tzs uah ugx usd "
        "vnd xaf xof zar zmw kc ft zl lei kr",
    )
)
_MULTIPLES = {"k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9}
# Units that may stand right behind a number; any other word needs a space, so that 12AB stays a code.
_UNITS = frozenset(("day", "week", "month", "mo", "mth", "year", "yr", "hr", "min", "km", "kg", "pct", "percent"))
_SYMBOL = "[%$€£]"
_PLAIN = r"[1-9]\d{0,2}(?:,\d{3})*(?:\.\d+)?"
_WRITTEN = re.compile(
    rf"^(?P<open>\()?\s*(?P<sign>[-+]?)\s*(?:(?P<before>[^\W\d_]{{2,3}})\.?|{_SYMBOL})?\s*(?P<inner>[-+]?)\s*"
    r"(?P<core>[.,]?\d[\d.,' ]*?(?:[eE][+-]?\d+)?)"
    rf"(?P<space>\s*)(?P<plus>\+?)\s*(?:(?P<after>[^\W\d_]+)\.?|{_SYMBOL})?\s*(?P<trail>[-+]?)\s*(?P<close>\))?$"
)
# What stands in a column of numbers for none, beside what says so anywhere.
_NO_NUMBER = frozenset(
    re.findall(
        r"\S+",
        "- -- --- . .. n.a. n.a n.v. k.a. xna xx x unknown missing nil inf -inf +inf infinity -infinity #n/a "
        "#div/0! tbd unk",
    )
) | {"not known", "not available", "not applicable", "no data", "unbekannt"}
# So many different numbers that none of them ends with 0 by chance, where zeros at the end were left out.
_ENOUGH_FRACTIONS = 30
OPEN_THOUSANDS = (
    "each fraction has three digits, so that points may separate thousands; read as fractions. Give 1250 for 1.250 if "
    "thousands are meant"
)


@dataclass(frozen=True)
class Reading:
    """How the numbers of a column are written.

    Attributes
    ----------
    comma : bool
        Whether a comma stands before the fraction.
    unit : str
        Currency or unit that stands beside each number; empty where there is none.
    numbers : ndarray of shape (n,)
        NaN where a text is no such number.
    is_like : ndarray of shape (n,)
        Whether a text is some number, if of another unit or convention.
    is_open : bool
        Whether points may as well separate thousands.
    """

    comma: bool
    unit: str
    numbers: Floats
    is_like: NDArray[np.bool_]
    is_open: bool


def reading_of(text: "pd.Series[Any]", rows: NDArray[np.integer[Any]]) -> Reading:
    """The unit and the convention that read most rows of different texts, of which each stands in ``rows`` rows."""
    written = _written(text)
    is_like = written["core"].notna().to_numpy(bool)
    by_unit = pd.Series(rows).groupby(written["unit"].to_numpy()).sum()
    unit = "" if by_unit.empty else str(by_unit.sort_index().idxmax())
    point, with_comma = (_numbers(written, comma, unit) for comma in (False, True))
    reads_more = int(rows[~np.isnan(with_comma)].sum()) - int(rows[~np.isnan(point)].sum())
    thousands = _points_separate_thousands(written["core"][written["unit"].eq(unit).fillna(False)])
    comma = reads_more > 0 or (reads_more == 0 and thousands is True)
    return Reading(comma, unit, with_comma if comma else point, is_like, not comma and thousands is None)


def parsed(text: "pd.Series[Any]", comma: bool, unit: str = "") -> Floats:
    """Numbers in text with a point or a comma before the fraction and a unit beside them; NaN where there is none."""
    found = np.full(len(text), np.nan)
    if not comma and not unit:
        found = np.asarray(pd.to_numeric(text, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan))
        found = np.where(np.isfinite(found), found, np.nan)
        # Most of what is written otherwise is written like this; the whole of it costs ten times as much to look for.
        rest = np.isnan(found) & text.notna().to_numpy(bool)
        if rest.any():
            bare = text[rest].str.replace("[%$€£,]", "", regex=True)
            is_plain = text[rest].str.fullmatch(rf"{_SYMBOL}?{_PLAIN}{_SYMBOL}?").to_numpy(bool)
            found[rest] = pd.to_numeric(bare.where(is_plain)).astype("Float64").to_numpy(float, na_value=np.nan)
    rest = np.isnan(found) & text.notna().to_numpy(bool)
    if rest.any():
        found[rest] = _numbers(_written(text[rest]), comma, unit)
    return found


def read_numbers(values: "pd.Series[Any]", comma: bool, unit: str = "", words: tuple[str, ...] = ()) -> Floats:
    """Numbers in text by the convention of training; missing is NaN.

    Parameters
    ----------
    values : pandas.Series of shape (n,)
        Text, or numbers where a batch happens to hold nothing else.
    comma, unit
        As in :class:`Reading`.
    words : tuple of str
        What stood in training for no number.

    Raises
    ------
    FeatureError
        If more than half of the values are no finite numbers.

    Warns
    -----
    FeatureWarning
        If fewer are: they are missing.
    """
    text = text_of(values)
    text = text.mask(text.isin(words) | text.str.lower().isin(_NO_NUMBER))
    found = parsed(text, comma, unit)
    known = text.notna().to_numpy(bool)
    wrong = int((np.isnan(found) & known).sum())
    said = (
        f"feature {values.name}: {wrong} of {len(values)} values are no finite numbers; expected numbers such as "
        f"{example(comma, unit)} or {example(comma, '%')}, as in training"
    )
    if 2 * wrong > known.sum():
        raise FeatureError(said)
    if wrong:
        warnings.warn(f"{said}; taken as missing", FeatureWarning, stacklevel=3)
    return found


def example(comma: bool, unit: str = "") -> str:
    """A number as it is written, for people."""
    number = "13,5" if comma else "13.5"
    if not unit or unit == "%":
        return f"{number}{unit}"
    return f"{unit.upper()} {number}" if unit in _CURRENCIES else f"{number} {unit}"


def _written(text: "pd.Series[Any]") -> pd.DataFrame:
    """Sign, digits, unit and multiple of each text; missing where it is no number."""
    plain = text.astype("string").str.strip().str.replace(r"[−–]", "-", regex=True)
    plain = plain.str.replace("[’‘`´]", "'", regex=True).str.replace(r"\s", " ", regex=True)
    parts = plain.str.extract(_WRITTEN)
    before = parts["before"].str.lower()
    after = parts["after"].str.lower().str.replace(r"(?<=\w\w)s$", "", regex=True)
    multiple = after.astype(object).map(_MULTIPLES).astype(float)
    after = after.mask(multiple.notna())
    is_unit = after.isin(_CURRENCIES | _UNITS) | ((parts["space"] != "") & (after.str.len() > 1))
    signs = parts[["sign", "inner", "trail"]].fillna("").to_numpy(str)
    in_brackets = parts["open"].notna().to_numpy(bool)
    fits = (
        parts["core"].notna().to_numpy(bool)
        & (after.isna() | is_unit).fillna(False).to_numpy(bool)
        & (before.isna() | before.isin(_CURRENCIES)).fillna(False).to_numpy(bool)
        & ~(before.notna() & after.notna()).to_numpy(bool)
        & (in_brackets == parts["close"].notna().to_numpy(bool))
        & ((signs != "").sum(axis=1) + in_brackets <= 1)
    )
    is_negative = in_brackets | (signs == "-").any(axis=1)
    return pd.DataFrame(
        {
            "core": parts["core"].str.strip().where(fits),
            "unit": before.where(before.notna(), after).fillna("").where(fits),
            "factor": np.where(is_negative, -1.0, 1.0) * multiple.fillna(1.0).to_numpy(float),
        }
    )


def _numbers(written: pd.DataFrame, comma: bool, unit: str) -> Floats:
    core = written["core"].where(written["unit"].eq(unit).fillna(False))
    bare = core.where(core.str.fullmatch(_COMMA if comma else _POINT).fillna(False))
    bare = bare.str.replace("[ '.]" if comma else "[ ',]", "", regex=True).str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(bare, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
    numbers = numbers * written["factor"].to_numpy(float)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _points_separate_thousands(cores: "pd.Series[Any]") -> bool | None:
    """Whether the points of a column separate thousands; None where that is open.

    They may where each stands before three digits and no number without one reaches 1,000. They do where zeros at the
    end are written though whole numbers have no fraction, or so many fractions have three digits.
    """
    pointed = cores[cores.str.contains(".", regex=False)]
    others = cores[~cores.str.contains(".", regex=False)]
    if pointed.empty or not pointed.str.fullmatch(_THOUSANDS_OF_POINTS).all() or not others.str.len().le(3).all():
        return False
    if others.empty:
        return None
    return True if pointed.str.endswith("0").any() or len(pointed) >= _ENOUGH_FRACTIONS else None
