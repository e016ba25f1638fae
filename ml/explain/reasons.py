"""The strongest contributions of each row as reasons in words, worded by the feature catalogue."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.explain.additive import Contributions
from ml.explain.catalogue import entries_of, entry_field

_FALLBACK_TEXT = "{name}: {value} (usually {usual})"
_PLACES = re.compile(r"\{(value|usual|name)\}( %)?")
# Said of every value that is missing: whether the source does not cover it or there was nothing to divide by can't be
# told from the value.
NO_VALUE = "no value"


def reasons(
    contributions: Contributions,
    X: NDArray[np.float64],
    features: Sequence[str],
    *,
    usual: Mapping[str, float | None],
    catalogue: Any = None,
    top: int = 3,
) -> list[list[dict[str, Any]]]:
    """The ``top`` reasons of each row, strongest first.

    A row above the base is explained by what raises it most, a row below by what lowers it most: the reasons
    answer "why is this score not the usual one", so the base should be the score of the usual values (see
    :meth:`Contributions.relative_to`). A feature that contributes nothing, that pulls the other way, or whose
    value reads like the usual one is no reason, so a row may have fewer than ``top``. Where nothing is left, the
    strongest feature that reads differently is given alone, whichever way it pulls.

    Parameters
    ----------
    contributions : Contributions
        Of the same rows and features.
    X : ndarray of shape (n, k)
        Feature values as given (missing allowed).
    features : sequence of str
        Names of the k columns.
    usual : mapping
        Usual value of each feature (the training median); None where there is none.
    catalogue : mapping or Catalogue, optional
        Gives ``reason_text`` (template with ``{value}`` and ``{usual}``) and ``unit`` of each feature. A ratio
        whose place is followed by " %" is written as a percentage.
    top : int
        Reasons a row, at most.

    Returns
    -------
    list of list of dict
        ``feature, value, contribution, direction ("raises" or "lowers"), text`` in plain JSON types.
    """
    n = len(X)
    top = min(top, len(features))
    if n == 0 or top == 0:
        return [[] for _ in range(n)]
    wordings = _wordings(features, usual, catalogue)
    away = np.where(contributions.log_odds >= contributions.base, 1.0, -1.0)
    strength = contributions.values * away[:, None]
    strongest_first = np.argsort(-strength, axis=1, kind="stable")

    found: list[list[dict[str, Any]]] = []
    for row in range(n):
        order = strongest_first[row].tolist()
        parts, values = contributions.values[row], X[row]
        aligned = (column for column in order if strength[row, column] > 0.0)
        kept = list(islice((column for column in aligned if wordings[column].differs(values[column])), top))
        if not kept:
            opposed = (column for column in reversed(order) if strength[row, column] < 0.0)
            kept = list(islice((column for column in opposed if wordings[column].differs(values[column])), 1))
        found.append([_reason(features[at], float(values[at]), float(parts[at]), wordings[at]) for at in kept])
    return found


@dataclass(frozen=True)
class _Wording:
    """How one feature is worded: its template, the unit its places are written in, the usual value."""

    template: str
    unit: str
    usual: str

    def differs(self, value: float) -> bool:
        """Whether the value, as it is written, reads differently from the usual one."""
        return _format(float(value), self.unit) != self.usual

    def text(self, name: str, value: float) -> str:
        words = {"name": name, "value": _format(value, self.unit), "usual": self.usual}
        # Only the three known places are filled; anything else in braces stays as the catalogue wrote it.
        return _PLACES.sub(lambda place: words[place[1]], self.template)


def _wordings(features: Sequence[str], usual: Mapping[str, float | None], catalogue: Any) -> list[_Wording]:
    """How each feature is worded, in the order of ``features``."""
    entries = entries_of(catalogue)
    wordings = []
    for name in features:
        entry = entries.get(name)
        unit = str(entry_field(entry, "unit") or "").strip()
        template = str(entry_field(entry, "reason_text") or _FALLBACK_TEXT)
        if unit.lower() == "ratio" and any(place[2] for place in _PLACES.finditer(template)):
            unit = "share"
        value = usual.get(name)
        wordings.append(_Wording(template, unit, _format(math.nan if value is None else value, unit)))
    return wordings


def _reason(name: str, value: float, part: float, wording: _Wording) -> dict[str, Any]:
    return {
        "feature": name,
        "value": None if math.isnan(value) else value,
        "contribution": part,
        "direction": "raises" if part > 0 else "lowers",
        "text": wording.text(name, value),
    }


def format_values(values: Sequence[float] | NDArray[np.float64], unit: str | None) -> list[str]:
    """Numbers in the words of their unit.

    A ``ratio`` has two digits, ``share`` (0 to 1) and ``percent`` (0 to 100) become a percentage; ``count``,
    ``days``, ``months`` are whole where they are whole; amounts are rounded to whole units, with thousands
    separated; missing is "no value". Values that read alike are written alike: there is no "-0" beside "0".

    Parameters
    ----------
    values : sequence of float
        In the unit; missing allowed.
    unit : str or None
        Unit of the catalogue. A currency code is written after the amount.
    """
    kind = (unit or "").strip()
    return [_format(float(value), kind) for value in values]


def _format(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return NO_VALUE
    lowered = unit.lower()
    if lowered in ("share", "fraction"):
        return f"{_digits(100 * value, 0)} %"
    if lowered in ("percent", "pct", "%"):
        return f"{_digits(value, 0)} %"
    if lowered in ("ratio", ""):
        return _digits(value, 2)
    if lowered in ("count", "days", "months", "weeks"):
        plain = _digits(value, 1).removesuffix(".0")
        return plain if lowered == "count" else f"{plain} {lowered}"
    amount = _digits(value, 0 if abs(round(value, 2)) >= 10 else 2)
    amount = "0" if amount == "0.00" else amount
    return f"{amount} {unit}" if len(unit) == 3 and unit.isupper() else amount


def _digits(value: float, count: int) -> str:
    """Rounded, thousands separated; adding 0 makes a rounded -0 a 0."""
    return f"{round(value, count) + 0.0:,.{count}f}"
