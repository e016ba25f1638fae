"""What decides a set of businesses: seed, number, first month and length; and the random numbers that follow.

``until`` decides only how much is delivered; nothing that is generated depends on it.
"""

import datetime as dt
import zlib
from dataclasses import asdict, dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.calendar import date_of, epoch_day, month_of, month_start

# Raised whenever the same configuration would give other values; older files are not continued.
GENERATOR_VERSION = 1
# Businesses are made in blocks that know nothing of each other: memory follows the block, not the number.
BLOCK_BUSINESSES = 500
MAX_BUSINESSES = 99_999  # five digits in CUST_MSM_00001
# Trade within the set and rings of fraud appear in sets larger than this.
TRADE_WITHIN_FROM = 51
_FEWEST_PERIODS, _MOST_PERIODS = 24, 60  # below, a profile that moved in months 6 to 12 can't be told


@dataclass(frozen=True)
class BusinessConfig:
    """Seed, size and dates.

    Attributes
    ----------
    seed : int
        Everything random follows from it; not negative.
    businesses : int
        The first ten are the seed document's, with its profiles; the others follow the same rules.
    first_period : date
        First month with returns and bookings; the first of a month.
    periods : int
        Months with returns. Trade and bookings go on for one month more, in which the last returns are filed.
    until : date
        Last day delivered, at most the last of the month after the last period.

    Raises
    ------
    ValueError
        Naming the setting, the value seen and what is expected.
    """

    seed: int = 20251231
    businesses: int = 10
    first_period: dt.date = dt.date(2022, 12, 1)
    periods: int = 36
    until: dt.date = dt.date(2025, 12, 31)

    def __post_init__(self) -> None:
        """Refuse what would give an empty or misleading set."""
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed is {self.seed}; expected 0 to 2**63 - 1")
        if not 1 <= self.businesses <= MAX_BUSINESSES:
            raise ValueError(f"businesses is {self.businesses}; expected 1 to {MAX_BUSINESSES:,}")
        if self.first_period.day != 1:
            raise ValueError(f"first_period is {self.first_period}; expected the first day of a month")
        if not _FEWEST_PERIODS <= self.periods <= _MOST_PERIODS:
            raise ValueError(f"periods is {self.periods}; expected {_FEWEST_PERIODS} to {_MOST_PERIODS}")
        if not self.start_day <= self.until_day < self.horizon_day:
            last = date_of(self.horizon_day - 1)
            raise ValueError(f"until is {self.until}; expected {self.first_period} to {last}")

    @property
    def months(self) -> int:
        """Months of trade: those with returns and the one in which the last are filed."""
        return self.periods + 1

    @property
    def month_starts(self) -> IntArray:
        """First epoch day of every month of trade and of the month after it; length ``months + 1``."""
        return month_start(month_of(self.start_day) + np.arange(self.months + 1))

    @property
    def start_day(self) -> int:
        """``first_period`` as epoch day."""
        return epoch_day(self.first_period)

    @property
    def until_day(self) -> int:
        """``until`` as epoch day."""
        return epoch_day(self.until)

    @property
    def horizon_day(self) -> int:
        """First epoch day after the last month of trade."""
        return int(self.month_starts[-1])

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.businesses // BLOCK_BUSINESSES)

    def block_businesses(self, block: int) -> int:
        """Businesses of a block: all blocks are full but the last."""
        return min(BLOCK_BUSINESSES, self.businesses - block * BLOCK_BUSINESSES)

    def calendar_month(self) -> IntArray:
        """1 = January to 12 = December of every month of trade."""
        return (month_of(self.start_day) + np.arange(self.months)) % 12 + 1

    def rng(self, purpose: str, block: int) -> np.random.Generator:
        """Random numbers of one purpose and block: a change of one part leaves those of the others alone."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode()), block])

    def identity(self) -> dict[str, object]:
        """What makes two sets the same set, ``until`` left out."""
        settings = {
            name: value.isoformat() if isinstance(value, dt.date) else value
            for name, value in asdict(self).items()
            if name != "until"
        }
        return {"generator": "businesses", "generator_version": GENERATOR_VERSION, **settings}
