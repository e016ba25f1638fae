"""Facts that, if they are wrong, would change the decision, and what proves the right value.

This says where a mistake in the records would matter. It is no advice: the words never name a value that would be
better, and only a document changes a fact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.eligibility.facts import Feature, cautious_contribution, cautious_contributions, half_floor
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
    """Look for the nearest value of each known fact, one fact at a time; gaps stay gaps.

    Parameters
    ----------
    model : EligibilityModel
        Which has decided.
    X : ndarray of shape (n, k)
        Columns of the rows.
    decision : ndarray of shape (n,)
        Of the rows. A decline is looked for upward, an approval downward, a review in both directions.
    """
    value, distance, becomes = np.full(X.shape, np.nan), np.full(X.shape, np.inf), np.full(X.shape, None, dtype=object)
    for start in range(0, len(X), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = _Block.of(model, X[rows])
        for upward in (True, False):
            asked = decision[rows] != (APPROVE if upward else SOFT_DECLINE)
            if asked.any():
                _look(block, asked, decision[rows], upward, value[rows], distance[rows], becomes[rows])
    return Corrections(value, distance, becomes)


@dataclass(frozen=True)
class _Block:
    """Some rows, the thresholds in log-odds, and what counts for an approval and for a decline, with the sums."""

    model: EligibilityModel
    X: Floats
    approve: float
    review: float
    low: Floats
    high: Floats
    low_sum: Floats
    high_sum: Floats

    @classmethod
    def of(cls, model: EligibilityModel, X: Floats) -> "_Block":
        low, high = cautious_contributions(model.member, model.features, model.policy, X, model.usual_row)
        base = model.member.intercept
        approve, review = (model.calibrator.least_raw(at) for at in (model.thresholds.approve, model.thresholds.review))
        return cls(model, X, approve, review, low, high, base + low.sum(axis=1), base + high.sum(axis=1))


def _look(
    block: _Block,
    asked: NDArray[np.bool_],
    decision: NDArray[np.object_],
    upward: bool,
    value: Floats,
    distance: Floats,
    becomes: NDArray[np.object_],
) -> None:
    """Put the nearest change in one direction in the place of what was found, where it is nearer.

    A row is declined no more when what counts for a decline reaches review, and approved when what counts for an
    approval reaches approve.
    """
    model = block.model
    by_low = decision == APPROVE if not upward else decision != SOFT_DECLINE
    needed = np.where(by_low, block.approve, block.review)
    gap = needed - np.where(by_low, block.low_sum, block.high_sum)
    for at, feature in enumerate(model.features):
        grid = np.array(model.plausible[at])
        if len(grid) == 0:
            continue
        floor = half_floor(feature, model.policy)
        reached = model.member.contribution(at, grid)
        part = np.where(by_low, block.low[:, at], block.high[:, at])
        target = (part + gap)[:, None]
        flips: NDArray[np.bool_] = (reached >= target + _MARGIN) if upward else (reached < target - _MARGIN)
        gaps = np.asarray(np.isnan(block.X[:, feature.columns]).any(axis=1), dtype=bool)
        # An approval that counts the missing one of a pair as bad as can be does not depend on the known one.
        wanted: NDArray[np.bool_] = asked if floor is not None else asked & ~(gaps & by_low)
        flips &= wanted[:, None]
        if not flips.any():
            continue
        for own, column in enumerate(feature.columns):
            least = np.where(by_low & gaps, floor or 0.0, np.nan)
            nearest, away, best = _nearest(model, feature, own, block.X, grid, flips, reached, target[:, 0], least)
            nearer = away < distance[:, column]
            rows, found = np.flatnonzero(nearer), reached[best[nearer]]
            # The margin that was asked of a change is given back, so that one that just suffices counts.
            found, half = np.stack([found, found]), gaps[rows]
            if half.any():
                stated = block.X[rows[half]]
                stated[:, column] = nearest[rows[half]]
                found[:, half] = cautious_contribution(
                    model.member, at, feature, model.policy, stated[:, feature.columns],
                    model.usual_row[list(feature.columns)],
                )  # fmt: skip
            found += _MARGIN / 2 if upward else -_MARGIN / 2
            low = block.low_sum[rows] - block.low[rows, at] + found[0]
            high = block.high_sum[rows] - block.high[rows, at] + found[1]
            told = np.where(low >= block.approve, APPROVE, np.where(high < block.review, SOFT_DECLINE, REVIEW))
            value[rows, column], distance[rows, column] = nearest[rows], away[rows]
            becomes[rows, column] = told.astype(object)


def _nearest(
    model: EligibilityModel,
    feature: Feature,
    own: int,
    block: Floats,
    grid: Floats,
    flips: NDArray[np.bool_],
    reached: Floats,
    target: Floats,
    least: Floats,
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Nearest value of one column that changes the decision, its distance, its place in the grid, shape (b,) each.

    ``least`` stands for the other one of a pair where it is missing; NaN: the known one counts alone.
    """
    column = feature.columns[own]
    fact = model.policy.facts[column]
    x = block[:, column]
    candidates = np.broadcast_to(grid, flips.shape)
    if len(feature.columns) == 2:
        # The pair counts with its mean: this column alone must carry the change.
        other = block[:, feature.columns[1 - own]]
        other = np.where(np.isnan(other), least, other)[:, None]
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
