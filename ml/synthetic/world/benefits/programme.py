"""All benefits of a block: enrolments, payments with their anomalies, applications, and what reaches the accounts."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.columns import DAY, dates, days_column, numbers
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.applications import Applications, make_applications
from ml.synthetic.world.benefits.cases import Cases, Scene
from ml.synthetic.world.benefits.credit import Credit
from ml.synthetic.world.benefits.notes import Notes, make_notes
from ml.synthetic.world.benefits.payments import Enrolments, Payments, make_claims, make_enrolments, make_payments
from ml.synthetic.world.benefits.planned import plan
from ml.synthetic.world.benefits.tampered import tamper
from ml.synthetic.world.config import BLOCK_PEOPLE, WorldConfig
from ml.synthetic.world.ledger.legs import Legs
from ml.synthetic.world.population import Population
from ml.synthetic.world.stress import Stress

_CASES_A_BLOCK = 10_000


@dataclass(frozen=True)
class Benefits:
    """Benefits of a block for the whole horizon; payments in order of their day.

    Attributes
    ----------
    event_id : array of int
        Number of each payment, unique over the world.
    notes : Notes
        What the registry notes of people, by which the rules decide.
    """

    accounts: Accounts
    enrolments: Enrolments
    payments: Payments
    event_id: IntArray
    notes: Notes
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
        """The truth about anomalies (``is_injected``) and the innocent cases beside them, each when all of it shows.

        ``beneficiary_nos`` are all who take part; ``person`` and the other numbers are of the first of them.
        """
        truth = self.cases.truth
        person = np.array([case.people[0] for case in truth], dtype=np.int64)
        account, day = (np.array([getattr(case, name) for case in truth], np.int64) for name in ("account", "day"))
        number = population.first_person // BLOCK_PEOPLE * _CASES_A_BLOCK + np.arange(len(truth))
        everybody = [population.beneficiary_no[list(case.people)].tolist() for case in truth]
        return pa.table(
            {
                "anomaly_id": numbers(number),
                "kind": pa.array([case.kind for case in truth], pa.string()),
                "is_injected": pa.array([case.is_injected for case in truth], pa.bool_()),
                "person": numbers(population.first_person + person),
                "household_no": numbers(population.household_no[person]),
                "beneficiary_no": numbers(population.beneficiary_no[person]),
                "beneficiary_nos": pa.array(everybody, pa.list_(pa.int64())),
                "account_no": numbers(self.accounts.account_no[np.maximum(account, 0)], missing=account < 0),
                "day": dates(day),
                DAY: days_column(day),
            }
        )


def make_benefits(config: WorldConfig, population: Population, accounts: Accounts, stress: Stress) -> Benefits:
    """Build the benefits of a block."""
    notes, cases = make_notes(config, population), Cases()
    rng = config.rng("anomalies", population.block)
    plan(Scene(config, population, accounts, notes, make_claims(config, population, notes), cases, rng))
    # What was planned is noted by now; the rules are asked again.
    claims = make_claims(config, population, notes)
    enrolments = make_enrolments(config, population, claims, cases.asked_for)
    payments = make_payments(config, population, accounts, notes, claims, enrolments)
    payments = tamper(Scene(config, population, accounts, notes, claims, cases, rng), enrolments, payments)
    keep = (payments.paid_day >= config.start_day) & (payments.paid_day < config.horizon_day)
    payments = payments.take(keep & (payments.paid_day > population.registered_day[payments.person]))
    payments = payments.take(np.lexsort((payments.scheme, payments.person, payments.paid_day)))
    account = notes.account_on(population, accounts, payments.person, payments.paid_day)
    event_id = population.first_person // BLOCK_PEOPLE * 10_000_000 + 1 + np.arange(len(payments.person))
    return Benefits(
        accounts=accounts,
        enrolments=enrolments,
        payments=replace(payments, account=account),
        event_id=event_id,
        notes=notes,
        cases=cases,
        applications=make_applications(config, population, notes, cases, Credit(config, population, accounts, stress)),
    )
