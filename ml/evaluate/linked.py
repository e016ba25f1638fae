"""Calibration slope and intercept whose intervals know that the calibration itself was learnt from few rows.

Probabilities that were calibrated by a link are as uncertain as the link. Each resample draws the people of all rows,
fits every link again on its rows, and measures the probabilities that those links would have given.

It is for links that rest on other rows than those that are judged, such as an earlier period. Where each judged row
also calibrates the others (cross-fitting), both noises are one and the same: fitting the links again on the drawn rows
would cancel it, and the plain interval of ``calibration_intervals`` is the right one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluate.refit import LinkFit, slopes_and_intercepts
from ml.evaluate.resampling import Floats, Integers, Interval, group_codes, percentile_interval, resampled_weights

# Rows times resamples that are fitted at most, some two seconds; no interval has fewer than so many resamples.
_MOST_NUMBERS = 20_000_000
_LEAST_RESAMPLES = 400


@dataclass(frozen=True)
class LinkedPart:
    """Rows that were judged by one link, and the rows that the link was fitted on.

    Attributes
    ----------
    rows, raw : ndarray of shape (m,)
        Row numbers of those judged, and their log-odds before the link.
    link_rows, link_raw : ndarray of shape (l,)
        Row numbers of those the link rests on, and their log-odds before the link.
    """

    rows: Integers
    raw: Floats
    link_rows: Integers
    link_raw: Floats


def linked_calibration(
    target: ArrayLike,
    parts: Sequence[LinkedPart],
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """Calibration slope and intercept of all judged rows, with 95 % intervals.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, of all rows, judged or not.
    parts : sequence of LinkedPart
        Their judged rows together are one set of predictions.
    group : array_like of shape (n,), optional
        Rows of a group are drawn together, whether they are judged or carry a link.
    resamples, seed : int
        The same seed gives the same intervals; large tables are drawn less often, never below 400 times.

    Raises
    ------
    ValueError
        If a row is judged and carries a link.
    """
    y = np.asarray(target, dtype=float)
    rows = np.concatenate([part.rows for part in parts])
    if both := np.isin(rows, np.concatenate([part.link_rows for part in parts])).sum():
        raise ValueError(f"{both} rows are judged and carry a link; expected other rows, see the module")
    fits = [LinkFit(part.link_raw, y[part.link_rows]) for part in parts]
    resamples = min(resamples, max(_LEAST_RESAMPLES, _MOST_NUMBERS // len(rows)))

    def measure(weights: Floats) -> Floats:
        """Slope and intercept of each resample, shape (2, b)."""
        told = []
        for part, fit in zip(parts, fits, strict=True):
            beta = fit.fit(np.take(weights, part.link_rows, axis=1))
            told.append(beta[:, :1] + beta[:, 1:] * part.raw)
        return slopes_and_intercepts(y[rows], np.hstack(told), np.take(weights, rows, axis=1))

    value = measure(np.ones((1, len(y))))[:, 0]
    codes = group_codes(group, len(y))
    drawn = np.concatenate([measure(w) for w in resampled_weights(codes, resamples=resamples, seed=seed)], axis=1)
    return percentile_interval(float(value[0]), drawn[0]), percentile_interval(float(value[1]), drawn[1])
