"""What stress makes people do beside their usual ways: cash, gambling, lending apps.

Late pay, late bills, failed debits and unpaid cards change what people do anyway and are in ``income`` and ``bills``.
"""

import numpy as np

from ml.synthetic.world.ledger.clock import SHOPPING_DAYS, days_in_month, seconds_of_day
from ml.synthetic.world.ledger.context import Month
from ml.synthetic.world.ledger.income import pay_days
from ml.synthetic.world.ledger.legs import CHANNEL, Legs
from ml.synthetic.world.reference import merchants as shops

# Events a month at full stress; found by measuring what a model can learn from them.
_ATM, _GAMBLING, _LENDING_APP, _HOARDING = 6.5, 4.0, 2.2, 0.95
_GAMBLER_A_MONTH = 1.6  # of those who gamble anyway
_APP_BY_CHANCE = 0.03  # lending-app loans of anybody
_APP_COST = 1.12
_HOARDER_SHARE = 0.25  # of the months in which people who like cash draw their pay in advance


def signals(month: Month) -> list[Legs]:
    """Legs that tell of stress, and those of people who do the same without it."""
    return [_atm(month), _gambling(month), *_lending_apps(month), *_hoarding(month)]


def _atm(month: Month) -> Legs:
    rng = month.rng("atm")
    person, day, level = month.stressed_events(rng, "atm", _ATM)
    return Legs.make(
        account=month.timeline.accounts.checking[person],
        day=day,
        second=seconds_of_day(rng, len(person), "cash"),
        cents=-2_000 * (2 + rng.poisson(1 + 4 * level)),
        code="CASH_WD",
        channel="ATM",
    )


def _gambling(month: Month) -> Legs:
    rng, timeline = month.rng("gambling"), month.timeline
    gamblers = month.people[timeline.habits.gambles[month.people]]
    usual = np.repeat(gamblers, rng.poisson(_GAMBLER_A_MONTH, len(gamblers)))
    stressed, day, _ = month.stressed_events(rng, "gambling", _GAMBLING)
    person = np.concatenate([usual, stressed])
    casinos = shops.MERCHANT_NO[shops.CATEGORY_OF == shops.GAMBLING]
    return Legs.make(
        account=timeline.accounts.checking[person],
        day=np.concatenate([days_in_month(rng, month.month, len(usual), SHOPPING_DAYS), day]),
        second=seconds_of_day(rng, len(person), "evening"),
        cents=-np.maximum(np.round(3_800 * rng.lognormal(0, 0.7, len(person))), 200).astype(np.int64),
        code="CARD",
        channel=rng.choice([CHANNEL["APP"], CHANNEL["WEB"], CHANNEL["POS"]], len(person), p=[0.6, 0.2, 0.2]),
        merchant=rng.choice(casinos, len(person)),
    )


def _lending_apps(month: Month) -> list[Legs]:
    rng, checking = month.rng("lending_apps"), month.timeline.accounts.checking
    parts = []
    for code, sign, cost in (("APPLOAN_IN", 1, 1.0), ("APPLOAN_OUT", -1, _APP_COST)):
        usual = np.repeat(month.people, rng.poisson(_APP_BY_CHANCE, len(month.people)))
        stressed, day, _ = month.stressed_events(rng, "lending_app", _LENDING_APP)
        person = np.concatenate([usual, stressed])
        amount = rng.integers(3, 13, len(person)) * 5_000
        parts.append(
            Legs.make(
                account=checking[person],
                day=np.concatenate([days_in_month(rng, month.month, len(usual), SHOPPING_DAYS), day]),
                second=seconds_of_day(rng, len(person), "evening"),
                cents=sign * np.round(amount * cost).astype(np.int64),
                code=code,
                channel="APP",
            )
        )
    return parts


def _hoarding(month: Month) -> list[Legs]:
    """Cash drawn in the days before pay comes, as long as there is some; also before a payday of the next month."""
    timeline = month.timeline
    checking, parts = timeline.accounts.checking, []
    for due in (month, month.after):
        rng, person = due.rng("hoarding"), due.people
        day = pay_days(due, person) - rng.integers(1, 6, len(person))
        level = timeline.stress.level_at(person, day, "hoarding")
        usual = timeline.habits.likes_cash[person] * _HOARDER_SHARE
        chosen = month.holds(day) & (rng.random(len(person)) < np.maximum(usual, _HOARDING * level))
        share, second = rng.uniform(0.6, 1.2, len(person)), seconds_of_day(rng, len(person), "cash")
        account = checking[person[chosen]]
        have = np.maximum(month.balances[account], 0)
        drawn = np.clip(np.minimum(timeline.habits.net[person[chosen]] * 0.35, 0.5 * have), 10_000, 120_000)
        parts.append(
            Legs.make(
                account=account,
                day=day[chosen],
                second=second[chosen],
                cents=-(np.round(drawn * share[chosen] / 2_000) * 2_000).astype(np.int64),
                code="CASH_WD",
                channel="ATM",
            )
        )
    return parts
