"""Facts that, if they are wrong, would change the decision, and what proves the right value.

This says where a mistake in the records would matter. It is no advice: the words never name a value that would be
better, and only a document changes a fact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.eligibility.facts import Feature, merged
from ml.eligibility.model import EligibilityModel
from ml.eligibility.thresholds import APPROVE, REVIEW, SOFT_DECLINE

Floats = NDArray[np.float64]

# Added to what is needed, so that rounding never leaves a change just short of the threshold.
_MARGIN = 1e-9
_BLOCK_ROWS = 8192


@dataclass(frozen=True)
class Corrections:
    """For n rows and k columns: the nearest plausible value that alone would change the decision; NaN where none does.

    Attributes
    ----------
    value : ndarray of shape (n, k)
        Levels as their positions.
    distance : ndarray of shape (n, k)
        How far off that is, in the column's usual spread; infinite where there is none.
    decision : ndarray of shape (n, k)
        What the decision would be; None where there is none.
    """

    value: Floats
    distance: Floats
    decision: NDArray[np.object_]


def find_corrections(model: EligibilityModel, X: Floats, decision: NDArray[np.object_]) -> Corrections:
    """Look for the nearest value of each known fact, one fact at a time.

    Parameters
    ----------
    model : EligibilityModel
        Which has decided.
    X : ndarray of shape (n, k)
        Columns of the rows.
    decision : ndarray of shape (n,)
        By the thresholds. A decline and a review look upward, an approval downward.
    """
    value, distance, becomes = np.full(X.shape, np.nan), np.full(X.shape, np.inf), np.full(X.shape, None, dtype=object)
    approve = model.calibrator.least_raw(model.thresholds.approve)
    review = model.calibrator.least_raw(model.thresholds.review)
    for start in range(0, len(X), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block, upward = X[rows], decision[rows] != APPROVE
        needed = np.where(decision[rows] == SOFT_DECLINE, review, approve)
        F = merged(block, model.features)
        parts = model.member.contributions(F)
        gap = needed - parts.log_odds
        for at, feature in enumerate(model.features):
            grid = np.array(model.plausible[at])
            if len(grid) == 0:
                continue
            reached = model.member.contribution(at, grid)
            target = (parts.values[:, at] + gap)[:, None]
            flips = np.where(upward[:, None], reached >= target + _MARGIN, reached < target - _MARGIN)
            if not flips.any():
                continue
            for own, column in enumerate(feature.columns):
                nearest, away, best = _nearest(model, feature, own, block, grid, flips, reached, target[:, 0])
                value[rows, column], distance[rows, column] = nearest, away
                then = parts.log_odds - parts.values[:, at] + reached[best]
                # The margin that was asked of a change is given back, so that one that just suffices counts.
                then = np.where(upward, then + _MARGIN / 2, then - _MARGIN / 2)
                told = np.where(then >= approve, APPROVE, np.where(then >= review, REVIEW, SOFT_DECLINE)).astype(object)
                told[~np.isfinite(away)] = None
                becomes[rows, column] = told
    return Corrections(value, distance, becomes)


def _nearest(
    model: EligibilityModel,
    feature: Feature,
    own: int,
    block: Floats,
    grid: Floats,
    flips: NDArray[np.bool_],
    reached: Floats,
    target: Floats,
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Nearest value of one column that changes the decision, its distance, its place in the grid, shape (b,) each."""
    column = feature.columns[own]
    fact = model.policy.facts[column]
    x = block[:, column]
    candidates = np.broadcast_to(grid, flips.shape)
    if len(feature.columns) == 2:
        # The pair counts with its mean: this column alone must carry the change.
        other = block[:, feature.columns[1 - own]][:, None]
        candidates = np.where(np.isnan(other), grid, np.round(2 * grid - other, 6))
        if fact.minimum is not None:
            flips = flips & (candidates >= fact.minimum)
        if fact.is_whole:
            flips = flips & (candidates == np.floor(candidates))
    if feature.levels:
        # Levels have no order; the one that changes least comes first.
        away = np.abs(reached[None, :] - target[:, None])
        spread = float(np.ptp(reached)) or 1.0
    else:
        away = np.abs(candidates - x[:, None])
        low, high = np.quantile(grid, [0.25, 0.75])
        spread = float(high - low) or 1.0
    away = np.where(flips & ~np.isnan(x)[:, None], away, np.inf)
    best = away.argmin(axis=1)
    rows = np.arange(len(x))
    nearest = away[rows, best] / spread
    return np.where(np.isfinite(nearest), candidates[rows, best], np.nan), nearest, best
