"""Keeps balances where they may be: owners bring money when it is short and take it out when there is plenty.

Only here does the ledger go month by month: what a business can spare in one depends on the one before.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.money.book import Book, Bookings
from ml.synthetic.businesses.money.costs import book_living
from ml.synthetic.businesses.parties import Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.turnover import Turnover

_CUSHION = 0.35  # of a month's level: what is kept at the end of a month, and brought in when money is short
_CUSHION_LEAST = 2_000_000  # paise
_FLOOR = 500_000  # paise that a current account keeps
_OVERDRAFT_USED = 0.9  # of the limit, at most
_SPARED, _PARKED = 0.75, 0.3  # of what is above the cushion; of that, to own savings and not drawn
_WORTH_MOVING = 1_000_000  # paise
_OVERDRAFT_RATE = 0.01  # a month
_MORNING, _EVENING = 600, 22 * 3_600 + 1_800
_LIMIT = 0.5  # of the base


@dataclass(frozen=True)
class Openings:
    """Balances at the first instant, paise, by party that has an account here; limits of overdrafts (0: none)."""

    balance: IntArray
    limit: IntArray


def make_openings(config: BusinessConfig, population: Population, turnover: Turnover) -> Openings:
    """Opening balances of businesses, then of owners' savings."""
    rng = config.rng("openings", population.block)
    n = population.count
    main = np.round(turnover.level[:, 0] * rng.uniform(0.5, 0.9, n)).astype(np.int64) * 100 + _CUSHION_LEAST
    savings = rng.integers(20_000, 300_000, len(population.owner_business)) * 100
    limit = np.round(population.base * _LIMIT / 10_000).astype(np.int64) * 10_000 * 100
    return Openings(np.concatenate([main, savings]), np.where(population.has_overdraft, limit, 0))


def book_balancing(
    config: BusinessConfig, book: Book, population: Population, parties: Parties, turnover: Turnover, openings: Openings
) -> None:
    """Add what owners bring and take, and the interest of overdrafts."""
    n, months = turnover.level.shape
    net, lowest = _months(config, book.sorted(), n)
    cushion = np.maximum((turnover.level * _CUSHION * 100).astype(np.int64), _CUSHION_LEAST)
    floor = np.where(openings.limit > 0, -(openings.limit * _OVERDRAFT_USED).astype(np.int64), _FLOOR)
    balance, parked = openings.balance[:n].copy(), np.zeros(n, dtype=np.int64)
    brought, fetched, moved, drawn, interest = (np.zeros((n, months), dtype=np.int64) for _ in range(5))
    for month in range(months):
        short = floor - (balance + lowest[:, month])
        need = np.where(short > 0, _rupees(short + cushion[:, month] // 2, 1_000), 0)
        fetched[:, month] = np.minimum(need, parked)
        brought[:, month] = need - fetched[:, month]
        balance = balance + need + net[:, month]
        spare = np.maximum(balance - cushion[:, month], 0)
        spare = np.where(spare > _WORTH_MOVING, spare * _SPARED, 0).astype(np.int64)
        moved[:, month] = spare * _PARKED // 100_000 * 100_000
        drawn[:, month] = (spare - moved[:, month]) // 100_000 * 100_000
        interest[:, month] = np.maximum(-balance, 0) * _OVERDRAFT_RATE // 100 * 100
        balance = balance - moved[:, month] - drawn[:, month] - interest[:, month]
        parked = parked - fetched[:, month] + moved[:, month]

    business, month = (values.ravel() for values in np.indices((n, months)))
    first, last = config.month_starts[month], config.month_starts[month + 1] - 1
    savings = parties.savings + population.first_owner[business]
    # Owners take their turns in drawing what is left over.
    turn = parties.savings + population.first_owner[business] + month % population.owners[business]
    book.move("OWN_OUT", "OWN_IN", savings, business, first, fetched.ravel(), second=_MORNING)
    book.add(
        "CAPITAL_IN", business, first, brought.ravel(), credit=True, channel="NEFT",
        party=parties.elsewhere + business, second=_MORNING + 60,
    )  # fmt: skip
    book.move("OWN_OUT", "OWN_IN", business, savings, last, moved.ravel(), second=_EVENING)
    book.move("DRAWINGS", "DRAWINGS", business, turn, last, drawn.ravel(), second=_EVENING + 60)
    book.add("INTEREST", business, last, interest.ravel(), credit=False, second=_EVENING + 120)
    book_living(config, book, population, "living well", turn, last, drawn.ravel())


def _rupees(cents: IntArray, step: int) -> IntArray:
    """Rounded up to whole steps of rupees."""
    return -(-cents // (step * 100)) * step * 100


def _months(config: BusinessConfig, bookings: Bookings, n: int) -> tuple[IntArray, IntArray]:
    """Net of each business and month, and the lowest point of its running sum (at most 0); paise."""
    own = bookings.where(bookings.account < n)
    own = own.where(np.argsort(own.account, kind="stable"))
    month = np.searchsorted(config.month_starts, own.day, side="right") - 1
    cell = own.account * config.months + month
    running = np.cumsum(own.moved)
    starts = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
    before = running[starts] - own.moved[starts]
    ends = np.append(starts[1:], len(cell)) - 1
    net, lowest = np.zeros(n * config.months, dtype=np.int64), np.zeros(n * config.months, dtype=np.int64)
    net[cell[starts]] = running[ends] - before
    lowest[cell[starts]] = np.minimum(np.minimum.reduceat(running, starts) - before, 0)
    return net.reshape(n, -1), lowest.reshape(n, -1)
