"""All bookings of a block in order of time, with the balance after each."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.money.balancing import Openings
from ml.synthetic.businesses.money.book import Book, Bookings


@dataclass(frozen=True)
class Ledger:
    """Bookings and, paise, the balance of the account after each."""

    bookings: Bookings
    balance_after: IntArray


def close_book(book: Book, openings: Openings) -> Ledger:
    """Sort the book and add up every account from its opening balance."""
    bookings = book.sorted()
    order = np.argsort(bookings.account, kind="stable")
    account, moved = bookings.account[order], bookings.moved[order]
    running = np.cumsum(moved)
    starts = np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]]))
    sizes = np.diff(np.append(starts, len(account)))
    running -= np.repeat(running[starts] - moved[starts], sizes)
    balance = np.empty_like(running)
    balance[order] = running + openings.balance[account]
    return Ledger(bookings, balance)
