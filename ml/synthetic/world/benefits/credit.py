"""What an applicant's credit looks like on the day: the last report of the bureau, and what the bank is owed."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.calendar import month_of, month_start
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.payments import months_of
from ml.synthetic.world.bureau import bureau_reports
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import Population
from ml.synthetic.world.stress import Stress


@dataclass(frozen=True)
class Credit:
    """The part of a block's timeline that says who owes what."""

    config: WorldConfig
    population: Population
    accounts: Accounts
    stress: Stress

    def last_reports(self, person: IntArray, day: IntArray) -> tuple[IntArray, FloatArray, BoolArray]:
        """Score and debt in cents of the last report before days, pair by pair, and whether the score is there.

        Without a report the score is missing and the debt 0.
        """
        score, debt = np.zeros(len(person), dtype=np.int64), np.zeros(len(person))
        scored = np.zeros(len(person), dtype=np.bool_)
        numbers = self.population.customer_no
        for month in months_of(self.config).tolist():
            # A report holds until the next one of the person, and no report is older than the world.
            later = np.flatnonzero((day > month_start(month)) & (numbers[person] > 0))
            if not len(later):
                break
            reports = bureau_reports(self, month)
            known = np.full(self.population.people, -1)
            # Numbers rise with the people.
            who = np.searchsorted(np.maximum.accumulate(numbers), reports.column("customer_no").to_numpy())
            known[who] = np.arange(len(who))
            on = reports.column("report_date").to_numpy().astype("datetime64[D]").astype(np.int64)
            points = reports.column("score").to_numpy(zero_copy_only=False).astype(np.float64)
            owed = np.array(reports.column("total_debt").cast("float64").to_numpy()) * 100
            row = known[person[later]]
            later, row = later[row >= 0], row[row >= 0]
            later, row = later[on[row] < day[later]], row[on[row] < day[later]]
            scored[later] = ~np.isnan(points[row])
            score[later], debt[later] = np.nan_to_num(points[row]).astype(np.int64), owed[row]
        return score, debt, scored

    def owed_on(self, person: IntArray, day: IntArray) -> FloatArray:
        """Cents of all loans of people on days, pair by pair."""
        grants = self.accounts.grants
        count = np.bincount(grants.person, minlength=self.population.people)
        pair = np.repeat(np.arange(len(person)), count[person])
        place = np.arange(len(pair)) - np.searchsorted(pair, pair)
        loan = np.searchsorted(grants.person, person[pair]) + place
        months = np.maximum(month_of(day[pair]) - month_of(grants.granted_day[loan]), 0)
        over = (months > 0) & (grants.due_day(loan, months) >= day[pair])
        paid = np.clip(months - over, 0, grants.term_months[loan])
        owed = grants.owed_cents(loan, paid) * (grants.granted_day[loan] < day[pair])
        return np.bincount(pair, owed, len(person)).astype(np.float64)
