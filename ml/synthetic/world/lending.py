"""How loans are paid back: instalments due, payments made, defaults. Stress decides, with noise.

An instalment is paid on its due day, a few days late, weeks late (it was missed, then cured), or never. Never ends the
loan: after 31 days it is a default. Before the start everything was paid. After the payer's death nothing is paid: the
estate is settled outside of the data.

The bank announces instalments two months ahead and stops only when it knows why: what was announced before a default or
a death stays announced. A schedule that ended earlier would tell the outcome.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.columns import DAY, codes, dates, days_column, flags, money, numbers, rates
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.grants import PURPOSES
from ml.synthetic.world.population import Population
from ml.synthetic.world.stress import Stress

MISSED_AFTER_DAYS = 5  # an instalment unpaid so long after its due day is missed
DEFAULT_AFTER_DAYS = 31
MATURE_AFTER_DAYS = 120  # a loan that has run so long without default is a good one
SCHEDULED_AHEAD_DAYS = 62  # the bank delivers instalments so long before they fall due
METHODS = ("AUTO_DEBIT", "TRANSFER", "BRANCH")
STATUSES = ("DEFAULT", "CURRENT", "PAID_OFF")
# Chance of missing an instalment, by cause; together they give ``default_rate`` (measured).
_MISSED_IN_LEADING_EPISODE = 0.66
_MISSED_BY_CHANCE = 0.27  # times default_rate: forgotten, disputed, a fault of the bank
_NEVER_SHARE = 0.42  # of the missed ones in an episode; by chance a fifth of that
_SLIGHTLY_LATE = 0.05


@dataclass(frozen=True)
class Lending:
    """Instalments of the block that are announced within the horizon, in order of loan and number.

    Attributes
    ----------
    loan, number, due_day, announced_day : array of int
        Row of the grants; number from 1; the day from which the bank's files hold the instalment.
    paid_day : array of int
        ``FAR`` where never paid.
    principal_cents : array of int
        Part of the instalment that pays back.
    missed_by_stress, is_collected : array of bool
        The cause; whether the bank tries to collect it, which it does not after a default or a death.
    default_day : array of int, shape (loans,)
        ``FAR`` for none.
    """

    loan: IntArray
    number: IntArray
    due_day: IntArray
    announced_day: IntArray
    paid_day: IntArray
    principal_cents: IntArray
    missed_by_stress: BoolArray
    is_collected: BoolArray
    default_day: IntArray


def make_lending(config: WorldConfig, population: Population, accounts: Accounts, stress: Stress) -> Lending:
    """Instalments due from ``start`` on and what became of them."""
    rng = config.rng("lending", population.block)
    grants = accounts.grants
    before = grants.paid_before(config.start_day)
    months = 12 * 5 + 3  # and those announced at the horizon's end
    ends = np.minimum(grants.term_months, before + months)
    count = np.maximum(ends - before, 0)
    loan = np.repeat(np.arange(len(count)), count)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + before[loan] + 1
    due = grants.due_day(loan, number)
    owner = grants.person[loan]
    announced = np.maximum(grants.granted_day[loan], due - SCHEDULED_AHEAD_DAYS)
    keep = (announced < config.horizon_day) & (announced < population.death_day[owner])
    loan, number, due, announced, owner = (values[keep] for values in (loan, number, due, announced, owner))

    size = len(loan)
    level = stress.level_at(owner, due, "missed_instalment")
    leading = stress.is_leading_at(owner, due) & (level > 0)
    by_stress = rng.random(size) < _MISSED_IN_LEADING_EPISODE * leading * (0.55 + 0.45 * level)
    by_chance = rng.random(size) < _MISSED_BY_CHANCE * config.default_rate
    missed = by_stress | by_chance
    never = missed & (rng.random(size) < np.where(by_stress, _NEVER_SHARE, _NEVER_SHARE / 5))
    slight = ~missed & (rng.random(size) < _SLIGHTLY_LATE + 0.25 * level)
    late = np.where(missed, rng.integers(MISSED_AFTER_DAYS + 1, 27, size), slight * rng.integers(1, 5, size))
    paid = due + late
    paid = np.where(never | (paid >= population.death_day[owner]), FAR, paid)

    first_never = np.full(len(count), FAR)
    np.minimum.at(first_never, loan[never], due[never])
    default = np.where(first_never < FAR, first_never + DEFAULT_AFTER_DAYS, FAR)
    # Instalments after the unpaid one are not paid either; after the default no further ones are announced.
    stopped = due > first_never[loan]
    paid = np.where(stopped | (paid >= default[loan]), FAR, paid)
    keep = announced < default[loan]
    principal = grants.owed_cents(loan, number - 1) - grants.owed_cents(loan, number)
    return Lending(
        loan=loan[keep],
        number=number[keep],
        due_day=due[keep],
        announced_day=announced[keep],
        paid_day=paid[keep],
        principal_cents=principal[keep],
        missed_by_stress=by_stress[keep],
        is_collected=(due < np.minimum(default[loan], population.death_day[owner]))[keep],
        default_day=default,
    )


def _payment_id(accounts: Accounts, loan: IntArray, number: IntArray) -> IntArray:
    return accounts.account_no[accounts.loan_account[loan]] * 1000 + number


def loans_table(population: Population, accounts: Accounts) -> pa.Table:
    """Loans as delivered on the day they are granted."""
    grants = accounts.grants
    loan = np.arange(len(grants.person))
    matures = grants.due_day(loan, grants.term_months)
    return pa.table(
        {
            "loan_account_no": numbers(accounts.account_no[accounts.loan_account]),
            "settlement_account_no": numbers(accounts.account_no[accounts.checking[grants.person]]),
            "granted_on": dates(grants.granted_day),
            "principal": money(grants.principal_cents),
            "term_months": numbers(grants.term_months),
            "instalment": money(grants.instalment_cents),
            "interest_rate": rates(grants.rate_pct),
            "purpose": codes(grants.purpose, PURPOSES),
            "matures_on": dates(matures),
            DAY: days_column(grants.granted_day),
        }
    )


def payments_due_table(accounts: Accounts, lending: Lending) -> pa.Table:
    """Instalments, delivered some two months before they fall due."""
    grants, loan = accounts.grants, lending.loan
    return pa.table(
        {
            "payment_id": numbers(_payment_id(accounts, loan, lending.number)),
            "loan_account_no": numbers(accounts.account_no[accounts.loan_account[loan]]),
            "instalment_no": numbers(lending.number),
            "due_date": dates(lending.due_day),
            "amount_due": money(grants.instalment_cents[loan]),
            "principal_due": money(lending.principal_cents),
            "auto_debit": flags(grants.auto_debit[loan]),
            "announced_on": dates(lending.announced_day),
            DAY: days_column(lending.announced_day),
        }
    )


def payments_made_table(accounts: Accounts, lending: Lending) -> pa.Table:
    """Payments, delivered on their day."""
    paid = np.flatnonzero(lending.paid_day < FAR)
    loan = lending.loan[paid]
    on_time = lending.paid_day[paid] == lending.due_day[paid]
    auto = accounts.grants.auto_debit[loan] & on_time
    by_branch = ~auto & (lending.number[paid] % 5 == 0)
    return pa.table(
        {
            "payment_id": numbers(_payment_id(accounts, loan, lending.number[paid])),
            "loan_account_no": numbers(accounts.account_no[accounts.loan_account[loan]]),
            "paid_date": dates(lending.paid_day[paid]),
            "amount_paid": money(accounts.grants.instalment_cents[loan]),
            "method": codes(np.where(auto, 0, np.where(by_branch, 2, 1)), METHODS),
            DAY: days_column(lending.paid_day[paid]),
        }
    )


def loan_outcomes_table(config: WorldConfig, population: Population, accounts: Accounts, lending: Lending) -> pa.Table:
    """What became of the loans granted within the data: default, good after 120 days, paid off."""
    grants = accounts.grants
    loan = np.flatnonzero(grants.granted_day >= config.start_day)
    end = np.minimum(lending.default_day, population.death_day[grants.person])
    mature = grants.granted_day + MATURE_AFTER_DAYS
    last = np.zeros(len(end), dtype=np.int64)
    np.maximum.at(last, lending.loan, np.where(lending.paid_day < FAR, lending.paid_day, FAR))
    final = np.zeros(len(end), dtype=np.int64)
    np.maximum.at(final, lending.loan, lending.number)
    is_over = (final == grants.term_months) & (last < FAR)
    parts = [
        (0, loan[lending.default_day[loan] < FAR], lending.default_day),
        (1, loan[mature[loan] < end[loan]], mature),
        (2, loan[is_over[loan] & (last[loan] > mature[loan])], last),
    ]
    row = np.concatenate([rows for _, rows, _ in parts])
    status = np.concatenate([np.full(len(rows), code) for code, rows, _ in parts])
    day = np.concatenate([days[rows] for _, rows, days in parts])
    keep = day < config.horizon_day
    row, status, day = row[keep], status[keep], day[keep]
    return pa.table(
        {
            "loan_account_no": numbers(accounts.account_no[accounts.loan_account[row]]),
            "status": codes(status, STATUSES),
            "status_date": dates(day),
            DAY: days_column(day),
        }
    )
