"""Money that goes by the calendar: rent, insurance, utilities, fees, subscriptions, instalments, the card bill."""

import numpy as np

from ml.synthetic.arrays import FloatArray, IntArray
from ml.synthetic.world.config import FAR
from ml.synthetic.world.ledger.clock import OFFICE_DAYS, days_in_month, fixed_day, seconds_of_day
from ml.synthetic.world.ledger.context import Month
from ml.synthetic.world.ledger.legs import Legs, transfer
from ml.synthetic.world.reference.products import PERSONAL

_LATE_SHARE, _LATE_PAYER_SHARE = 0.08, 0.45  # of utility bills: paid late, by most people and by those who always do
_STRESS_LATE_SHARE, _STRESS_DELAY_DAYS = 0.8, 14  # more of them at full stress, and up to so many days more
_FAILED_A_MONTH = 0.012  # debits of others that find no cover, without stress
_STRESS_FAILED_A_MONTH = 2.8  # at full stress


def bills(month: Month) -> list[Legs]:
    """Legs of everything that falls due."""
    late = [month.own(legs) for legs in _utilities(month.before)]
    utilities = [*late, *(month.own(legs) for legs in _utilities(month))]
    spent = [month.own(_spent(month.before)), month.own(_spent(month))]
    return [
        *_household(month),
        *utilities,
        *spent,
        *_subscriptions(month),
        *_failed(month),
        *_loans(month),
        *_card(month),
    ]


def _household(month: Month) -> list[Legs]:
    rng, habits, person = month.rng("bills"), month.timeline.habits, month.people
    checking = month.timeline.accounts.checking[person]

    def monthly(cents: FloatArray, day: IntArray, code: str) -> Legs:
        return Legs.make(
            account=checking,
            day=fixed_day(month.month, day[person]),
            second=seconds_of_day(rng, len(person), "batch"),
            cents=-np.round(cents[person] * rng.normal(1, 0.05, len(person))).astype(np.int64),
            code=code,
            standing=True,
        )

    end = np.full(len(habits.net), 31)
    return [
        monthly(habits.rent, habits.rent_day, "HOUSING"),
        monthly(habits.insurance, habits.insurance_day, "INSURANCE"),
        monthly(habits.fee, end, "FEE"),
    ]


def _utilities(month: Month) -> list[Legs]:
    """Power and telephone due in the month, some of which are paid late, also in the next one."""
    rng, habits, person = month.rng("utilities"), month.timeline.habits, month.people
    size, level = len(person), month.level("utility_delay")
    parts = []
    for cents, day_of_month, merchant in (
        (habits.power, habits.power_day, habits.power_merchant),
        (habits.phone, habits.phone_day, habits.phone_merchant),
    ):
        due = fixed_day(month.month, day_of_month[person])
        strength = level[person, due - month.first]
        share = np.where(habits.pays_late[person], _LATE_PAYER_SHARE, _LATE_SHARE) + _STRESS_LATE_SHARE * strength
        delay = rng.integers(2, 9, size) + (rng.random(size) * _STRESS_DELAY_DAYS * strength).astype(np.int64)
        parts.append(
            Legs.make(
                account=month.timeline.accounts.checking[person],
                day=due + delay * (rng.random(size) < share),
                second=seconds_of_day(rng, size, "batch"),
                cents=-np.round(cents[person] * rng.normal(1, 0.05, size)).astype(np.int64),
                code="UTILITY",
                merchant=merchant[person],
                standing=True,
            )
        )
    return parts


def _subscriptions(month: Month) -> list[Legs]:
    rng, habits = month.rng("subscriptions"), month.timeline.habits
    row, column = np.nonzero(habits.subscription_cents[month.people])
    person = month.people[row]
    return [
        Legs.make(
            account=month.timeline.accounts.checking[person],
            day=fixed_day(month.month, habits.subscription_day[person, column]),
            second=seconds_of_day(rng, len(person), "batch"),
            cents=-habits.subscription_cents[person, column],
            code="CARD",
            channel="WEB",
            merchant=habits.subscription_merchant[person, column],
            standing=True,
        )
    ]


def _failed(month: Month) -> list[Legs]:
    """Debits of others (telephone, gym, ...) that find no cover: more of them under stress."""
    rng = month.rng("failed")
    usual = np.repeat(month.people, rng.poisson(_FAILED_A_MONTH, len(month.people)))
    person, day, _ = month.stressed_events(rng, "failed_debit", _STRESS_FAILED_A_MONTH)
    person = np.concatenate([usual, person])
    day = np.concatenate([days_in_month(rng, month.month, len(usual), OFFICE_DAYS), day])
    return [
        Legs.make(
            account=month.timeline.accounts.checking[person],
            day=day,
            second=seconds_of_day(rng, len(person), "batch"),
            cents=-rng.integers(2_000, 18_000, len(person)),
            code="DD_FAIL",
            booked=False,
            standing=True,
        )
    ]


