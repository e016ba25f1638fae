"""Orders of the open network for commerce (ONDC): a part of the sales to consumers, settled when delivered."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import drawn
from ml.synthetic.businesses.reference import names

STATES = ("DELIVERED", "CANCELLED", "RETURNED")
DELIVERED = 0
_STATE_SHARES = (0.85, 0.08, 0.07)
_OF_CONSUMERS = (0.008, 0.03)  # an order, of the month's sales to consumers
_LEAST = 120


@dataclass(frozen=True)
class Orders:
    """One element an order; days are epoch days, ``value`` INR with tax, ``month`` from 0."""

    business: IntArray
    month: IntArray
    day: IntArray
    second: IntArray
    app: IntArray
    items: IntArray
    value: IntArray
    state: IntArray
    final_day: IntArray


def make_orders(config: BusinessConfig, population: Population, consumers: IntArray) -> Orders:
    """Orders of a block, more of them in the months that sell more.

    Parameters
    ----------
    config, population
        The block's.
    consumers : array of int, shape (businesses, months)
        Sales to consumers with tax, paise.
    """
    rng = config.rng("orders", population.block)
    business = np.repeat(np.arange(population.count), drawn(rng, population.profiles.last, "orders"))
    count = len(business)
    sold = consumers[:, : config.periods].astype(np.float64)
    until = np.cumsum(sold, axis=1) / sold.sum(axis=1, keepdims=True)
    month = np.minimum((rng.random(count)[:, None] > until[business]).sum(axis=1), config.periods - 1)
    days = np.diff(config.month_starts)[month]
    day = config.month_starts[month] + np.floor(rng.random(count) * days).astype(np.int64)
    value = consumers[business, month] / 100 * rng.uniform(*_OF_CONSUMERS, count)
    return Orders(
        business=business,
        month=month,
        day=day,
        second=rng.integers(9 * 3_600, 22 * 3_600, count),
        app=rng.integers(0, len(names.BUYER_APPS), count),
        items=rng.integers(1, 9, count),
        value=np.maximum(np.round(value).astype(np.int64), _LEAST),
        state=rng.choice(len(STATES), count, p=_STATE_SHARES),
        final_day=day + rng.integers(2, 8, count),
    )
