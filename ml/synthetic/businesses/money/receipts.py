"""Money for what was sold: firms pay invoices, consumers pay by the day or in cash, orders and exports are settled.

Fake invoices bring nothing: that is the one place where bank and returns part.
"""

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.money.book import CHANNELS, Book
from ml.synthetic.businesses.networks.orders import DELIVERED, Orders
from ml.synthetic.businesses.parties import Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.trade.invoices import EXPORT, INWARD, OUTWARD, TRADE, UNPAID, Invoices

_TAKINGS, _DEPOSITS = 12, 2  # a month at most
_ACTIVE_SHARE = 0.85
_CASH_SHARE = (0.05, 0.30)  # of sales to consumers, brought in as cash
_REFUNDS, _REFUND = 0.12, (0.004, 0.015)  # months with one; of sales to consumers
_RETURNED, _RETURN = 0.08, (0.01, 0.03)  # months in which a supplier gives back; of purchases


def book_invoices(book: Book, all_invoices: Invoices) -> None:
    """Firms pay, and are paid; of trade within the set one payment has two sides."""
    paid = all_invoices.where(all_invoices.paid_day != UNPAID)
    sold = paid.where((paid.direction == OUTWARD) & (paid.kind == TRADE))
    abroad = sold.where(sold.supply == EXPORT)
    home = sold.where(sold.supply != EXPORT)
    book.add("SALE_B2B", home.business, home.paid_day, home.gross, credit=True, channel="TRANSFER", party=home.party)
    book.add(
        "SALE_EXPORT", abroad.business, abroad.paid_day, abroad.gross, credit=True, channel="NEFT", party=abroad.party
    )
    bought = paid.where((paid.direction == INWARD) & (paid.kind == TRADE))
    book.add(
        "SUPPLIER", bought.business, bought.paid_day, bought.gross, credit=False, channel="TRANSFER", party=bought.party
    )
    within = paid.where((paid.direction == OUTWARD) & (paid.kind != TRADE))
    book.move("SUPPLIER", "SALE_B2B", within.party, within.business, within.paid_day, within.gross)


def book_orders(config: BusinessConfig, book: Book, block: int, orders: Orders) -> None:
    """Delivered orders are settled some days later."""
    rng = config.rng("settlements", block)
    done = orders.state == DELIVERED
    day = orders.final_day + rng.integers(1, 4, len(done))
    book.add("SALE_ONDC", orders.business[done], day[done], orders.value[done] * 100, credit=True, channel="NEFT")


def book_consumers(
    config: BusinessConfig, book: Book, population: Population, consumers: IntArray, orders: Orders
) -> None:
    """Takings by UPI and card several times a week, cash now and then, a few refunds.

    Parameters
    ----------
    config, book, population, orders
        The block's; bookings are added to ``book``.
    consumers : array of int, shape (businesses, months)
        Sales to consumers with tax, paise; delivered orders are a part of them.
    """
    rng = config.rng("consumers", population.block)
    n, months = consumers.shape
    done = orders.state == DELIVERED
    direct = consumers.copy()
    np.subtract.at(direct, (orders.business[done], orders.month[done]), orders.value[done] * 100)
    assert (direct >= 0).all()
    slots = _TAKINGS + _DEPOSITS
    weight = rng.gamma(3.0, 1.0, (n, months, slots)) * (rng.random((n, months, slots)) < _ACTIVE_SHARE)
    weight[:, :, 0] += 0.1
    takings, cash = weight[:, :, :_TAKINGS], weight[:, :, _TAKINGS:]
    share = rng.uniform(*_CASH_SHARE, n)[:, None, None]
    cash *= share / (1 - share) * takings.sum(axis=2, keepdims=True) / np.maximum(cash.sum(axis=2, keepdims=True), 1e-9)
    share_of = weight / weight.sum(axis=2, keepdims=True)
    cents = np.floor(direct[:, :, None] * share_of).astype(np.int64)
    cents[:, :, 0] += direct - cents.sum(axis=2)
    business, month, slot = np.nonzero(cents)
    days = np.diff(config.month_starts)[month]
    day = config.month_starts[month] + np.floor(rng.random(len(month)) * days).astype(np.int64)
    is_cash = slot >= _TAKINGS
    upi = np.where(rng.random(len(month)) < 0.7, CHANNELS.index("UPI"), CHANNELS.index("POS"))
    amount = cents[business, month, slot]
    takes = ~is_cash
    book.add("SALE_RETAIL", business[takes], day[takes], amount[takes], credit=True, channel=upi[takes])
    book.add("CASH_DEP", business[is_cash], day[is_cash], amount[is_cash], credit=True, channel="BR")

    business, month = np.nonzero(rng.random((n, months)) < _REFUNDS)
    back = np.floor(direct[business, month] * rng.uniform(*_REFUND, len(month))).astype(np.int64) // 100 * 100
    book.add("REFUND_OUT", business, config.month_starts[month] + 26, back, credit=False, channel="UPI")


def book_returned_goods(
    config: BusinessConfig, book: Book, population: Population, parties: Parties, bought: IntArray
) -> None:
    """Suppliers give a little back now and then.

    Parameters
    ----------
    config, book, population, parties
        The block's; bookings are added to ``book``.
    bought : array of int, shape (businesses, months)
        Purchases that are paid, with tax, paise.
    """
    rng = config.rng("returned goods", population.block)
    business, month = np.nonzero(rng.random((population.count, config.months)) < _RETURNED)
    cents = np.floor(bought[business, month] * rng.uniform(*_RETURN, len(month))).astype(np.int64) // 100 * 100
    day = config.month_starts[month] + rng.integers(10, 28, len(month))
    party = parties.suppliers[business, 0]
    book.add("REFUND_IN", business, day, cents, credit=True, channel="NEFT", party=party)
