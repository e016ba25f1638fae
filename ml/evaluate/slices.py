"""The same figures within parts of the rows: months or years, segments of any column."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.evaluate.calibration import brier_skill
from ml.evaluate.discrimination import check_outcome
from ml.evaluate.intervals import intervals
from ml.evaluate.resampling import Floats

UNKNOWN = "Unknown"
# Parts with fewer rows are shown together: their figures would be noise, and come close to telling of a person.
SMALL = "(small parts)"
# A month needs about this many bads for its figures to be worth a row.
_BADS_A_MONTH = 20
_MOST_MONTHS = 36


def time_labels(time: Sequence[object] | ArrayLike | pd.Series, target: ArrayLike) -> tuple[np.ndarray[Any, Any], str]:
    """Vintage of each row: its month where months hold enough bads to be read, else its year.

    Parameters
    ----------
    time : array_like of shape (n,)
        Dates; missing ones become ``Unknown``.
    target : array_like of shape (n,)
        1 for bad.

    Returns
    -------
    labels : array of str, shape (n,)
        As ``2017-03`` or ``2017``.
    unit : {"month", "year"}
    """
    days = pd.Series(pd.to_datetime(np.asarray(time)))
    months = days.dt.strftime("%Y-%m")
    n_months, n_bad = months.nunique(), float(np.asarray(target, dtype=float).sum())
    by_month = 0 < n_months <= _MOST_MONTHS and n_bad / n_months >= _BADS_A_MONTH
    labels = months if by_month else days.dt.strftime("%Y")
    return labels.fillna(UNKNOWN).to_numpy(dtype=object), "month" if by_month else "year"


def segment_labels(values: Sequence[object] | ArrayLike | pd.Series, *, parts: int = 5) -> np.ndarray[Any, Any]:
    """Segment of each row: a column's own values, or ranges of about equal counts where it holds many numbers.

    Missing values become ``Unknown``.
    """
    column = pd.Series(np.asarray(values))
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if (
        pd.api.types.is_numeric_dtype(column)
        and not pd.api.types.is_bool_dtype(column)
        and column.nunique() > 2 * parts
    ):
        edges = np.unique(np.quantile(column.dropna(), np.linspace(0, 1, parts + 1)[1:-1]))
        bounds = [-np.inf, *edges.tolist(), np.inf]
        names = [f"up to {edges[0]:g}", *(f"{a:g} to {b:g}" for a, b in itertools.pairwise(edges))]
        names.append(f"above {edges[-1]:g}")
        # Numbered, so that they sort as they rise.
        numbered = [f"{number}: {name}" for number, name in enumerate(names, start=1)]
        column = pd.Series(pd.cut(column, bounds, labels=numbered).astype(object))
    return np.where(column.isna(), UNKNOWN, column.astype(str)).astype(object)


def by_slice(
    target: ArrayLike,
    probability: ArrayLike,
    labels: Sequence[object] | ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 300,
    seed: int = 0,
    min_rows: int = 30,
    most: int = 24,
) -> pd.DataFrame:
    """One row a part, in the order of its name.

    Parameters
    ----------
    target, probability, group, resamples, seed
        As in :func:`ml.evaluate.intervals.intervals`.
    labels : array_like of shape (n,)
        Part of each row.
    min_rows : int
        Smaller parts are shown together.
    most : int
        Beyond this number of parts the smallest are shown together too.

    Returns
    -------
    pandas.DataFrame
        ``part, n, n_bad, bad_rate, mean_probability, auc, auc_low, auc_high, brier_skill, calibration_slope,
        calibration_slope_low, calibration_slope_high, calibration_intercept``. A part with one class has its counts
        only: nobody can rank one class.
    """
    y, repeats = check_outcome(target, probability)
    p = repeats.mean(axis=0)
    names = _united(pd.Series(np.asarray(labels, dtype=object)).fillna(UNKNOWN).astype(str), min_rows, most)
    groups = None if group is None else np.asarray(group)
    rows = []
    for name in sorted(set(names), key=lambda name: (name in (UNKNOWN, SMALL), name)):
        inside = np.flatnonzero(names == name)
        inner = None if groups is None else groups[inside]
        rows.append({"part": name} | _figures(y[inside], p[inside], inner, resamples, seed))
    return pd.DataFrame(rows)


def _united(names: "pd.Series[str]", min_rows: int, most: int) -> np.ndarray[Any, Any]:
    counts = names.value_counts()
    small = set(counts.index[counts < min_rows]) | set(counts.index[most - 1 :] if len(counts) > most else [])
    return np.where(names.isin(small), SMALL, names).astype(object)


def _figures(y: Floats, p: Floats, group: Any, resamples: int, seed: int) -> dict[str, Any]:
    n, n_bad = len(y), int(y.sum())
    row: dict[str, Any] = {"n": n, "n_bad": n_bad, "bad_rate": n_bad / n, "mean_probability": float(p.mean())}
    empty = dict.fromkeys(
        ("auc", "auc_low", "auc_high", "brier_skill", "calibration_slope", "calibration_slope_low",
         "calibration_slope_high", "calibration_intercept"), np.nan)  # fmt: skip
    if not 0 < n_bad < n:
        return row | empty
    found = intervals(y, p, group=group, resamples=resamples, seed=seed)
    auc, slope = found["auc"], found["calibration_slope"]
    return row | {
        "auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "brier_skill": brier_skill(y, p),
        "calibration_slope": slope.value,
        "calibration_slope_low": slope.low,
        "calibration_slope_high": slope.high,
        "calibration_intercept": found["calibration_intercept"].value,
    }
