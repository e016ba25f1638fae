"""The figures of one model in one place: overall, and by vintage where several exist."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.evaluate.calibration import brier_score, brier_skill, log_loss
from ml.evaluate.discrimination import bootstrap_auc, gini, ks_statistic
from ml.evaluate.intervals import calibration_intervals
from ml.evaluate.resampling import Interval


def summarise(
    target: ArrayLike,
    probability: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
    calibration: tuple[Interval, Interval] | None = None,
) -> dict[str, float | int]:
    """All figures of one set of predictions, ready for JSON.

    Parameters
    ----------
    target, probability, group, resamples, seed
        As elsewhere in ``ml.evaluate``.
    calibration : (Interval, Interval), optional
        Slope and intercept where the caller knows more about their noise, see ``linked_calibration``.

    Returns
    -------
    dict
        ``n``, ``n_bad``, ``auc``, ``auc_low``, ``auc_high`` (95 %, bootstrap by group), ``gini``, ``ks``,
        ``brier``, ``brier_skill``, ``log_loss``, ``calibration_slope``, ``calibration_intercept``, both with
        ``_low`` and ``_high``.
    """
    ranked = bootstrap_auc(target, probability, group=group, resamples=resamples, seed=seed)
    slope, intercept = calibration or calibration_intervals(
        target, probability, group=group, resamples=resamples, seed=seed
    )
    return {
        "n": ranked.n,
        "n_bad": ranked.n_bad,
        "auc": ranked.value,
        "auc_low": ranked.low,
        "auc_high": ranked.high,
        "gini": gini(target, probability),
        "ks": ks_statistic(target, probability),
        "brier": brier_score(target, probability),
        "brier_skill": brier_skill(target, probability),
        "log_loss": log_loss(target, probability),
        "calibration_slope": slope.value,
        "calibration_slope_low": slope.low,
        "calibration_slope_high": slope.high,
        "calibration_intercept": intercept.value,
        "calibration_intercept_low": intercept.low,
        "calibration_intercept_high": intercept.high,
    }


def by_vintage(
    target: ArrayLike,
    probability: ArrayLike,
    vintage: Sequence[object] | ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """One row a vintage: ``vintage, n, n_bad, bad_rate, mean_probability, auc, auc_low, auc_high``.

    A vintage with one class only keeps its counts; its AUC is missing, for nobody can rank one class.
    """
    y = np.asarray(target, dtype=float)
    p = np.atleast_2d(np.asarray(probability, dtype=float))
    labels = np.asarray(vintage).astype(str)
    groups = np.arange(len(y)) if group is None else np.asarray(group)
    rows: list[dict[str, Any]] = []
    for label in np.unique(labels):
        inside = labels == label
        row: dict[str, Any] = {
            "vintage": str(label),
            "n": int(inside.sum()),
            "n_bad": int(y[inside].sum()),
            "bad_rate": float(y[inside].mean()),
            "mean_probability": float(p[:, inside].mean()),
            "auc": None,
            "auc_low": None,
            "auc_high": None,
        }
        if 0 < row["n_bad"] < row["n"]:
            found = bootstrap_auc(y[inside], p[:, inside], group=groups[inside], resamples=resamples, seed=seed)
            row |= {"auc": found.value, "auc_low": found.low, "auc_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)
