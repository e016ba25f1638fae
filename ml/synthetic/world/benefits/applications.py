"""Applications for support: what is declared, what is known, and how a reviewer decides by need.

The need score is documented in ``need``; reviewers differ in leniency and err, so that the labels are no formula.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.world.benefits.anomalies import Cases
from ml.synthetic.world.config import BLOCK_PEOPLE, WorldConfig
from ml.synthetic.world.population import Population

_A_YEAR = 0.09  # applications of a registered adult
_YEARS = 5
_REVIEWERS = 12
_REVIEWER_SPREAD, _NOISE = 0.3, 0.5
_UNDERSTATED_SHARE = 0.12
# Cut of the need score: about 45 % of the applications are granted.
_CUT = -0.35


@dataclass(frozen=True)
class Applications:
    """One element each application, in order of day; money in cents."""

    eid: np.ndarray
    person: IntArray
    scheme: IntArray
    applied_day: IntArray
    decided_day: IntArray
    declared: IntArray
    family_size: IntArray
    income: IntArray
    expenses: IntArray
    credit_score: IntArray
    has_score: BoolArray
    debt: IntArray
    assets: IntArray
    liabilities: IntArray
    eligible: BoolArray


def need(
    income_per_head: FloatArray,
    expense_ratio: FloatArray,
    debt_ratio: FloatArray,
    assets: FloatArray,
    without_work: BoolArray,
) -> FloatArray:
    """Need of a household: low income a head, expenses above income, debt, few assets, nobody in work.

    Parameters
    ----------
    income_per_head : array of float
        Dollars a month.
    expense_ratio, debt_ratio : array of float
        Expenses over income, and debt over a year of income.
    assets : array of float
        Dollars.
    without_work : array of bool
        The applicant has none.
    """
    return (
        1.3 * np.clip(np.log(1_600 / np.maximum(income_per_head, 50)), -2, 2)
        + 1.1 * np.clip(expense_ratio - 0.85, -0.6, 1.2)
        + 0.6 * np.clip(debt_ratio, 0, 2)
        - 0.35 * np.log1p(assets / 20_000)
        + 0.8 * without_work
    )


def make_applications(config: WorldConfig, population: Population, cases: Cases) -> Applications:
    """Applications of the block within the horizon, those of rings and their look-alikes included."""
    rng = config.rng("applications", population.block)
    adult = np.flatnonzero(population.in_registry & (population.age_on(config.start_day) >= 18))
    person = np.repeat(adult, rng.poisson(_A_YEAR * _YEARS, len(adult)))
    day = config.start_day + (rng.random(len(person)) * 365 * _YEARS).astype(np.int64)
    if cases.applicants:
        more_person, more_day = (np.array(values) for values in zip(*cases.applicants, strict=True))
        person, day = np.concatenate([person, more_person]), np.concatenate([day, more_day])
    keep = (day > population.registered_day[person]) & (day < population.death_day[person])
    person, day = person[keep], day[keep]
    order = np.lexsort((person, day))
    person, day = person[order], day[order]
    size = len(person)

    members = np.bincount(population.household)[population.household[person]]
    monthly = np.bincount(population.household, population.income_cents / 12)[population.household[person]] * 0.8
    monthly = np.maximum(monthly * rng.lognormal(0, 0.1, size), 20_000)
    expenses = monthly * np.clip(rng.normal(0.84, 0.24, size), 0.3, 2.2) + 12_000
    debt = monthly * 12 * rng.lognormal(-1.6, 0.9, size)
    assets = (
        monthly
        * 12
        * rng.lognormal(-1.0, 1.1, size)
        * np.clip(population.age_on(config.start_day)[person] / 45, 0.3, 2)
    )
    liabilities = debt * rng.uniform(0.5, 0.95, size)
    ratio = expenses / monthly
    score = 690 - 90 * (ratio - 0.84) - 70 * np.clip(debt / monthly / 12, 0, 2) + rng.normal(0, 45, size)
    without_work = population.employment[person] == 2
    true_need = need(monthly / 100 / members, ratio, debt / monthly / 12, assets / 100, without_work)
    reviewer = rng.integers(0, _REVIEWERS, size)
    lenience = config.rng("reviewers", 0).normal(0, _REVIEWER_SPREAD, _REVIEWERS)
    eligible = true_need + lenience[reviewer] + rng.logistic(0, _NOISE, size) > _CUT
    share = np.where(rng.random(size) < _UNDERSTATED_SHARE, rng.uniform(0.35, 0.8, size), rng.normal(1, 0.03, size))
    fixed = np.array([cases.declared_share.get(row, 0.0) for row in person.tolist()])
    share = np.where(fixed > 0, fixed, share)
    # Fifteen digits, as in the seed; unique by block and sequence.
    number = 784_190_000_000_000 + population.first_person // BLOCK_PEOPLE * 100_000 + np.arange(size)

    def cents(values: FloatArray) -> IntArray:
        return np.round(values, -2).astype(np.int64)

    return Applications(
        eid=number.astype(str).astype(object),
        person=person,
        scheme=rng.integers(0, 3, size),
        applied_day=day,
        decided_day=day + rng.integers(5, 46, size),
        declared=cents(monthly * share),
        family_size=members,
        income=cents(monthly),
        expenses=cents(expenses),
        credit_score=np.clip(np.round(score), 300, 850).astype(np.int64),
        has_score=rng.random(size) < 0.94,
        debt=cents(debt),
        assets=cents(assets),
        liabilities=cents(liabilities),
        eligible=eligible,
    )
