"""GSTR-1 and GSTR-3B of every business and month: what is declared, how the tax is paid, when it is filed."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.trade.fraud import Deceit
from ml.synthetic.businesses.trade.invoices import EXPORT, INWARD, OUTWARD, Invoices

GSTR_1_DUE, GSTR_3B_DUE = 11, 20  # day of the next month
GSTR_2B_SHOWN = 14
_EARLIEST, _LATEST = -6, 8
_LATE_SHARE, _LATE_DAYS = 0.02, (10, 45)
_FRAUD_LATE_SHARE, _FRAUD_LATE_DAYS = 0.36, (31, 75)
# Returns of the last periods are not late: those of the last period but two have until the horizon, 70 days after.
_LATE_UNTIL, _ROOM_OF_LAST_LATE = 3, 70
_REFUND_MONTHS = 3  # exporters ask for unused credit back every quarter


@dataclass(frozen=True)
class Returns:
    """Shape (businesses, months); values in INR (whole), taxes in paise.

    Attributes
    ----------
    taxable, zero_rated : array of int
    output_tax, claimed, paid_credit, paid_cash, refund : array of int
        ``refund`` is unused credit that an exporter asks for at the end of a quarter.
    due_1, due_3b, filed_1, filed_3b : array of int
        Epoch days.
    is_late : array of bool
        Filed more than 30 days late on purpose.
    """

    taxable: IntArray
    zero_rated: IntArray
    output_tax: IntArray
    claimed: IntArray
    paid_credit: IntArray
    paid_cash: IntArray
    refund: IntArray
    due_1: IntArray
    due_3b: IntArray
    filed_1: IntArray
    filed_3b: IntArray
    is_late: BoolArray


def sold_by_month(sold: Invoices, shape: tuple[int, int]) -> tuple[IntArray, IntArray, IntArray]:
    """Taxable and zero-rated value (INR) and tax (paise) of outward invoices."""
    is_export = sold.supply == EXPORT
    return (
        sold.monthly(np.where(is_export, 0, sold.taxable), shape),
        sold.monthly(np.where(is_export, sold.taxable, 0), shape),
        sold.monthly(sold.tax, shape),
    )


def claimed_credit(deceit: Deceit, output_tax: IntArray, backed: IntArray) -> IntArray:
    """Honest businesses claim what invoices back, the others a share of their output tax; paise."""
    wanted = np.round(deceit.credit_ratio * output_tax / 100).astype(np.int64) * 100
    return np.where(deceit.is_fraud, wanted, backed)


def make_returns(config: BusinessConfig, population: Population, deceit: Deceit, all_invoices: Invoices) -> Returns:
    """Declare a block's invoices."""
    shape = deceit.is_fraud.shape
    taxable, zero_rated, output_tax = sold_by_month(all_invoices.where(all_invoices.direction == OUTWARD), shape)
    bought = all_invoices.where(all_invoices.direction == INWARD)
    claimed = claimed_credit(deceit, output_tax, bought.monthly(bought.tax, shape))
    credit, refund, balance = np.zeros_like(claimed), np.zeros_like(claimed), np.zeros(shape[0], dtype=np.int64)
    for month in range(shape[1]):
        balance = balance + claimed[:, month]
        credit[:, month] = np.minimum(balance, output_tax[:, month])
        balance -= credit[:, month]
        if month % _REFUND_MONTHS == _REFUND_MONTHS - 1:
            refund[:, month] = np.where(population.is_exporter, balance, 0)
            balance -= refund[:, month]
    due_1, due_3b, filed_1, filed_3b, is_late = _filing(config, population.block, deceit.is_fraud)
    return Returns(
        taxable, zero_rated, output_tax, claimed, credit, output_tax - credit, refund,
        due_1, due_3b, filed_1, filed_3b, is_late,
    )  # fmt: skip


def _filing(
    config: BusinessConfig, block: int, is_fraud: BoolArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, BoolArray]:
    """Due days, days of filing and what is filed late on purpose."""
    rng = config.rng("filing", block)
    shape = is_fraud.shape
    next_month = np.broadcast_to(config.month_starts[1:], shape)
    due_1, due_3b = next_month + GSTR_1_DUE - 1, next_month + GSTR_3B_DUE - 1
    filed_1 = due_1 + rng.integers(_EARLIEST, _LATEST + 1, shape)
    filed_3b = due_3b + rng.integers(_EARLIEST, _LATEST + 1, shape)
    may_be_late = np.arange(config.months)[None, :] <= config.periods - _LATE_UNTIL
    forgets = (rng.random(shape) < _LATE_SHARE) & may_be_late & ~is_fraud
    delay = rng.integers(_LATE_DAYS[0], _LATE_DAYS[1] + 1, shape)
    filed_3b = np.where(forgets, due_3b + delay, filed_3b)
    filed_1 = np.where(forgets & (rng.random(shape) < 0.5), due_1 + np.minimum(delay, 40), filed_1)

    is_late = _about_a_third(rng, is_fraud & may_be_late)
    low, high = _FRAUD_LATE_DAYS
    delay = rng.integers(low, high + 1, shape)
    is_last = np.arange(config.months)[None, :] == config.periods - _LATE_UNTIL
    filed_3b = np.where(is_late, due_3b + np.where(is_last, np.minimum(delay, _ROOM_OF_LAST_LATE), delay), filed_3b)
    # GSTR-3B follows GSTR-1.
    return due_1, due_3b, np.minimum(filed_1, filed_3b), filed_3b, is_late


def _about_a_third(rng: np.random.Generator, may_be: BoolArray) -> BoolArray:
    """Of each business's affected months the same share, at random places."""
    order = np.where(may_be, rng.random(may_be.shape), 2.0).argsort(axis=1).argsort(axis=1)
    wanted = np.round(_FRAUD_LATE_SHARE * may_be.sum(axis=1))
    return may_be & (order < wanted[:, None])
