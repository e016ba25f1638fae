"""The strongest contributions of each row as reasons in words, worded by the feature catalogue."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.explain.additive import Contributions
from ml.explain.catalogue import entries_of, entry_field

_FALLBACK_TEXT = "{name} is {value}, usual {usual}"
_PLACES = re.compile(r"\{(value|usual|name)\}")


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
    answer "why is this score not the usual one". Features that contribute nothing, or that pull the other
    way, are not reasons, so a row may have fewer than ``top``.

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
        Gives ``reason_text`` (template with ``{value}`` and ``{usual}``) and ``unit`` of each feature.
    top : int
        Reasons a row, at most.

    Returns
    -------
    list of list of dict
        ``feature, value, contribution, direction ("raises" or "lowers"), text`` in plain JSON types.
    """
    n, k = X.shape
    top = min(top, k)
    if n == 0 or top == 0:
        return [[] for _ in range(n)]
    away = np.where(contributions.log_odds >= contributions.base, 1.0, -1.0)
    strength = contributions.values * away[:, None]
    chosen = np.argsort(-strength, axis=1, kind="stable")[:, :top]
    rows = np.repeat(np.arange(n), top)
    columns = chosen.ravel()
    kept = strength[rows, columns] > 0.0
    rows, columns = rows[kept], columns[kept]
    values, parts = X[rows, columns], contributions.values[rows, columns]
    texts = _texts(columns, values, features, usual, catalogue)

    found: list[list[dict[str, Any]]] = [[] for _ in range(n)]
    for row, column, value, part, text in zip(
        rows.tolist(), columns.tolist(), values.tolist(), parts.tolist(), texts, strict=True
    ):
        found[row].append(
            {
                "feature": features[column],
                "value": None if value != value else value,
                "contribution": part,
                "direction": "raises" if part > 0 else "lowers",
                "text": text,
            }
        )
    return found


def _texts(
    columns: NDArray[np.intp],
    values: NDArray[np.float64],
    features: Sequence[str],
    usual: Mapping[str, float | None],
    catalogue: Any,
) -> list[str]:
    """Sentences for the chosen cells, one feature at a time."""
    entries = entries_of(catalogue)
    texts = np.empty(len(columns), dtype=object)
    for column in np.unique(columns):
        name = features[column]
        entry = entries.get(name)
        unit = entry_field(entry, "unit")
        template = str(entry_field(entry, "reason_text") or _FALLBACK_TEXT)
        usual_value = usual.get(name)
        words = {
            "usual": format_values([np.nan if usual_value is None else usual_value], unit)[0],
            "name": name,
        }
        where = np.flatnonzero(columns == column)
        for at, shown in zip(where.tolist(), format_values(values[where], unit), strict=True):
            # Only the three known places are filled; anything else in braces stays as the catalogue wrote it.
            texts[at] = _fill(template, {**words, "value": shown})
    return list(texts)


def _fill(template: str, words: Mapping[str, str]) -> str:
    return _PLACES.sub(lambda place: words[place[1]], template)


def format_values(values: Sequence[float] | NDArray[np.float64], unit: str | None) -> list[str]:
    """Numbers in the words of their unit.

    A ``ratio`` has two digits, ``share`` (0 to 1) and ``percent`` (0 to 100) become a percentage; ``count``,
    ``days``, ``months`` are whole where they are whole; amounts are rounded to whole units, with thousands
    separated; missing is "not known".

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
    if not np.isfinite(value):
        return "not known"
    lowered = unit.lower()
    if lowered in ("share", "fraction"):
        return f"{100 * value:.0f} %"
    if lowered in ("percent", "pct", "%"):
        return f"{value:.0f} %"
    if lowered in ("ratio", ""):
        return f"{value:,.2f}"
    if lowered in ("count", "days", "months", "weeks"):
        plain = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
        return plain if lowered == "count" else f"{plain} {lowered}"
    amount = f"{value:,.0f}" if abs(value) >= 10 else f"{value:,.2f}"
    amount = "0" if amount in ("-0", "0.00", "-0.00") else amount
    return f"{amount} {unit}" if len(unit) == 3 and unit.isupper() else amount
