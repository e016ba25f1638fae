"""What people decide day by day: purchases, cash, payments among people; and fraud, which others decide."""

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray
from ml.synthetic.world.ledger.clock import EVEN_DAYS, SHOPPING_DAYS, days_in_month, seconds_of_day
from ml.synthetic.world.ledger.context import Month
from ml.synthetic.world.ledger.legs import CHANNEL, CODE, Legs, transfer
from ml.synthetic.world.reference import merchants as shops

_BY_CARD_SHARE = 0.45  # of the purchases of people who have a credit card
FRAUD_A_MONTH = 0.025  # customers whose card data are abused in a month
# What the bank itself marks when it books: part of the frauds, and now and then a card payment that is none.
FRAUD_NOTICED_SHARE, FRAUD_FALSE_SHARE = 2 / 3, 1 / 2_000
_TARGET_BALANCE = 0.8  # months of net income that people like to keep
_OWN_WAY = 0.12  # spread of a month's budget


def spending(month: Month) -> list[Legs]:
    """Legs of purchases, cash and payments among people."""
    return [_purchases(month), *_cash(month), *_friends(month), *_balancing(month), _fraud(month)]


def _budget(month: Month, rng: np.random.Generator) -> FloatArray:
    """Cents that each of the month's people spends on purchases: what is left, more when there is plenty."""
    timeline = month.timeline
    habits, person = timeline.habits, month.people
    net = habits.net[person]
    grants = timeline.accounts.grants
    instalments = np.bincount(grants.person, grants.instalment_cents, len(habits.net))[person]
    balance = month.balances[timeline.accounts.checking[person]]
    left = net * 0.9 - habits.fixed[person] - np.minimum(instalments, 0.3 * net)
    wanted = left + 0.3 * (balance - _TARGET_BALANCE * net)
    return np.clip(wanted, 0.1 * net + 2_000, 2.0 * net + 30_000) * rng.lognormal(0, _OWN_WAY, len(person))


def _purchases(month: Month) -> Legs:
    rng, timeline = month.rng("purchases"), month.timeline
    accounts, habits, people = timeline.accounts, timeline.habits, month.people
    season = shops.SEASON[month.month % 12]
    count = rng.poisson(np.outer(habits.activity[people], shops.PURCHASE_MONTHLY * season))
    kinds = len(shops.PURCHASE_CATEGORY)
    cell = np.repeat(np.arange(count.size, dtype=np.int32), count.ravel())
    row, kind = cell // kinds, cell % kinds
    size, person = len(cell), people[row]
    u = rng.random((4, size), dtype=np.float32)
    abroad = u[0] < shops.PURCHASE_ABROAD.astype(np.float32)[kind]
    spread = np.exp(0.55 * rng.standard_normal(size, dtype=np.float32))
    weight = shops.PURCHASE_MEDIAN.astype(np.float32)[kind] * spread * np.where(abroad, np.float32(1.4), np.float32(1))
    total = np.maximum(np.bincount(row, weight, len(people)), 1) * 100
    scale = np.clip(_budget(month, rng) / total, 0.08, 4.0).astype(np.float32)
    cents = np.maximum(np.round(weight * scale[row] * 100), 99).astype(np.int64)
    online = u[1] < shops.PURCHASE_REMOTE.astype(np.float32)[kind]
    age = timeline.population.age_on(month.first)[people]
    mobile = u[2] < np.clip(0.75 - 0.009 * (age - 20), 0.1, 0.75).astype(np.float32)[row]
    channel = np.where(online, np.where(mobile, CHANNEL["APP"], CHANNEL["WEB"]), CHANNEL["POS"])
    category = shops.PURCHASE_CATEGORY[kind]
    # People have favourites among the shops of a category; the first shops are the busiest.
    taste = ((person * 40_503 + category * 9_973) % 1_000).astype(np.float32) / 1_000
    place = np.where(u[3] < 0.6, taste, (u[3] - 0.6) / 0.4)
    merchant = shops.FIRST_OF[category] + (place * np.sqrt(place) * shops.COUNT_OF[category]).astype(np.int32)
    card = accounts.card[person]
    day = days_in_month(rng, month.month, size, SHOPPING_DAYS)
    has_card = (card >= 0) & (accounts.opened_day[np.maximum(card, 0)] <= day)
    by_card = has_card & (rng.random(size, dtype=np.float32) < _BY_CARD_SHARE)
    second = seconds_of_day(rng, size, "purchase")
    evening = np.flatnonzero(online)
    second[evening] = seconds_of_day(rng, len(evening), "evening")
    return Legs.make(
        account=np.where(by_card, card, accounts.checking[person]),
        day=day,
        second=second,
        cents=-cents,
        code="CARD",
        channel=channel,
        merchant=merchant,
        abroad=abroad,
    )


def _cash(month: Month) -> list[Legs]:
    """Cash drawn and paid in, without any stress."""
    rng, timeline = month.rng("cash"), month.timeline
    checking = timeline.accounts.checking
    often = np.where(timeline.habits.likes_cash[month.people], 4.5, 1.3)
    drawer = np.repeat(month.people, rng.poisson(often))
    payer = np.repeat(month.people, rng.poisson(0.12, len(month.people)))
    drawn = -2_000 * (1 + rng.poisson(2.0, len(drawer)))
    paid = np.round(22_000 * rng.lognormal(0, 0.6, len(payer))).astype(np.int64)
    machine = np.where(rng.random(len(drawer)) < 0.9, CHANNEL["ATM"], CHANNEL["BR"])
    return [
        Legs.make(
            account=checking[drawer],
            day=days_in_month(rng, month.month, len(drawer), SHOPPING_DAYS),
            second=seconds_of_day(rng, len(drawer), "cash"),
            cents=drawn,
            code="CASH_WD",
            channel=machine,
        ),
        Legs.make(
            account=checking[payer],
            day=days_in_month(rng, month.month, len(payer), EVEN_DAYS),
            second=seconds_of_day(rng, len(payer), "office"),
            cents=paid,
            code="CASH_DEP",
            channel="BR",
        ),
    ]


