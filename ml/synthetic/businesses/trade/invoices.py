"""Invoices as columns; they are made in parts, joined, and numbered at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.calendar import month_of

OUTWARD, INWARD = range(2)
B2B, B2C, EXPORT = range(3)
# How an invoice came about; FAKE ones stand for nothing and nobody pays them.
TRADE, WITHIN, RING, FAKE = range(4)
UNPAID = -1
_MONTH_DAYS = 31
_LAST_INVOICE_DAY = 24  # of a month, counted from 0; later ones would be received in the next month


@dataclass(frozen=True)
class Invoices:
    """One element an invoice.

    Attributes
    ----------
    business, party : array of int
        Whose invoice, and the other side (index into the parties; NOBODY for consumers).
    direction, supply, kind : array of int
        See the constants of the module.
    month : array of int
        Month of trade from 0.
    day, due_day, paid_day : array of int
        Epoch days; UNPAID where no money moves for it alone.
    taxable : array of int
        Whole rupees.
    rate : array of int
        Percent; 0 for exports. As ``taxable`` is whole rupees the tax is whole paise.
    number : array of int
        Running number: of the business and financial year (OUTWARD), of the block (INWARD); for trade within the set
        both sides have the seller's.
    seller : array of int
        Business that the number is of; NOBODY where an outside firm numbered it.
    """

    business: IntArray
    party: IntArray
    direction: IntArray
    supply: IntArray
    kind: IntArray
    month: IntArray
    day: IntArray
    due_day: IntArray
    paid_day: IntArray
    taxable: IntArray
    rate: IntArray
    number: IntArray
    seller: IntArray

    def __len__(self) -> int:
        """Invoices."""
        return len(self.business)

    @property
    def tax(self) -> IntArray:
        """Paise."""
        return self.taxable * self.rate

    @property
    def gross(self) -> IntArray:
        """Paise with tax."""
        return self.taxable * 100 + self.tax

    def where(self, mask: BoolArray) -> "Invoices":
        """Those that ``mask`` selects."""
        return Invoices(**{each.name: getattr(self, each.name)[mask] for each in fields(self)})

    def monthly(self, values: IntArray, shape: tuple[int, int]) -> IntArray:
        """Sums of ``values`` by business and month."""
        total = np.zeros(shape, dtype=np.int64)
        np.add.at(total, (self.business, self.month), values)
        return total


def invoices(business: IntArray, direction: int, supply: int = B2B, kind: int = TRADE, **columns: IntArray) -> Invoices:
    """Invoices of one kind, not yet numbered."""
    count = len(business)
    same = {"direction": direction, "supply": supply, "kind": kind, "number": 0, "seller": UNPAID}
    filled = {name: np.full(count, value, dtype=np.int64) for name, value in same.items()}
    return Invoices(business=business, **(filled | columns))


def joined(parts: Sequence[Invoices]) -> Invoices:
    """One after the other."""
    return Invoices(
        **{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Invoices)}
    )


def mirrored(sales: Invoices) -> Invoices:
    """The same invoices as their buyers, businesses of the set, have them."""
    return replace(
        sales, business=sales.party, party=sales.business, direction=np.full(len(sales), INWARD), seller=sales.business
    )


def of_the_month_before(made: Invoices, start_day: int) -> Invoices:
    """What was still to be paid when the files begin: like the first month's invoices, a month earlier."""
    first = made.where((made.month == 0) & (made.kind == TRADE) & (made.paid_day != UNPAID))
    # Not the very amounts: a booking of theirs must not pass for one of the first month's.
    taxable = first.taxable * 97 // 100
    earlier = replace(first, day=first.day - _MONTH_DAYS, paid_day=first.paid_day - _MONTH_DAYS, taxable=taxable)
    return earlier.where(earlier.paid_day >= start_day)


def numbered(sales: Invoices) -> Invoices:
    """Running numbers by business and financial year (April to March), in order of day."""
    year = financial_year(sales.day)
    order = np.lexsort((sales.kind, sales.day, year, sales.business))
    group = sales.business[order] * 10_000 + year[order]
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    running = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = running + 1
    return replace(sales, number=number, seller=sales.business)


def financial_year(day: IntArray) -> IntArray:
    """Calendar year in which the Indian financial year of a day begins."""
    return 1970 + (month_of(day) - 3) // 12


def split(total: IntArray, weights: FloatArray, least: int) -> IntArray:
    """Whole rupees along the last axis in proportion to the weights; parts below ``least`` are left out.

    Returns
    -------
    array of int
        Their sum is at most ``total``; callers take what was really split, never what was meant.
    """
    share = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-12)
    amounts = np.floor(total[..., None] * share).astype(np.int64)
    return np.where(amounts >= least, amounts, 0)


def invoice_days(rng: np.random.Generator, month_starts: IntArray, month: IntArray) -> IntArray:
    """Days of the first three weeks and a half of the months."""
    return month_starts[month] + rng.integers(0, _LAST_INVOICE_DAY, len(month))
