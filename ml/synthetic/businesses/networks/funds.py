"""Fund portfolios: paid into month by month from the business's account, with a statement every quarter."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import DECLINING, drawn, figure
from ml.synthetic.businesses.reference import names
from ml.synthetic.businesses.turnover import Turnover

_STARTS_WITHIN = 10  # months
_DECLINING_PAYS = 20  # months; then there is nothing left to pay in
_OF_LEVEL = (0.003, 0.008)  # a payment, of the level of turnover
_STEP, _LEAST = 500, 500  # INR
_WAVER = 0.02


@dataclass(frozen=True)
class Funds:
    """Portfolios, payments into them, statements.

    Attributes
    ----------
    business, fund, house, started_day : array of int
        One element a portfolio.
    paid_portfolio, paid_day : array of int
        One element a payment; its amount is ``payment[paid_portfolio]`` (INR).
    told_portfolio, told_day, told_invested, told_value : array of int
        One element a statement; paise.
    """

    business: IntArray
    fund: IntArray
    house: IntArray
    started_day: IntArray
    payment: IntArray
    paid_portfolio: IntArray
    paid_day: IntArray
    told_portfolio: IntArray
    told_day: IntArray
    told_invested: IntArray
    told_value: IntArray


def make_funds(config: BusinessConfig, population: Population, turnover: Turnover) -> Funds:
    """Portfolios of a block."""
    rng = config.rng("funds", population.block)
    last = population.profiles.last
    business = np.repeat(np.arange(population.count), drawn(rng, last, "funds"))
    count = len(business)
    start = rng.integers(0, _STARTS_WITHIN, count)
    day_of_month = rng.integers(2, 25, count)
    level = turnover.level[business, start]
    payment = np.maximum(np.round(level * rng.uniform(*_OF_LEVEL, count) / _STEP).astype(np.int64) * _STEP, _LEAST)
    pays = np.where(last[business] == DECLINING, _DECLINING_PAYS, config.months)
    months = np.arange(config.months)
    done = np.clip(months[None, :] - start[:, None] + 1, 0, pays[:, None])  # payments by the end of each month
    paid = (months[None, :] >= start[:, None]) & (months[None, :] < (start + pays)[:, None])
    paid_portfolio, paid_month = np.nonzero(paid)

    is_told = (config.calendar_month() % 3 == 0)[None, :] & (done > 0)
    told, month = np.nonzero(is_told)
    nth, of = np.cumsum(is_told, axis=1)[told, month], is_told.sum(axis=1)[told]
    low, high = figure(last[business], "fund_return").T
    reached = low + (high - low) * rng.uniform(0.03, 0.97, count)
    invested = payment[told] * 100 * done[told, month]
    waver = rng.normal(0, _WAVER, len(told)) * (nth < of)
    return Funds(
        business=business,
        fund=rng.integers(0, len(names.FUNDS), count),
        house=rng.integers(0, len(names.FUND_HOUSES), count),
        started_day=config.month_starts[start] + day_of_month,
        payment=payment,
        paid_portfolio=paid_portfolio,
        paid_day=config.month_starts[paid_month] + day_of_month[paid_portfolio],
        told_portfolio=told,
        told_day=config.month_starts[month + 1] - 1,
        told_invested=invested,
        told_value=_worth(invested, reached[told] * nth / of + waver),
    )


def _worth(invested: IntArray, returned: FloatArray) -> IntArray:
    return np.round(invested * (1 + returned)).astype(np.int64)
