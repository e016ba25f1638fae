"""Markdown of a model card: tables, bullets, figures. What they say is decided in ``ml.delinquency.card``."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ml.evaluate.resampling import Interval

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def escape(text: object) -> str:
    """Text that Markdown shows as it is, on one line: names of segments come from data."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def percent(value: Any) -> str:
    """A share as a percentage; a dash where it is not known."""
    return "–" if _missing(value) else f"{100 * float(value):.1f} %"


def figure_text(found: Interval) -> str:
    """A figure with its interval, or that it has none."""
    if _missing(found.low) or _missing(found.high):
        return f"{found.value:.3f} [no interval]"
    return str(found)


def cell(value: Any) -> str:
    """A value in a table or a sentence: counts whole, figures with three digits, a dash for what is missing."""
    if _missing(value):
        return "–"
    if isinstance(value, bool | str):
        return escape(value)
    number = float(value) if isinstance(value, int | float) or hasattr(value, "dtype") else None
    if number is None:
        return escape(value)
    # 1182.0 is a count; 1.0 may be an AUC.
    whole = number.is_integer() and (not isinstance(value, float) or abs(number) >= 2)
    return f"{number:,.0f}" if whole else f"{number:.3f}"


def bullets(lines: Iterable[str]) -> str:
    """A list; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def table(frame: pd.DataFrame, columns: Mapping[str, str]) -> str:
    """Columns of a frame as a Markdown table, under the given titles."""
    names = [name for name in columns if name in frame.columns]
    lines = ["| " + " | ".join(columns[name] for name in names) + " |", "|" + " --- |" * len(names)]
    parts = [[cell(value) for value in frame[name].tolist()] for name in names]
    lines += ["| " + " | ".join(row) + " |" for row in zip(*parts, strict=True)]
    return "\n".join(lines)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
