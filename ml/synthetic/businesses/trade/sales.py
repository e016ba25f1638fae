"""Honest sales: invoices to a stable set of firms, a row a month for consumers, exports; together the true turnover."""

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.parties import MOST_CUSTOMERS, NOBODY, Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import CONCENTRATION
from ml.synthetic.businesses.reference.names import FOREIGN_BUYERS
from ml.synthetic.businesses.trade.invoices import (
    B2C,
    EXPORT,
    OUTWARD,
    UNPAID,
    Invoices,
    invoice_days,
    invoices,
    joined,
    split,
)
from ml.synthetic.businesses.turnover import Turnover

_ACTIVE_SHARE = 0.78  # of the customers buy in a month
_LEAST_INVOICE = 500
_MAIN_SHARE = (0.61, 0.69)  # of sales to firms, of the main customer where sales are concentrated
_MAIN_PARTS = 3  # invoices a month of the main customer
_LATE_PAYERS, _LATEST = 0.03, 30
# A large part of a month's sales is not given on long credit: a quarter's receipts keep up with its returns.
_LARGE, _LARGE_WAITS = 1 / 6, 7
_EXPORT_INVOICES, _EXPORT_WAITS = 4, 7  # a month at most; mean days until they are paid
_FIRMS_OF_DOMESTIC = 0.6  # an exporter's sales at home that go to firms


def make_sales(
    config: BusinessConfig, population: Population, parties: Parties, turnover: Turnover, taken: IntArray
) -> Invoices:
    """Outward invoices of a block but those within the set.

    Parameters
    ----------
    config, population, parties, turnover
        The block's.
    taken : array of int, shape (businesses, months)
        Sales to firms that are invoiced within the set, INR.
    """
    rng = config.rng("sales", population.block)
    n, months = turnover.true.shape
    exported = _exports(config, rng, population, parties, turnover)
    abroad = exported.monthly(exported.taxable, (n, months))
    at_home = turnover.true - abroad
    share = np.where(population.is_exporter, _FIRMS_OF_DOMESTIC, population.b2b_share)[:, None]
    to_firms = np.floor(at_home * share * rng.uniform(0.95, 1.05, (n, months))).astype(np.int64) - taken
    sold = _to_firms(config, rng, population, parties, to_firms)
    rest = at_home - taken - sold.monthly(sold.taxable, (n, months))
    assert (rest >= 0).all()
    business, month = np.nonzero(rest)
    last_day = config.month_starts[month + 1] - 1
    consumers = invoices(
        business,
        OUTWARD,
        supply=B2C,
        party=np.full(len(business), NOBODY),
        month=month,
        day=last_day,
        due_day=np.full(len(business), UNPAID),
        paid_day=np.full(len(business), UNPAID),
        taxable=rest[business, month],
        rate=population.rate_out[business],
    )
    return joined([sold, exported, consumers])


def _to_firms(
    config: BusinessConfig, rng: np.random.Generator, population: Population, parties: Parties, total: IntArray
) -> Invoices:
    n, months = total.shape
    is_known = np.arange(MOST_CUSTOMERS)[None, :] < population.customers[:, None]
    size = np.sort(rng.gamma(8.0, 1.0, (n, MOST_CUSTOMERS)) * is_known, axis=1)[:, ::-1]
    shape = (n, months, MOST_CUSTOMERS)
    weight = size[:, None, :] * np.exp(rng.normal(0, 0.35, shape)) * (rng.random(shape) < _ACTIVE_SHARE)
    weight[:, :, 0] = np.maximum(weight[:, :, 0], size[:, None, 0] * 0.7)  # the largest always buys something
    # One customer takes 60 to 70 percent, in several invoices.
    has_main = population.profiles.monthly() == CONCENTRATION
    main = rng.uniform(*_MAIN_SHARE, (n, months))
    others = np.maximum(weight[:, :, 1:].sum(axis=2), 1e-9)
    parts = rng.dirichlet(np.full(_MAIN_PARTS, 8.0), (n, months))
    extra = np.zeros((n, months, _MAIN_PARTS))
    extra[has_main] = (parts * (main / (1 - main) * others)[:, :, None])[has_main]
    weight[:, :, 0] = np.where(has_main, 0.0, weight[:, :, 0])
    amounts = split(total, np.concatenate([weight, extra], axis=2), _LEAST_INVOICE)
    business, month, slot = np.nonzero(amounts)
    customer = np.where(slot < MOST_CUSTOMERS, slot, 0)
    day = invoice_days(rng, config.month_starts, month)
    waits = _waits(rng, population.terms_days[business])
    is_large = amounts[business, month, slot] > total[business, month] * _LARGE
    waits = np.where(is_large, np.minimum(waits, _LARGE_WAITS), waits)
    return invoices(
        business,
        OUTWARD,
        party=parties.customers[business, customer],
        month=month,
        day=day,
        due_day=day + np.where(population.is_seasonal[business], 7, 15),
        paid_day=day + waits,
        taxable=amounts[business, month, slot],
        rate=population.rate_out[business],
    )


def _waits(rng: np.random.Generator, terms: IntArray) -> IntArray:
    """Days until firms pay: about the terms, at most 20 days, a few later; 10 where terms are short."""
    waits = np.clip(np.round(rng.gamma(2.2, terms / 2.2)), 0, np.where(terms < 9, 10, 20))
    late = (rng.random(len(terms)) < _LATE_PAYERS) & (terms >= 9)
    return np.where(late, rng.integers(21, _LATEST + 1, len(terms)), waits).astype(np.int64)


def _exports(
    config: BusinessConfig, rng: np.random.Generator, population: Population, parties: Parties, turnover: Turnover
) -> Invoices:
    n, months = turnover.true.shape
    total = np.floor(turnover.true * population.export_share[:, None] * rng.uniform(0.92, 1.08, (n, months)))
    weight = rng.dirichlet(np.full(_EXPORT_INVOICES, 5.0), (n, months))
    amounts = split(total.astype(np.int64), weight, _LEAST_INVOICE)
    business, month, slot = np.nonzero(amounts)
    day = invoice_days(rng, config.month_starts, month)
    buyer = (rng.integers(0, len(FOREIGN_BUYERS), n)[business] + slot) % len(FOREIGN_BUYERS)
    return invoices(
        business,
        OUTWARD,
        supply=EXPORT,
        party=parties.buyers + buyer,
        month=month,
        day=day,
        due_day=day + 30,
        paid_day=day + np.clip(np.round(rng.gamma(4.0, _EXPORT_WAITS / 4.0, len(day))), 2, 20).astype(np.int64),
        taxable=amounts[business, month, slot],
        rate=np.zeros(len(day), dtype=np.int64),
    )