def _friends(month: Month) -> list[Legs]:
    """Payments among friends, both with this bank; and with people elsewhere."""
    rng, timeline = month.rng("friends"), month.timeline
    accounts, habits = timeline.accounts, timeline.habits
    giver = np.repeat(month.people, rng.poisson(0.8, len(month.people)))
    friend = habits.friends[giver, rng.integers(0, habits.friends.shape[1], len(giver))]
    day = days_in_month(rng, month.month, len(giver), EVEN_DAYS)
    source, target = accounts.checking[giver], accounts.checking[friend]
    both = month.can_use(source, day) & month.can_use(target, day) & (giver != friend)
    parts = transfer(
        source=np.where(both, source, -1),
        target=target,
        account_no=accounts.account_no,
        day=day,
        second=seconds_of_day(rng, len(giver), "evening"),
        cents=np.maximum(np.round(4_200 * rng.lognormal(0, 0.8, len(giver))), 100).astype(np.int64),
        codes=("TRF_OUT", "TRF_IN"),
    )
    for monthly, sign, code in ((0.5, -1, "TRF_OUT"), (0.45, 1, "TRF_IN")):
        who = np.repeat(month.people, rng.poisson(monthly, len(month.people)))
        parts.append(
            Legs.make(
                account=accounts.checking[who],
                day=days_in_month(rng, month.month, len(who), EVEN_DAYS),
                second=seconds_of_day(rng, len(who), "evening"),
                cents=sign * np.maximum(np.round(4_800 * rng.lognormal(0, 0.8, len(who))), 100).astype(np.int64),
                code=code,
                channel="APP",
                counterparty=8_000_000_000 + who * 5 + 3,
            )
        )
    return parts


def _balancing(month: Month) -> list[Legs]:
    """Help from the family for those deep in the red, and something large bought by those who have plenty."""
    rng, timeline = month.rng("balancing"), month.timeline
    checking = timeline.accounts.checking[month.people]
    net, balance = np.maximum(timeline.habits.net[month.people], 60_000), month.balances[checking]
    help_cents = np.clip(-0.35 * net - balance, 0, None) * rng.uniform(0.6, 1.0, len(net))
    large = np.clip(balance - 3.5 * net, 0, None) * rng.uniform(0.3, 0.7, len(net))
    parts = []
    for cents, code, channel in ((help_cents, "TRF_IN", "WEB"), (-large, "TRF_OUT", "BR")):
        parts.append(
            Legs.make(
                account=checking,
                day=days_in_month(rng, month.month, len(net), EVEN_DAYS),
                second=seconds_of_day(rng, len(net), "office"),
                cents=np.round(cents, -2).astype(np.int64),
                code=code,
                channel=channel,
                counterparty=8_000_000_000 + month.people * 5 + 4,
            )
        )
    return parts


def _fraud(month: Month) -> Legs:
    """Abused card data: two to five purchases within hours, most of them online, half of them abroad."""
    rng, accounts = month.rng("fraud"), month.timeline.accounts
    victim = month.people[rng.random(len(month.people)) < FRAUD_A_MONTH]
    count = rng.integers(2, 6, len(victim))
    burst = np.repeat(np.arange(len(victim)), count)
    step = np.arange(len(burst)) - np.repeat(np.cumsum(count) - count, count)
    person, day = victim[burst], days_in_month(rng, month.month, len(victim), EVEN_DAYS)[burst]
    card = accounts.card[person]
    has_card = (card >= 0) & (accounts.opened_day[np.maximum(card, 0)] <= day)
    wanted = shops.PURCHASE_CATEGORY[rng.choice([4, 3, 8, 5], len(burst), p=[0.5, 0.25, 0.15, 0.1])]
    merchant = shops.FIRST_OF[wanted] + (rng.random(len(burst)) * shops.COUNT_OF[wanted]).astype(np.int64)
    begin = rng.integers(0, 70_000, len(victim))[burst]
    return Legs.make(
        account=np.where(has_card, card, accounts.checking[person]),
        day=day,
        second=begin + step * rng.integers(60, 3_000, len(burst)),
        cents=-np.maximum(np.round(14_000 * rng.lognormal(0, 0.9, len(burst))), 500).astype(np.int64),
        code=np.full(len(burst), CODE["CARD"]),
        channel=np.where(rng.random(len(burst)) < 0.8, CHANNEL["WEB"], CHANNEL["POS"]),
        merchant=merchant,
        abroad=(rng.random(len(victim)) < 0.5)[burst],
        fraud=True,
    )


def marked_as_fraud(rng: np.random.Generator, legs: Legs) -> BoolArray:
    """What the bank marks as fraud at booking; it cannot know the truth, ``legs.fraud``."""
    u = rng.random(len(legs), dtype=np.float32)
    result: BoolArray = u < np.where(legs.fraud, FRAUD_NOTICED_SHARE, FRAUD_FALSE_SHARE * (legs.code == CODE["CARD"]))
    return result