def _paid_out(month: Month) -> IntArray:
    """Personal loans granted in the month."""
    grants = month.timeline.accounts.grants
    return np.flatnonzero(month.holds(grants.granted_day) & (grants.product == PERSONAL))


def _spent(month: Month) -> Legs:
    """What the loans granted in the month are spent on, within a week: also in the next month."""
    rng, accounts, new = month.rng("loans_spent"), month.timeline.accounts, _paid_out(month)
    grants = accounts.grants
    return Legs.make(
        account=accounts.checking[grants.person[new]],
        day=grants.granted_day[new] + rng.integers(1, 8, len(new)),
        second=seconds_of_day(rng, len(new), "office"),
        cents=-np.round(grants.principal_cents[new] * rng.uniform(0.75, 0.95, len(new)), -3).astype(np.int64),
        code="TRF_OUT",
        channel="BR",
    )


def _loans(month: Month) -> list[Legs]:
    """Personal loans paid out, instalments paid, and their debits that failed."""
    rng, timeline = month.rng("loans"), month.timeline
    accounts, lending, grants = timeline.accounts, timeline.lending, timeline.accounts.grants
    new = _paid_out(month)
    number = accounts.account_no[accounts.loan_account]
    paid = np.flatnonzero((lending.paid_day >= month.first) & (lending.paid_day <= month.last))
    missed = np.flatnonzero(
        (lending.due_day >= month.first)
        & (lending.due_day <= month.last)
        & (lending.due_day != lending.paid_day)
        & lending.is_collected
        & grants.auto_debit[lending.loan]
    )
    parts = [
        Legs.make(
            account=accounts.checking[grants.person[new]],
            day=grants.granted_day[new],
            second=seconds_of_day(rng, len(new), "office"),
            cents=grants.principal_cents[new],
            code="LOAN_OUT",
            channel="BR",
            counterparty=number[new],
        )
    ]
    for rows, day, code, booked in (
        (paid, lending.paid_day, "LOAN_PAY", True),
        (missed, lending.due_day, "DD_FAIL", False),
    ):
        loan = lending.loan[rows]
        parts.append(
            Legs.make(
                account=accounts.checking[grants.person[loan]],
                day=day[rows],
                second=seconds_of_day(rng, len(rows), "batch"),
                cents=-grants.instalment_cents[loan],
                code=code,
                counterparty=number[loan],
                booked=booked,
                standing=grants.auto_debit[loan],
            )
        )
    return parts


def loan_balances(month: Month) -> tuple[IntArray, IntArray, IntArray]:
    """Movements of what is owed on loans: account row, day, cents (negative for a payment)."""
    accounts, lending, grants = month.timeline.accounts, month.timeline.lending, month.timeline.accounts.grants
    paid = np.flatnonzero(
        (lending.paid_day < FAR) & (lending.paid_day >= month.first) & (lending.paid_day <= month.last)
    )
    new = np.flatnonzero((grants.granted_day >= month.first) & (grants.granted_day <= month.last))
    return (
        np.concatenate([accounts.loan_account[lending.loan[paid]], accounts.loan_account[new]]),
        np.concatenate([lending.paid_day[paid], grants.granted_day[new]]),
        np.concatenate([-lending.principal_cents[paid], grants.principal_cents[new]]),
    )


def _card(month: Month) -> list[Legs]:
    """Pays what the card owed at the month's start; the more stress, the smaller the part."""
    rng, timeline = month.rng("card"), month.timeline
    accounts = timeline.accounts
    person = month.people[accounts.card[month.people] >= 0]
    size = len(person)
    day = fixed_day(month.month, 12 + (person * 7919) % 12)
    level = month.level("hoarding")[person, day - month.first]
    part = np.clip(1.0 - 0.7 * level - 0.5 * (rng.random(size) < 0.12), 0.08, 1.0)
    card, checking = accounts.card[person], accounts.checking[person]
    both = month.can_use(card, day) & month.can_use(checking, day)
    return transfer(
        source=np.where(both, checking, -1),
        target=card,
        account_no=accounts.account_no,
        day=day,
        second=seconds_of_day(rng, size, "evening"),
        cents=np.round(np.maximum(month.balances[card], 0) * part).astype(np.int64),
    )
