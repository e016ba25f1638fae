"""What people decide day by day: purchases, cash, gambling, lending apps, transfers, the card bill."""

import numpy as np
import pandas as pd

from ml.synthetic.config import IntArray, SampleConfig
from ml.synthetic.income_and_bills import person_months
from ml.synthetic.legs import days_in_month, fixed_day, legs, seconds_of_day, transfer
from ml.synthetic.lending import NET_SHARE_OF_INCOME
from ml.synthetic.reference import PURCHASES, merchants

_SHOPPING_DAYS = [0.85, 0.85, 0.9, 1.0, 1.25, 1.35, 1.0]
_EVEN_DAYS = [1.0] * 7
_FRAUD_SHARE = 0.0065  # of purchases; about 0.3 % of all transactions
# Factor on the number of purchases in the months named.
_SEASONS = {
    "Retail": {11: 1.2, 12: 1.6, 1: 0.8},
    "Online Shopping": {11: 1.5, 12: 1.6},
    "Travel": {6: 1.6, 7: 2.0, 8: 1.7, 12: 1.4},
}


def make_occasional(
    config: SampleConfig, people: pd.DataFrame, stress: np.ndarray, rows: dict[str, IntArray]
) -> pd.DataFrame:
    """Cash, gambling, lending apps and payments among people."""
    rng = config.rng("occasional")
    person, month = person_months(config)
    level = stress.ravel()
    gambler = (rng.random(config.people) < 0.08)[person]
    young = (people["age"].to_numpy() < 45)[person]
    catalogue = merchants()
    casinos = catalogue.loc[catalogue["category"] == "Gambling", "merchant_no"].to_numpy()

    def some(
        monthly: np.ndarray, by_weekday: list[float], shape: str
    ) -> tuple[IntArray, np.ndarray, dict[str, IntArray]]:
        count = rng.poisson(monthly)
        who, when = np.repeat(person, count), np.repeat(month, count)
        day = days_in_month(rng, config, when, by_weekday)
        second = seconds_of_day(rng, len(who), shape)
        base = {"person": who, "account": rows["Checking Account"][who], "day": day, "second": second}
        return who, np.repeat(level, count), base

    def dollars(median: float, sigma: float, size: int) -> IntArray:
        return np.maximum(np.round(median * 100 * rng.lognormal(0, sigma, size)), 100).astype(np.int64)

    parts = []
    who, s, base = some(1.0 + 4.5 * level, _SHOPPING_DAYS, "cash")
    notes = 2_000 * (1 + rng.poisson(2 + 4 * s))
    parts.append(legs(cents=-notes, code="CASH_WD", channel=np.where(rng.random(len(who)) < 0.88, "ATM", "BR"), **base))
    who, s, base = some(np.full(len(person), 0.12), _EVEN_DAYS, "office")
    parts.append(legs(cents=dollars(220, 0.6, len(who)), code="CASH_DEP", channel="BR", **base))
    who, s, base = some(0.03 + 0.7 * gambler + 4.0 * level**2, _SHOPPING_DAYS, "evening")
    remote = np.where(rng.random(len(who)) < 0.6, "APP", np.where(rng.random(len(who)) < 0.5, "WEB", "POS"))
    merchant = rng.choice(casinos, len(who))
    parts.append(legs(cents=-dollars(38, 0.7, len(who)), code="CARD", channel=remote, merchant=merchant, **base))
    who, s, base = some(0.008 + 1.2 * level**2, _EVEN_DAYS, "evening")
    borrowed = rng.integers(3, 13, len(who)) * 5_000
    parts.append(legs(cents=borrowed, code="APPLOAN_IN", channel="APP", **base))
    repaid = {**base, "day": base["day"] + rng.integers(14, 35, len(who))}
    parts.append(legs(cents=-np.round(borrowed * 1.12).astype(np.int64), code="APPLOAN_OUT", channel="APP", **repaid))
    for monthly, sign, code in ((0.9, -1, "TRF_OUT"), (0.7, 1, "TRF_IN")):
        who, s, base = some(monthly * np.where(young, 1.3, 0.7), _EVEN_DAYS, "evening")
        parts.append(legs(cents=sign * dollars(48, 0.8, len(who)), code=code, channel="APP", **base))
    return pd.concat(parts, ignore_index=True)


