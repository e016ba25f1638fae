"""Insurance policies: premiums once a year from the business's account; an unpaid one lets the policy lapse."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import DECLINING, FRAUD, drawn, figure
from ml.synthetic.businesses.reference import names

TYPES = ("FIRE", "MARINE", "LIABILITY", "KEYMAN", "HEALTH", "STOCK")
_YEAR = 365
_BEGAN = (-500, 400)  # days from the first day
_YEARS = (4, 5)
_PREMIUM = (0.003, 0.006)  # of the sum insured, a year
_COVERAGE_STEP = 50_000
_GRACE_DAYS = 30
NEVER = 2**30


@dataclass(frozen=True)
class Policies:
    """One element a policy; days are epoch days, amounts INR.

    Attributes
    ----------
    lapsed_day : array of int
        Day on which the policy is noted as lapsed; NEVER else.
    paid_policy, paid_day : array of int
        One element a premium paid within the horizon.
    """

    business: IntArray
    kind: IntArray
    insurer: IntArray
    coverage: IntArray
    premium: IntArray
    started_day: IntArray
    ends_day: IntArray
    lapsed_day: IntArray
    paid_policy: IntArray
    paid_day: IntArray


def make_policies(config: BusinessConfig, population: Population) -> Policies:
    """Policies of a block."""
    rng = config.rng("policies", population.block)
    last = population.profiles.last
    number = drawn(rng, last, "policies")
    business = np.repeat(np.arange(population.count), number)
    place = np.arange(len(business)) - np.repeat(np.cumsum(number) - number, number)
    count = len(business)
    low, high = figure(last[business], "coverage").T // _COVERAGE_STEP
    coverage = rng.integers(low, high + 1) * _COVERAGE_STEP
    premium = np.round(coverage * rng.uniform(*_PREMIUM, count) / 100).astype(np.int64) * 100
    started = config.start_day + rng.integers(*_BEGAN, count)
    ends = started + rng.integers(_YEARS[0], _YEARS[1] + 1, count) * _YEAR - 1

    # The first premium a policy owes in the second year of the files or later stays unpaid.
    u = rng.random(count)
    chance = np.where(last[business] == FRAUD, 0.3, np.where(last[business] == DECLINING, 0.15, 0.0))
    lapses = (u < chance) | ((last[business] == FRAUD) & (place == 0))
    owed = started + _YEAR * np.maximum(1, -(-(config.start_day + _YEAR - started) // _YEAR))
    lapses &= owed < ends
    unpaid = np.where(lapses, owed, NEVER)
    years = np.arange(_YEARS[1])
    falls = started[:, None] + _YEAR * years[None, :]
    is_paid = (falls < np.minimum(ends, unpaid)[:, None]) & (falls >= config.start_day) & (falls < config.horizon_day)
    paid_policy, year = np.nonzero(is_paid)
    return Policies(
        business=business,
        kind=rng.integers(0, len(TYPES), count),
        insurer=rng.integers(0, len(names.INSURERS), count),
        coverage=coverage,
        premium=premium,
        started_day=started,
        ends_day=ends,
        lapsed_day=np.where(lapses, unpaid + _GRACE_DAYS, NEVER),
        paid_policy=paid_policy,
        paid_day=falls[paid_policy, year],
    )
