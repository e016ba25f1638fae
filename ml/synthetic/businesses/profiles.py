"""The eight profiles: what each means for turnover and for the counts and ranges of everything else.

The figures are the seed document's (``004``); where it is silent they are ours and say so.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.businesses.config import BLOCK_BUSINESSES, BusinessConfig

PROFILES = (
    "baseline",
    "high_seasonality",
    "high_debt",
    "high_growth",
    "stable_income",
    "fraud",
    "declining",
    "customer_concentration",
)
BASELINE, SEASONALITY, DEBT, GROWTH, STABLE, FRAUD, DECLINING, CONCENTRATION = range(8)
SEED_PROFILES = (
    BASELINE, SEASONALITY, DEBT, GROWTH, STABLE, FRAUD, DECLINING, CONCENTRATION, GROWTH, SEASONALITY,
)  # fmt: skip
# Of the further businesses; ours.
SHARES = (0.26, 0.14, 0.11, 0.13, 0.13, 0.06, 0.10, 0.07)
MOVING_SHARE = 0.15  # move from one profile to another, once
MOVE_MONTHS = (6, 12)  # month of the move, counted from 0: the last 24 of 36 periods show the new profile
_MOVES_FROM = (BASELINE, SEASONALITY, GROWTH, STABLE, DECLINING)
SEED_FRAUD_START = 5  # month from 0: the periods 6 to 36 are affected, 31 as in the seed document
_FRAUD_STARTS = (2, 10)


@dataclass(frozen=True)
class Figures:
    """Counts and ranges of one profile, both ends included; amounts in INR, returns as shares."""

    funds: tuple[int, int] = (2, 4)
    fund_return: tuple[float, float] = (0.05, 0.20)
    policies: tuple[int, int] = (1, 3)
    coverage: tuple[int, int] = (500_000, 2_000_000)
    applications: tuple[int, int] = (1, 4)
    approval_share: float = 0.6
    orders: tuple[int, int] = (10, 25)
    loans: tuple[int, int] = (0, 1)
    instalments_share: float = 0.06  # of receipts
    failed_debits: float = 0.005  # of the instalments


FIGURES = {
    BASELINE: Figures(),
    SEASONALITY: Figures(),
    DEBT: Figures(applications=(5, 10), approval_share=0.4, loans=(2, 4), instalments_share=0.36, failed_debits=0.05),
    GROWTH: Figures(
        funds=(3, 6),
        fund_return=(0.15, 0.45),
        policies=(3, 5),
        coverage=(1_000_000, 5_000_000),
        applications=(2, 5),
        approval_share=0.8,
        orders=(20, 40),
        loans=(1, 1),
        instalments_share=0.05,
    ),
    STABLE: Figures(funds=(3, 6), fund_return=(0.15, 0.45)),
    FRAUD: Figures(
        funds=(4, 7),
        fund_return=(-0.20, -0.05),
        policies=(3, 5),
        coverage=(3_000_000, 10_000_000),
        applications=(4, 8),
        approval_share=0.2,
        orders=(15, 30),
        loans=(1, 1),
        failed_debits=0.04,
    ),
    DECLINING: Figures(
        funds=(1, 3),
        fund_return=(-0.10, 0.05),
        policies=(1, 2),
        coverage=(200_000, 800_000),
        applications=(3, 6),
        approval_share=0.3,
        orders=(5, 15),
        loans=(1, 1),
        instalments_share=0.10,
        failed_debits=0.08,
    ),
    CONCENTRATION: Figures(),
}


def drawn(rng: np.random.Generator, profile: IntArray, name: str) -> IntArray:
    """One whole number for each business from its profile's range ``name``."""
    ranges = np.array([getattr(FIGURES[each], name) for each in range(len(PROFILES))])
    low, high = ranges[profile].T
    return rng.integers(low, high + 1)


def figure(profile: IntArray, name: str) -> np.ndarray:
    """A figure of each business's profile: one number, or the two ends of a range along a second axis."""
    return np.array([getattr(FIGURES[each], name) for each in range(len(PROFILES))])[profile]


@dataclass(frozen=True)
class Assignments:
    """Which profile a business of the block has, and when.

    Attributes
    ----------
    first, last : array of int, shape (businesses,)
        Profile at the beginning and at the end; counts and ranges follow the last.
    moved : array of int
        Month from 0 of the move; 0 where there is none.
    fraud_start : array of int
        First affected month; ``months`` where there is no fraud.
    """

    first: IntArray
    last: IntArray
    moved: IntArray
    fraud_start: IntArray
    months: int

    def monthly(self) -> IntArray:
        """Profile by business and month."""
        later = np.arange(self.months)[None, :] >= self.moved[:, None]
        return np.where(later, self.last[:, None], self.first[:, None])

    def is_fraud(self) -> BoolArray:
        """Business and month with fraud."""
        return np.arange(self.months)[None, :] >= self.fraud_start[:, None]


def assign_profiles(config: BusinessConfig, block: int) -> Assignments:
    """Profiles of a block's businesses."""
    rng = config.rng("profiles", block)
    n = config.block_businesses(block)
    is_seeds = block * BLOCK_BUSINESSES + np.arange(n) < len(SEED_PROFILES)
    last = rng.choice(len(PROFILES), n, p=SHARES)
    seeds = np.resize(np.array(SEED_PROFILES), n)
    last = np.where(is_seeds, seeds, last)
    place = rng.integers(0, len(_MOVES_FROM), n)
    before = np.array(_MOVES_FROM)[place]
    before = np.where(before == last, np.array(_MOVES_FROM)[(place + 1) % len(_MOVES_FROM)], before)
    moves = (rng.random(n) < MOVING_SHARE) & ~is_seeds
    moved = np.where(moves, rng.integers(MOVE_MONTHS[0], MOVE_MONTHS[1] + 1, n), 0)
    start = rng.integers(_FRAUD_STARTS[0], _FRAUD_STARTS[1] + 1, n)
    start = np.where(is_seeds, SEED_FRAUD_START, np.where(moves, moved, start))
    return Assignments(
        first=np.where(moves, before, last),
        last=last,
        moved=moved,
        fraud_start=np.where(last == FRAUD, start, config.months),
        months=config.months,
    )