def make_purchases(
    config: SampleConfig,
    people: pd.DataFrame,
    stress: np.ndarray,
    rows: dict[str, IntArray],
    other: pd.DataFrame,
) -> pd.DataFrame:
    """Purchases with card or account, sized so that a month costs about what is left, and more under stress.

    ``other`` are all other legs: what they leave of a month's income is the budget.
    """
    rng = config.rng("purchases")
    person, month = person_months(config)
    calendar_month = (config.start.month - 1 + month) % 12 + 1
    season = np.ones((len(person), len(PURCHASES)))
    for column, category in enumerate(PURCHASES["category"]):
        for number, factor in _SEASONS.get(category, {}).items():
            season[calendar_month == number, column] = factor
    activity = people["activity"].to_numpy()[person]
    count = rng.poisson(PURCHASES["monthly"].to_numpy() * season * activity[:, None])
    cell = np.repeat(np.arange(count.size), count.ravel())
    grid, category = cell // len(PURCHASES), cell % len(PURCHASES)
    who, when, size = person[grid], month[grid], len(cell)

    kind = PURCHASES.iloc[category]
    fraud = rng.random(size) < _FRAUD_SHARE
    abroad = rng.random(size) < np.where(fraud, 0.5, kind["abroad_share"].to_numpy())
    weight = kind["median_amount"].to_numpy() * rng.lognormal(0, 0.55, size) * np.where(abroad, 1.4, 1.0)
    scale = _budget(config, people, stress, rows, other, rng) / np.bincount(grid, weight, len(person)).clip(1)
    dollars = weight * np.clip(scale, 0.35, 2.8)[grid] * np.where(fraud, 3, 1)
    cents = np.maximum(np.round(dollars * 100), 99).astype(np.int64)

    online = rng.random(size) < np.where(fraud, 0.8, kind["remote_share"].to_numpy())
    mobile = rng.random(size) < np.clip(0.75 - 0.009 * (people["age"].to_numpy()[who] - 20), 0.1, 0.75)
    channel = np.where(online, np.where(mobile, "APP", "WEB"), "POS")
    second = np.where(online, seconds_of_day(rng, size, "evening"), seconds_of_day(rng, size, "purchase"))
    catalogue = merchants()
    shops = catalogue.groupby("category", sort=False)["merchant_no"].agg(["min", "count"]).loc[kind["category"]]
    # The first shops of a category are the busiest.
    shop = (rng.random(size) ** 1.5 * shops["count"].to_numpy()).astype(np.int64)
    card = np.where(rows["Premium Credit Card"] >= 0, rows["Premium Credit Card"], rows["Credit Card"])[who]
    by_card = (card >= 0) & (rng.random(size) < 0.45)
    subscription = (kind["category"].to_numpy() == "Entertainment") & online & ~fraud
    bought = legs(
        person=who,
        account=np.where(by_card, card, rows["Checking Account"][who]),
        day=days_in_month(rng, config, when, _SHOPPING_DAYS),
        second=second,
        cents=-cents,
        code="CARD",
        channel=channel,
        merchant=shops["min"].to_numpy() + shop,
        abroad=abroad,
        fraud=fraud,
        standing=subscription,
    )
    owed = np.bincount(grid, cents * by_card, len(person)).reshape(stress.shape)
    return pd.concat([bought, _pay_cards(config, people, stress, rows, owed, rng)], ignore_index=True)


def _budget(
    config: SampleConfig,
    people: pd.DataFrame,
    stress: np.ndarray,
    rows: dict[str, IntArray],
    other: pd.DataFrame,
    rng: np.random.Generator,
) -> np.ndarray:
    """Dollars that each person spends on purchases in each month, flat."""
    own = other[other["booked"] & (other["account"] == rows["Checking Account"][other["person"]])]
    # A loan paid out and spent is no income.
    own = own[~own["code"].isin(["LOAN_OUT", "LOAN_USE"])]
    month = np.searchsorted(config.month_starts(), own["day"].clip(0, config.days - 1), side="right") - 1
    flat = own["person"].to_numpy() * config.months + month
    left = np.bincount(flat, own["cents"], config.people * config.months).reshape(stress.shape) / 100
    usual = left.mean(axis=1, keepdims=True)
    net = people["income"].to_numpy()[:, None] * NET_SHARE_OF_INCOME / 12
    wanted = np.maximum(0.5 * left + 0.5 * usual, 0.12 * net) * (0.92 + 0.2 * stress)
    return (wanted * rng.lognormal(0, 0.1, stress.shape)).ravel()


def _pay_cards(
    config: SampleConfig,
    people: pd.DataFrame,
    stress: np.ndarray,
    rows: dict[str, IntArray],
    owed: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Each month pays last month's purchases; the more stress, the smaller the part."""
    person, month = person_months(config)
    card = np.where(rows["Premium Credit Card"] >= 0, rows["Premium Credit Card"], rows["Credit Card"])[person]
    before = np.hstack([owed[:, :1], owed[:, :-1]])
    part = np.clip(1.02 - 0.7 * stress, 0.25, 1.0)
    cents = np.round(before * part).astype(np.int64).ravel()
    due = rng.integers(12, 24, config.people)[person]
    day, second = fixed_day(config, month, due), seconds_of_day(rng, len(person), "evening")
    checking = rows["Checking Account"][person]
    return transfer(person=person, source=checking, target=card, day=day, second=second, cents=cents)
