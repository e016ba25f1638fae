"""What decides a world: its seed, size, first day and base rate; and the random numbers that follow.

``until`` decides only how much of the world is delivered. Nothing that is generated may depend on it, or a world
continued in two steps would not be the world generated in one.
"""

import datetime as dt
import zlib
from dataclasses import asdict, dataclass

import numpy as np

from ml.synthetic.calendar import epoch_day

# Raised whenever the same configuration would give other values; a world of an older version is not continued.
GENERATOR_VERSION = 5
# People are made in blocks that know nothing of each other: memory follows the block, not the world.
BLOCK_PEOPLE = 5_000
HORIZON_YEARS = 5
MAX_PEOPLE = 10_000_000
# A day, in the generator, on which nothing ever happens.
FAR = 2**30


@dataclass(frozen=True)
class WorldConfig:
    """Size, dates, seed and base rate of a world.

    Attributes
    ----------
    seed : int
        Everything random follows from it; not negative.
    people : int
        Residents, children and people without a bank account included.
    start, until : date
        First and last day delivered; ``start`` is the first of a month, ``until`` at most five years later.
    default_rate : float
        Share of the exposures not past due on a day that have an instalment due within 30 days which stays unpaid five
        days after its due date.

    Raises
    ------
    ValueError
        Naming the setting, the value seen and what is expected.
    """

    seed: int = 20260930
    people: int = 2_000
    start: dt.date = dt.date(2025, 10, 1)
    until: dt.date = dt.date(2026, 9, 30)
    default_rate: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what would give an empty or misleading world."""
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed is {self.seed}; expected 0 to 2**63 - 1")
        if not 50 <= self.people <= MAX_PEOPLE:
            raise ValueError(f"people is {self.people}; expected 50 (below, tables stay empty) to {MAX_PEOPLE:,}")
        if self.start.day != 1:
            raise ValueError(f"start is {self.start}; expected the first day of a month")
        if not self.start <= self.until < self.horizon:
            raise ValueError(f"until is {self.until}; expected {self.start} to the day before {self.horizon}")
        if not 0.005 <= self.default_rate <= 0.2:
            raise ValueError(f"default_rate is {self.default_rate}; expected 0.005 to 0.2 (0.03 to 0.08 is usual)")

    @property
    def horizon(self) -> dt.date:
        """First day after all that a timeline holds."""
        return self.start.replace(year=self.start.year + HORIZON_YEARS)

    @property
    def start_day(self) -> int:
        """``start`` as epoch day."""
        return epoch_day(self.start)

    @property
    def until_day(self) -> int:
        """``until`` as epoch day."""
        return epoch_day(self.until)

    @property
    def horizon_day(self) -> int:
        """``horizon`` as epoch day."""
        return epoch_day(self.horizon)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.people // BLOCK_PEOPLE)

    def block_people(self, block: int) -> int:
        """People of a block: all blocks are full but the last."""
        return min(BLOCK_PEOPLE, self.people - block * BLOCK_PEOPLE)

    def rng(self, purpose: str, block: int, month: int = 0) -> np.random.Generator:
        """Random numbers of one purpose, block and month: a change of one part leaves those of the others alone."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode()), block, month])

    def identity(self) -> dict[str, object]:
        """What makes two worlds the same world, ``until`` left out."""
        settings = {
            name: value.isoformat() if isinstance(value, dt.date) else value
            for name, value in asdict(self).items()
            if name != "until"
        }
        return {"generator_version": GENERATOR_VERSION, **settings}
