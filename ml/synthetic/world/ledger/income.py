"""Money that comes: pay, pensions, unemployment insurance, business, and what is put aside.

The state's unemployment insurance is none of the registry's schemes: it has a code of its own, and only what the
registry pays is booked as ``BENEFIT``.
"""

from typing import Any

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.world.ledger.clock import OFFICE_DAYS, days_in_month, fixed_day, seconds_of_day
from ml.synthetic.world.ledger.context import Month
from ml.synthetic.world.ledger.legs import CODE, Legs, transfer
from ml.synthetic.world.reference import occupations as work
from ml.synthetic.world.reference.products import PRODUCTS, SAVINGS

_IRREGULAR_DELAY = 0.25  # share of the months in which pay is late for people with irregular pay, and for others
_USUAL_DELAY = 0.03
_STRESS_DELAY_DAYS = 7.0  # mean at full stress
_LATEST_DAYS = 28  # pay of a month comes in the next one at the latest
_STRESS_CUT, _STRESS_CUT_SHARE = (
    0.25,
    0.5,
)  # part of the pay that is missing at full stress, and in how many of the pays


def pay_days(month: Month, person: IntArray) -> IntArray:
    """Day on which pay is due, before any delay."""
    return fixed_day(month.month, month.timeline.habits.payday[person], workday=True)


def income(month: Month) -> list[Legs]:
    """Legs of everything that people earn."""
    late = [month.own(legs) for legs in _pay(month.before)]
    return [*late, *(month.own(legs) for legs in _pay(month)), *_freelance(month), *_business(month), *_saving(month)]


def _pay(month: Month) -> list[Legs]:
    """Pay due in the month, some of which comes in the next one."""
    rng, habits, population = month.rng("pay"), month.timeline.habits, month.timeline.population
    person = month.people
    size = len(person)
    occupation = population.occupation[person]
    code = np.select(
        [
            occupation == work.RETIRED,
            occupation == work.UNEMPLOYED,
            np.isin(occupation, (work.STUDENT, work.HOMEMAKER)),
        ],
        [CODE["PENSION"], CODE["UNEMP"], CODE["TRF_IN"]],
        CODE["SALARY"],
    )
    paid = ~np.isin(occupation, (work.BUSINESS_OWNER, work.FREELANCER))
    employed = code == CODE["SALARY"]
    twice = habits.paid_twice[person] & employed
    level = month.level("salary_delay")
    amount = habits.net[person] * rng.normal(1, 0.01, size) / np.where(twice, 2, 1) * paid
    chance = np.where(habits.irregular[person], _IRREGULAR_DELAY, _USUAL_DELAY)
    parts = []
    for half in (False, True):
        day = pay_days(month, person)
        if half:
            day = fixed_day(month.month, np.full(size, 16), workday=True)
        strength = level[person, day - month.first] * employed
        late = (rng.random(size) < chance) * rng.integers(1, 6, size) + rng.poisson(_STRESS_DELAY_DAYS * strength)
        cut = 1 - _STRESS_CUT * strength * (rng.random(size) < _STRESS_CUT_SHARE)
        parts.append(
            Legs.make(
                account=np.where(twice if half else True, month.timeline.accounts.checking[person], -1),
                day=day + np.minimum(late, _LATEST_DAYS),
                second=seconds_of_day(rng, size, "batch"),
                cents=np.round(amount * cut).astype(np.int64),
                code=code,
                counterparty=np.where(employed, habits.employer[person], 0),
                standing=True,
            )
        )
    return parts


def _freelance(month: Month) -> list[Legs]:
    """Fees of freelancers, some three a month, of very different size."""
    rng, timeline = month.rng("freelance"), month.timeline
    mine = month.people[timeline.population.occupation[month.people] == work.FREELANCER]
    person = np.repeat(mine, rng.poisson(3.0, len(mine)))
    size = len(person)
    return [
        Legs.make(
            account=timeline.accounts.checking[person],
            day=days_in_month(rng, month.month, size, OFFICE_DAYS),
            second=seconds_of_day(rng, size, "office"),
            cents=np.round(timeline.habits.net[person] / 3 * rng.lognormal(-0.12, 0.5, size)).astype(np.int64),
            code="TRF_IN",
            counterparty=timeline.habits.employer[person],
        )
    ]


