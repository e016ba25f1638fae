"""Applications for support: what is declared, what is known, and how a reviewer decides by need.

The need score is documented in ``need``; reviewers differ in leniency and err, so that the labels are no formula.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.world.benefits.cases import Cases
from ml.synthetic.world.benefits.credit import Credit
from ml.synthetic.world.benefits.notes import Notes
from ml.synthetic.world.config import BLOCK_PEOPLE, WorldConfig
from ml.synthetic.world.population import Population

# Applications of a registered adult: support is granted for a year and asked for again. A sample of 2,000 people has
# 600 a year, enough to learn from and to judge by sex and age (2026-11-28; with 0.09 there were 64).
_A_YEAR = 1.0
_YEARS = 5
_SCHEMES = 3  # the first of the schemes, for which people apply
_SCORE_SPREAD = (
    5.0  # points between the bureau's last score and the one asked for now; never more than three times that
)
_DEBT_SPREAD = 0.08  # what people say they owe, around what the bank and the bureau know
_CARD_USED = 0.3  # of the limit, for customers of whom there is no report
_OTHER_DEBT = 0.02  # incomes of a year that people owe whom the bank does not know
_REVIEWERS = 12
_REVIEWER_SPREAD, _NOISE = 0.3, 0.5
_UNDERSTATED_SHARE = 0.12
_HARDLY_ANY = 0.3
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


def make_applications(
    config: WorldConfig, population: Population, notes: Notes, cases: Cases, credit: Credit
) -> Applications:
    """Applications of the block within the horizon, those of rings and their look-alikes included."""
    rng = config.rng("applications", population.block)
    adult = np.flatnonzero(population.in_registry & (population.age_on(config.start_day) >= 18))
    person = np.repeat(adult, rng.poisson(_A_YEAR * _YEARS, len(adult)))
    day = config.start_day + (rng.random(len(person)) * 365 * _YEARS).astype(np.int64)
    if cases.applicants:
        more_person, more_day = (np.array(values) for values in zip(*cases.applicants, strict=True))
        person, day = np.concatenate([person, more_person]), np.concatenate([day, more_day])
    scheme = rng.integers(0, _SCHEMES, len(person))
    never = np.array([who * _SCHEMES + what for who, what in cases.never_ask if what < _SCHEMES], dtype=np.int64)
    keep = (day > population.registered_day[person]) & (day < population.death_day[person])
    keep &= ~np.isin(person * _SCHEMES + scheme, never)
    person, day, scheme = person[keep], day[keep], scheme[keep]
    order = np.lexsort((person, day))
    person, day, scheme = person[order], day[order], scheme[order]
    size = len(person)

    members = np.bincount(population.household)[population.household[person]]
    monthly = np.bincount(population.household, population.income_cents / 12)[population.household[person]] * 0.8
    monthly = np.maximum(monthly * rng.lognormal(0, 0.1, size), 20_000)
    expenses = monthly * np.clip(rng.normal(0.84, 0.24, size), 0.3, 2.2) + 12_000
    score, debt, has_score = _credit(rng, credit, person, day)
    assets = (
        monthly
        * 12
        * rng.lognormal(-1.0, 1.1, size)
        * np.clip(population.age_on(config.start_day)[person] / 45, 0.3, 2)
    )
    liabilities = debt * rng.uniform(0.5, 0.95, size)
    ratio = expenses / monthly
    without_work = population.employment[person] == 2
    true_need = need(monthly / 100 / members, ratio, debt / monthly / 12, assets / 100, without_work)
    reviewer = rng.integers(0, _REVIEWERS, size)
    lenience = config.rng("reviewers", 0).normal(0, _REVIEWER_SPREAD, _REVIEWERS)
    eligible = true_need + lenience[reviewer] + rng.logistic(0, _NOISE, size) > _CUT
    share = np.where(rng.random(size) < _UNDERSTATED_SHARE, rng.uniform(0.35, 0.8, size), rng.normal(1, 0.03, size))
    # Who tells the agency a fraction of the pay does so here too.
    told = notes.income_on(person, day) / np.maximum(population.income_cents[person] / 12, 1)
    share = np.where((told < _HARDLY_ANY) & (population.income_cents[person] > 0), told, share)
    # Fifteen digits, as in the seed; unique by block and sequence.
    number = 784_190_000_000_000 + population.first_person // BLOCK_PEOPLE * 100_000 + np.arange(size)

    def cents(values: FloatArray) -> IntArray:
        return np.round(values, -2).astype(np.int64)

    return Applications(
        eid=number.astype(str).astype(object),
        person=person,
        scheme=scheme,
        applied_day=day,
        decided_day=day + rng.integers(5, 46, size),
        declared=cents(monthly * share),
        family_size=members,
        income=cents(monthly),
        expenses=cents(expenses),
        credit_score=score,
        has_score=has_score,
        debt=cents(debt),
        assets=cents(assets),
        liabilities=cents(liabilities),
        eligible=eligible,
    )


def _credit(
    rng: np.random.Generator, credit: Credit, person: IntArray, day: IntArray
) -> tuple[IntArray, FloatArray, BoolArray]:
    """Score, debt in cents and whether there is a score: after the last report, the loans and cards, with noise."""
    size, accounts, people = len(person), credit.accounts, credit.population
    reported, total, has_score = credit.last_reports(person, day)
    spread = np.clip(np.round(rng.normal(0, _SCORE_SPREAD, size)), -3 * _SCORE_SPREAD, 3 * _SCORE_SPREAD)
    score = np.clip(reported + spread, 300, 850).astype(np.int64)
    card = accounts.card[person]
    used = np.where(card >= 0, accounts.credit_limit_cents[np.maximum(card, 0)] * _CARD_USED, 0.0)
    small = people.income_cents[person] * _OTHER_DEBT * rng.lognormal(0, 0.8, size)
    owed = credit.owed_on(person, day)
    # The report holds the loans and all else; a loan since then comes on top.
    known = np.where(total > 0, np.maximum(total, owed), owed + used + small)
    return score, known * rng.lognormal(0, _DEBT_SPREAD, size), has_score
