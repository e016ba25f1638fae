"""All benefits of a block: enrolments, payments with their anomalies, applications, and what reaches the accounts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.columns import DAY, dates, days_column, numbers
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.anomalies import Cases, make_cases
from ml.synthetic.world.benefits.applications import Applications, make_applications
from ml.synthetic.world.benefits.payments import Enrolments, Payments, account_for, make_enrolments, make_payments
from ml.synthetic.world.config import BLOCK_PEOPLE, WorldConfig
from ml.synthetic.world.ledger.legs import Legs
from ml.synthetic.world.population import Population

_CASES_A_BLOCK = 10_000


@dataclass(frozen=True)
class Benefits:
    """Benefits of a block for the whole horizon; payments in order of their day.

    Attributes
    ----------
    event_id : array of int
        Number of each payment, unique over the world.
    payment_account : array of int
        Account row where each person's benefits go, -1 for none; as the registry notes it.
    """

    accounts: Accounts
    enrolments: Enrolments
    payments: Payments
    event_id: IntArray
    payment_account: IntArray
    cases: Cases
    applications: Applications

    def legs(self, month: int) -> Legs:
        """Credits on accounts that are open on the day, and what recipients do at once; returned ones move nothing."""
        first, last = int(month_start(month)), int(month_start(month + 1)) - 1
        begin, end = np.searchsorted(self.payments.paid_day, (first, last + 1))
        paid = self.payments.take(np.arange(begin, end))
        credits = Legs.make(
            account=np.where(paid.is_returned, -1, paid.account),
            day=paid.paid_day,
            second=6 * 3_600 + (paid.person * 61) % 3_600,
            cents=paid.cents,
            code="BENEFIT",
        )
        rows = [case for case in self.cases.cash_outs if first <= case[1] <= last]
        if not rows:
            return credits
        account, day, second, cents, code, channel = (np.array(values) for values in zip(*rows, strict=True))
        usable = (account >= 0) & self.accounts.is_open(np.maximum(account, 0), day)
        drawn = Legs.make(
            account=np.where(usable, account, -1), day=day, second=second, cents=cents, code=code, channel=channel
        )
        return Legs.concat([credits, drawn])

    def anomalies(self, population: Population) -> pa.Table:
        """The truth about anomalies (``is_injected``) and the innocent cases beside them."""
        kinds, injected, person, account, day = (np.array(values) for values in zip(*self.cases.truth, strict=True))
        number = population.first_person // BLOCK_PEOPLE * _CASES_A_BLOCK + np.arange(len(kinds))
        return pa.table(
            {
                "anomaly_id": numbers(number),
                "kind": pa.array(kinds.tolist()),
                "is_injected": pa.array(injected),
                "person": numbers(population.first_person + person),
                "household_no": numbers(population.household_no[person]),
                "beneficiary_no": numbers(population.beneficiary_no[person]),
                "account_no": numbers(self.accounts.account_no[np.maximum(account, 0)], missing=account < 0),
                "day": dates(day),
                DAY: days_column(day),
            }
        )


def make_benefits(config: WorldConfig, population: Population, accounts: Accounts) -> Benefits:
    """Build the benefits of a block."""
    enrolments = make_enrolments(config, population)
    cases = make_cases(
        config, population, accounts, enrolments, make_payments(config, population, accounts, enrolments)
    )
    payments, target = cases.payments, account_for(population, accounts, np.arange(population.people))
    for person, account in cases.account_of.items():
        payments.account[payments.person == person] = account
        target[person] = account
    # Cash where the account is not open on the day.
    row = np.maximum(payments.account, 0)
    opened = (payments.account >= 0) & accounts.is_open(row, payments.paid_day)
    payments.account[~opened] = -1
    keep = (payments.paid_day >= config.start_day) & (payments.paid_day < config.horizon_day)
    payments = payments.take(keep & (payments.paid_day > population.registered_day[payments.person]))
    payments = payments.take(np.lexsort((payments.scheme, payments.person, payments.paid_day)))
    cases.payments = payments
    event_id = population.first_person // BLOCK_PEOPLE * 10_000_000 + 1 + np.arange(len(payments.person))
    return Benefits(
        accounts, enrolments, payments, event_id, target, cases, make_applications(config, population, cases)
    )
