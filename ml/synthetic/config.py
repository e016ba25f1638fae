"""What decides a sample portfolio: its size, dates and seed, and the calendar that follows from them."""

import datetime as dt
import zlib
from dataclasses import asdict, dataclass

import numpy as np

# Raised whenever the same configuration would give other bytes; older landing folders are then rewritten.
GENERATOR_VERSION = 2

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class SampleConfig:
    """Size, dates and seed of a sample portfolio.

    Attributes
    ----------
    seed : int
        Everything random follows from it.
    people : int
        Customers of the bank.
    start, until : date
        First and last day of the data, both included; ``start`` is the first of a month.
    borrower_share : float
        Share of the customers who are granted a loan within the data.
    bad_share : float
        Share of those loans that stop being paid.
    first_loan_month : int
        Months of history before the first loan is granted.
    unknown_outcome_months : int
        Loans of the last so many months have no outcome yet.
    """

    seed: int = 20260930
    people: int = 500
    start: dt.date = dt.date(2025, 10, 1)
    until: dt.date = dt.date(2026, 9, 30)
    borrower_share: float = 0.6
    bad_share: float = 0.15
    first_loan_month: int = 2
    unknown_outcome_months: int = 3

    def __post_init__(self) -> None:
        """Refuse what would give an empty or misleading portfolio."""
        if self.people < 50:
            raise ValueError(f"people is {self.people}; at least 50 are needed for every table to have rows")
        if self.start.day != 1:
            raise ValueError(f"start is {self.start}; it must be the first day of a month")
        needed = self.first_loan_month + self.unknown_outcome_months + 3
        if self.months < needed:
            raise ValueError(f"{self.start} to {self.until} is {self.months} months; at least {needed} are needed")

    @property
    def months(self) -> int:
        """Calendar months touched, counted from ``start``."""
        return (self.until.year - self.start.year) * 12 + self.until.month - self.start.month + 1

    @property
    def days(self) -> int:
        """Days from ``start`` to ``until``, both included."""
        return (self.until - self.start).days + 1

    def rng(self, purpose: str) -> np.random.Generator:
        """Random numbers of one purpose: a change of one part leaves the numbers of the others alone."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def month_starts(self) -> IntArray:
        """Day number (0 = ``start``) of each month's first day, and of the day after ``until``."""
        first = np.datetime64(self.start, "M")
        starts = (first + np.arange(self.months)).astype("datetime64[D]") - np.datetime64(self.start, "D")
        return np.append(starts.astype(np.int64), self.days)

    def dates(self, day_numbers: IntArray) -> np.ndarray:
        """Day numbers as ``datetime64[D]``."""
        return np.datetime64(self.start, "D") + np.asarray(day_numbers, dtype="timedelta64[D]")

    def fingerprint(self) -> dict[str, object]:
        """What a landing folder records, so that an unchanged sample is not written again."""
        settings = {
            key: value.isoformat() if isinstance(value, dt.date) else value for key, value in asdict(self).items()
        }
        return {"generator_version": GENERATOR_VERSION, "config": settings}
