"""What is typical of each person for all the time: payday, rent, shops, friends, and habits that look like stress.

A twelfth of the people gamble and some like cash without any stress: no single sign tells.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.grants import NET_SHARE_OF_INCOME
from ml.synthetic.world.population import Population
from ml.synthetic.world.reference import merchants, occupations

FRIENDS = 3
SUBSCRIPTIONS = 4
_PAYDAYS, _PAYDAY_SHARES = (1, 15, 25, 28), (0.25, 0.2, 0.3, 0.25)
_EMPLOYERS_A_BLOCK = 400


@dataclass(frozen=True)
class Habits:
    """One element each person of the block; money in cents a month.

    Attributes
    ----------
    net : array of float
        Usual income after tax.
    payday, paid_twice, employer : arrays
        Day of the month; whether pay comes in two halves; account number of the employer, at another bank.
    rent, insurance, fee, power, phone : array of float
        Bills; 0 where there is none. ``rent_day`` and others: days of the month.
    activity : array of float
        Factor on the number of purchases.
    gambles, likes_cash, pays_late, irregular : array of bool
        Habits without stress.
    friends : array of int, shape (people, FRIENDS)
        Local persons with an account.
    subscription_merchant, subscription_cents, subscription_day : array of int, shape (people, SUBSCRIPTIONS)
    """

    net: FloatArray
    payday: IntArray
    paid_twice: BoolArray
    employer: IntArray
    rent: FloatArray
    rent_day: IntArray
    insurance: FloatArray
    insurance_day: IntArray
    fee: FloatArray
    power: FloatArray
    power_day: IntArray
    power_merchant: IntArray
    phone: FloatArray
    phone_day: IntArray
    phone_merchant: IntArray
    activity: FloatArray
    gambles: BoolArray
    likes_cash: BoolArray
    pays_late: BoolArray
    irregular: BoolArray
    friends: IntArray
    subscription_merchant: IntArray
    subscription_cents: IntArray
    subscription_day: IntArray

    @property
    def fixed(self) -> FloatArray:
        """Cents a month that bills take."""
        return self.rent + self.insurance + self.fee + self.power + self.phone + self.subscription_cents.sum(axis=1)


def make_habits(config: WorldConfig, population: Population, accounts: Accounts) -> Habits:
    """Draw the habits of everybody in the block; those without an account have them too, and no use for them."""
    rng = config.rng("habits", population.block)
    n = population.people
    net = population.income_cents * NET_SHARE_OF_INCOME / 12
    heads = population.relation == 0
    has_mortgage = np.zeros(n, dtype=np.bool_)
    has_mortgage[accounts.grants.person[accounts.grants.term_months > 100]] = True
    income = np.bincount(population.household, net)[population.household]
    shops = merchants.MERCHANT_NO[merchants.CATEGORY_OF == merchants.UTILITIES]
    fun = merchants.MERCHANT_NO[merchants.CATEGORIES.index("Entertainment") == merchants.CATEGORY_OF]
    customers = np.flatnonzero(accounts.checking >= 0)
    count = rng.integers(0, SUBSCRIPTIONS + 1, n)
    subscribed = np.arange(SUBSCRIPTIONS) < count[:, None]
    young = np.clip((70 - population.age_on(config.start_day)) / 50, 0.2, 1.1)
    return Habits(
        net=net,
        payday=rng.choice(_PAYDAYS, n, p=_PAYDAY_SHARES),
        paid_twice=rng.random(n) < 0.3,
        employer=9_000_000_000 + population.block * _EMPLOYERS_A_BLOCK + rng.integers(0, _EMPLOYERS_A_BLOCK, n),
        rent=np.minimum(income * rng.uniform(0.2, 0.3, n), net * 0.55)
        * (heads & ~has_mortgage & (rng.random(n) < 0.85)),
        rent_day=rng.integers(1, 6, n),
        insurance=net * rng.uniform(0.015, 0.035, n) * (rng.random(n) < 0.55),
        insurance_day=rng.integers(5, 25, n),
        fee=800.0 * ((rng.random(n) < 0.3) & (population.segment == 0)),
        power=rng.uniform(6_000, 19_000, n) * heads,
        power_day=rng.integers(5, 11, n),
        power_merchant=rng.choice(shops, n),
        phone=rng.uniform(2_500, 9_000, n),
        phone_day=rng.integers(14, 20, n),
        phone_merchant=rng.choice(shops, n),
        activity=rng.lognormal(-0.06, 0.35, n) * (0.65 + 0.45 * young),
        gambles=rng.random(n) < 0.08,
        likes_cash=rng.random(n) < 0.10,
        pays_late=rng.random(n) < 0.10,
        irregular=(rng.random(n) < 0.07) | (population.occupation == occupations.FREELANCER),
        friends=rng.choice(customers, (n, FRIENDS)) if len(customers) else np.zeros((n, FRIENDS), dtype=np.int64),
        subscription_merchant=rng.choice(fun, (n, SUBSCRIPTIONS)),
        subscription_cents=np.where(subscribed, rng.integers(499, 2_999, (n, SUBSCRIPTIONS)), 0),
        subscription_day=rng.integers(1, 29, (n, SUBSCRIPTIONS)),
    )
