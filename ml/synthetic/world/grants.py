"""Loans as they are granted: to whom, when, on which terms. How they are paid back is in ``lending``."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.calendar import month_of, month_start
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import Population
from ml.synthetic.world.reference.products import AUTO, MORTGAGE, PERSONAL

NET_SHARE_OF_INCOME = 0.74
PURPOSES = ("DEBTS", "RENOVATION", "MEDICAL", "NEW_CAR", "USED_CAR", "HOME", "REFINANCE")
# Product, share of new loans, principal in yearly incomes (low, high), terms in months, rate a year, purposes.
_TERMS = (
    (PERSONAL, 0.64, 0.10, 0.45, (24, 36, 48), 8.9, 17.9, (0, 1, 2)),
    (AUTO, 0.27, 0.25, 0.60, (48, 60, 72), 4.9, 9.9, (3, 4, 4)),
    (MORTGAGE, 0.09, 1.60, 2.80, (240, 360, 360), 5.4, 7.2, (5, 5, 6)),
)
_NEW_A_YEAR = 0.42  # loans a customer of 21 to 70 years is granted in a year
_OLD_SHARE = 0.26  # of those customers who have a loan from before the start
_AUTO_DEBIT_SHARE = 0.8
_MOST = 3  # loans a person is granted within the horizon


@dataclass(frozen=True)
class Grants:
    """One element each loan of the block, in order of person and day.

    Attributes
    ----------
    person, product, granted_day, term_months, purpose : array of int
    principal_cents, instalment_cents : array of int
    rate_pct : array of float
        Interest a year.
    auto_debit : array of bool
    """

    person: IntArray
    product: IntArray
    granted_day: IntArray
    term_months: IntArray
    purpose: IntArray
    principal_cents: IntArray
    instalment_cents: IntArray
    rate_pct: FloatArray
    auto_debit: BoolArray

    def due_day(self, loan: IntArray, number: IntArray) -> IntArray:
        """Due day of instalments: that many months after the grant, the same day of the month, at most the 28th."""
        granted = self.granted_day[loan]
        month = month_of(granted)
        return month_start(month + number) + np.minimum(granted - month_start(month), 27)

    def owed_cents(self, loan: IntArray, paid: IntArray) -> IntArray:
        """Principal left after ``paid`` instalments of an annuity."""
        monthly = self.rate_pct[loan] / 1200
        growth = (1 + monthly) ** self.term_months[loan]
        left = self.principal_cents[loan] * (growth - (1 + monthly) ** paid) / (growth - 1)
        return np.round(left).astype(np.int64)

    def paid_before(self, day: int) -> IntArray:
        """Instalments of each loan that were due before a day; all of the past counts as paid."""
        months = np.maximum(month_of(day) - month_of(self.granted_day), 0)
        over = (months > 0) & (self.due_day(np.arange(len(self.person)), months) >= day)
        return np.clip(months - over, 0, self.term_months)


def make_grants(config: WorldConfig, population: Population) -> Grants:
    """All loans of the block: those running at the start and those granted within the horizon."""
    rng = config.rng("grants", population.block)
    start, age = config.start_day, population.age_on(config.start_day)
    may = population.in_bank & (age >= 21) & (age <= 70) & (population.income_cents > 0)
    old = np.flatnonzero(may & (population.customer_since < start - 60) & (rng.random(len(may)) < _OLD_SHARE))
    gaps = rng.exponential(365 / _NEW_A_YEAR, (len(may), _MOST))
    days = start + np.cumsum(gaps, axis=1)
    # Nobody takes a loan in the first months with the bank, nor after death.
    first, last = population.customer_since + 100, np.minimum(config.horizon_day, population.death_day) - 1
    new, column = np.nonzero(may[:, None] & (days >= first[:, None]) & (days < last[:, None]))
    person = np.concatenate([old, new])
    is_old = np.arange(len(person)) < len(old)
    size = len(person)
    kind = rng.choice(len(_TERMS), size, p=[row[1] for row in _TERMS])
    kind = np.where(is_old, rng.choice(len(_TERMS), size, p=[0.35, 0.4, 0.25]), kind)
    pick = rng.integers(0, 3, size)
    term = np.array([row[4] for row in _TERMS])[kind, pick]
    # An old loan has run for part of its term; it cannot be older than the customer.
    tenure = np.minimum(start - population.customer_since[person] - 30, (term * 0.8 * 30).astype(np.int64))
    ago = 1 + (rng.random(size) * np.maximum(tenure, 1)).astype(np.int64)
    granted = np.where(is_old, start - ago, 0)
    granted[~is_old] = days[new, column].astype(np.int64)
    low, high = (np.array([row[at] for row in _TERMS])[kind] for at in (2, 3))
    rate_low, rate_high = (np.array([row[at] for row in _TERMS])[kind] for at in (5, 6))
    income = population.income_cents[person] / 100
    principal = np.maximum(np.round(income * rng.uniform(low, high), -2), 1_000) * 100
    rate = np.round(rng.uniform(rate_low, rate_high), 2)
    monthly = rate / 1200
    instalment = np.round(principal * monthly / (1 - (1 + monthly) ** -term.astype(float)))
    order = np.lexsort((granted, person))
    return Grants(
        person=person[order],
        product=np.array([row[0] for row in _TERMS])[kind][order],
        granted_day=granted[order],
        term_months=term[order],
        purpose=np.array([row[7] for row in _TERMS])[kind, pick][order],
        principal_cents=principal[order].astype(np.int64),
        instalment_cents=instalment[order].astype(np.int64),
        rate_pct=rate[order],
        auto_debit=(rng.random(size) < _AUTO_DEBIT_SHARE)[order],
    )
