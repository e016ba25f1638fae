"""Honest purchases from a stable set of suppliers: they give the input tax credit, 55 to 85 percent of output tax."""

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.parties import MOST_SUPPLIERS, Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.trade.invoices import INWARD, Invoices, invoice_days, invoices, split
from ml.synthetic.businesses.turnover import Turnover

_RATIO_BOUNDS = (0.56, 0.84)
_RATIO_NOISE = 0.04
_ACTIVE_SHARE = 0.85
_LEAST_INVOICE = 200
_PAID_AFTER = (5, 40)


def make_purchases(
    config: BusinessConfig, population: Population, parties: Parties, turnover: Turnover, within: IntArray
) -> Invoices:
    """Inward invoices of a block but those within the set.

    Parameters
    ----------
    config, population, parties, turnover
        The block's.
    within : array of int, shape (businesses, months)
        Tax of honest purchases within the set, paise: the credit that other suppliers need not give.
    """
    rng = config.rng("purchases", population.block)
    n, months = turnover.true.shape
    noise = rng.normal(0, _RATIO_NOISE, (n, months))
    ratio = np.clip(population.credit_ratio[:, None] + noise, *_RATIO_BOUNDS)
    # Of the tax on all sales as if none were exported: an exporter buys like anybody and gets more than he owes.
    credit = ratio * turnover.true * population.rate_out[:, None] - within
    total = np.maximum(np.round(credit / population.rate_in[:, None]), 0).astype(np.int64)

    is_known = np.arange(MOST_SUPPLIERS)[None, :] < population.suppliers[:, None]
    shape = (n, months, MOST_SUPPLIERS)
    size = rng.gamma(4.0, 1.0, (n, MOST_SUPPLIERS)) * is_known
    weight = size[:, None, :] * np.exp(rng.normal(0, 0.3, shape)) * (rng.random(shape) < _ACTIVE_SHARE)
    weight[:, :, 0] += 0.2 * size[:, None, 0]
    amounts = split(total, weight, _LEAST_INVOICE)
    business, month, slot = np.nonzero(amounts)
    day = invoice_days(rng, config.month_starts, month)
    low, high = _PAID_AFTER
    waits = low + np.floor(rng.beta(1.6, 2.6, len(day)) * (high + 1 - low)).astype(np.int64)
    return invoices(
        business,
        INWARD,
        party=parties.suppliers[business, slot],
        month=month,
        day=day,
        due_day=day + 30,
        paid_day=day + waits,
        taxable=amounts[business, month, slot],
        rate=population.rate_in[business],
        number=np.arange(len(day)) + 1,
    )