def _business(month: Month) -> list[Legs]:
    """What a business earns and spends, and what its owner draws."""
    rng, timeline = month.rng("business"), month.timeline
    accounts, habits = timeline.accounts, timeline.habits
    person = month.people[accounts.business[month.people] >= 0]
    parts = []
    for monthly, share, sign, code in ((12, 2.1, 1, "TRF_IN"), (8, 0.95, -1, "TRF_OUT")):
        who = np.repeat(person, rng.poisson(monthly, len(person)))
        size = len(who)
        value = habits.net[who] * share / monthly * rng.lognormal(-0.12, 0.5, size)
        parts.append(
            Legs.make(
                account=accounts.business[who],
                day=days_in_month(rng, month.month, size, OFFICE_DAYS),
                second=seconds_of_day(rng, size, "office"),
                cents=sign * np.round(value).astype(np.int64),
                code=code,
                channel="WEB",
                counterparty=habits.employer[rng.integers(0, len(habits.employer), size)],
            )
        )
    day = fixed_day(month.month, np.full(len(person), 27), workday=True)
    source, target = accounts.business[person], accounts.checking[person]
    both = month.can_use(source, day) & month.can_use(target, day)
    # The owner draws less when the business account is low.
    usual = habits.net[person] * rng.normal(1, 0.03, len(person))
    drawn = np.minimum(usual, np.maximum(month.balances[source] * 0.6, 0.3 * usual))
    parts += transfer(
        source=np.where(both, source, -1),
        target=target,
        account_no=accounts.account_no,
        day=day,
        second=seconds_of_day(rng, len(person), "office"),
        cents=np.round(drawn).astype(np.int64),
        channel="WEB",
    )
    return parts


def _saving(month: Month) -> list[Legs]:
    """Money put aside, invested, and under stress drawn again; interest and dividends."""
    rng, timeline = month.rng("saving"), month.timeline
    accounts, person = timeline.accounts, month.people
    size, net = len(person), timeline.habits.net[person]
    checking, savings, investment = (
        rows[person] for rows in (accounts.checking, accounts.savings, accounts.investment)
    )
    day = days_in_month(rng, month.month, size, OFFICE_DAYS)
    level = month.level("hoarding")[person, day - month.first]
    # Who has little left puts nothing aside.
    room = np.clip((month.balances[checking] - 0.3 * net) / np.maximum(net, 1), 0, 1)
    put = np.floor(net * 0.1 * room * np.clip(1 - 1.6 * level, 0, None) * rng.uniform(0.5, 1.5, size) / 100) * 100
    have = np.where(savings >= 0, month.balances[np.maximum(savings, 0)], 0)
    drawn = np.minimum(net * rng.uniform(0.1, 0.3, size), 0.8 * have) * (rng.random(size) < 0.05 + 0.5 * level)
    # Savings above half a year of income are spent on something large.
    much = np.clip(have - 6 * net, 0, None) * 0.2
    invest = np.floor(net * 0.1 * room * np.clip(1 - 1.5 * level, 0, None) / 1000) * 1000
    own: dict[str, Any] = {"account_no": accounts.account_no, "day": day}
    second = seconds_of_day(rng, size, "evening")
    can_save = month.can_use(savings, day) & month.can_use(checking, day)
    can_invest = month.can_use(investment, day) & month.can_use(checking, day)
    save_to, invest_to = np.where(can_save, savings, -1), np.where(can_invest, investment, -1)

    def whole(cents: np.ndarray) -> IntArray:
        return np.maximum(np.floor(cents), 0).astype(np.int64)

    parts = [
        *transfer(source=checking, target=save_to, second=second, cents=whole(put), standing=True, **own),
        *transfer(source=save_to, target=checking, second=second + 60, cents=whole(drawn + much), **own),
        *transfer(source=checking, target=invest_to, second=second + 120, cents=whole(invest), standing=True, **own),
    ]
    end = np.full(size, month.last)
    interest = have * PRODUCTS[SAVINGS][3] / 1200
    dividend = np.where(investment >= 0, month.balances[np.maximum(investment, 0)], 0) * 0.008 * (month.month % 3 == 2)
    for account, cents, when in ((savings, interest, end), (investment, dividend, np.full(size, month.first + 19))):
        usable = month.can_use(account, when)
        parts.append(
            Legs.make(
                account=np.where(usable, account, -1),
                day=when,
                second=np.full(size, 85_000),
                cents=whole(cents),
                code="INTEREST",
            )
        )
    return parts
