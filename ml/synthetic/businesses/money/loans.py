"""Term loans of the bank: instalments follow from what the profile can or can't carry; late ones are paid late."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import DEBT, drawn, figure
from ml.synthetic.businesses.reference import names
from ml.synthetic.businesses.turnover import Turnover
from ml.synthetic.calendar import month_of, month_start

ANNOUNCED_AHEAD_DAYS = 60
_LATE_PAID_AFTER = (2, 14)
_LAST_LOAN_SHARE = 0.22  # of the instalments of an indebted business, of the loan that comes last


@dataclass(frozen=True)
class Loans:
    """Loans by business and day of granting, and their instalments.

    Attributes
    ----------
    business, granted_day, term, principal, instalment, purpose, matures_day : array of int
        One element a loan; ``principal`` INR, ``instalment`` paise a month.
    interest : array of float
        Percent a year.
    due_loan, due_number, due_day, announced_day, paid_day : array of int
        One element an instalment announced within the horizon. ``paid_day`` may lie beyond it.
    fails : array of bool
        The debit on the due day fails; it is paid some days later.
    """

    business: IntArray
    granted_day: IntArray
    term: IntArray
    principal: IntArray
    instalment: IntArray
    purpose: IntArray
    matures_day: IntArray
    interest: FloatArray
    due_loan: IntArray
    due_number: IntArray
    due_day: IntArray
    announced_day: IntArray
    paid_day: IntArray
    fails: BoolArray


def make_loans(config: BusinessConfig, population: Population, turnover: Turnover) -> Loans:
    """Loans of a block."""
    rng = config.rng("loans", population.block)
    last, moved = population.profiles.last, population.profiles.moved
    number = drawn(rng, last, "loans")
    business = np.repeat(np.arange(population.count), number)
    place = np.arange(len(business)) - np.repeat(np.cumsum(number) - number, number)
    count = len(business)
    in_debt = last[business] == DEBT
    is_last = place == number[business] - 1
    # An indebted business has most of its loans from before, and takes one more; one that gets into debt takes all at
    # once; of the others each takes its loan at some time.
    before = -rng.integers(4, 15, count)
    first = np.where(is_last, rng.integers(3, 7, count), before)
    first = np.where(moved[business] > 0, moved[business], first)
    month = np.where(in_debt, first, rng.integers(2, config.periods - 8, count))
    term = np.where(in_debt, rng.choice([60, 72, 84], count), rng.choice([24, 36, 48], count))

    share = rng.uniform(0.8, 1.2, count)
    share = np.where(in_debt & is_last, 0.0, share)
    total = np.bincount(business, weights=share, minlength=population.count)[business]
    share = np.where(is_last, _LAST_LOAN_SHARE, share / np.maximum(total, 1e-9) * (1 - _LAST_LOAN_SHARE))
    share = np.where(in_debt, share, 1.0)
    receipts = turnover.true * (1 + population.rate_out / 100)[:, None]
    mean = receipts[:, : config.periods].mean(axis=1)[business]
    # Sized on what the business took in when it asked; the indebted one on what it takes in over the years.
    around = np.clip(month[:, None] + np.arange(-3, 4)[None, :], 0, config.months - 1)
    recent = receipts[business[:, None], around].mean(axis=1)
    wanted = figure(last[business], "instalments_share") * share * np.where(in_debt, mean, np.minimum(mean, recent))
    interest = np.round(rng.uniform(10.5, 16.0, count), 2)
    monthly = interest / 1_200
    principal = (
        np.maximum(np.round(wanted * (1 - (1 + monthly) ** -term) / monthly / 1_000), 10).astype(np.int64) * 1_000
    )
    instalment = np.round(principal * 100 * monthly / (1 - (1 + monthly) ** -term)).astype(np.int64)

    first_month = int(month_of(config.start_day))
    granted = month_start(first_month + month) + rng.integers(0, 20, count)
    granted = np.maximum(granted, population.customer_since[business] + 60)
    due_in_month = rng.integers(2, 12, count)
    due = month_start(month_of(granted)[:, None] + 1 + np.arange(84)[None, :]) + due_in_month[:, None]
    announced = np.maximum(due - ANNOUNCED_AHEAD_DAYS, granted[:, None])
    is_due = (np.arange(84)[None, :] < term[:, None]) & (announced < config.horizon_day)
    loan, nth = np.nonzero(is_due)
    fails = rng.random(len(loan)) < figure(last[business[loan]], "failed_debits")
    waits = np.where(fails, rng.integers(_LATE_PAID_AFTER[0], _LATE_PAID_AFTER[1] + 1, len(loan)), 0)
    return Loans(
        business=business,
        granted_day=granted,
        term=term,
        principal=principal,
        instalment=instalment,
        purpose=rng.integers(0, len(names.PURPOSES), count),
        matures_day=due[np.arange(count), term - 1],
        interest=interest,
        due_loan=loan,
        due_number=nth + 1,
        due_day=due[loan, nth],
        announced_day=announced[loan, nth],
        paid_day=due[loan, nth] + waits,
        fails=fails,
    )
