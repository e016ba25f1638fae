"""What every part of a ledger month needs: who banks in the month, their accounts, habits and stress.

What a month causes may fall into the next one (late pay) or the one before (cash drawn ahead of a payday on the 1st).
Each month brings what falls into it: it makes its neighbour's causes anew, from that month's random numbers, and takes
its own part of them. So months can be made one at a time, and no day of the month is treated unlike another.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.world.ledger.legs import Legs

if TYPE_CHECKING:
    from ml.synthetic.world.timeline import Timeline


@dataclass(frozen=True)
class Month:
    """One month of one block.

    Attributes
    ----------
    timeline : Timeline
    month : int
        Months since 1970-01.
    balances : array of int
        Cents of each account at the month's start; cards and loans: owed.
    """

    timeline: "Timeline"
    month: int
    balances: IntArray

    @cached_property
    def first(self) -> int:
        """First day."""
        return int(month_start(self.month))

    @cached_property
    def last(self) -> int:
        """Last day."""
        return int(month_start(self.month + 1)) - 1

    @cached_property
    def people(self) -> IntArray:
        """Local persons alive with an open checking account on some day of the month."""
        accounts, population = self.timeline.accounts, self.timeline.population
        opened = np.where(accounts.checking >= 0, accounts.opened_day[accounts.checking], self.last + 1)
        return np.flatnonzero((opened <= self.last) & (population.death_day > self.first))

    @cached_property
    def before(self) -> "Month":
        """The month before, for what it brings late; its balances are not known any more."""
        return Month(self.timeline, self.month - 1, np.empty(0, dtype=np.int64))

    @cached_property
    def after(self) -> "Month":
        """The month after, for what is done ahead of it; its balances are not known yet."""
        return Month(self.timeline, self.month + 1, np.empty(0, dtype=np.int64))

    def holds(self, day: IntArray) -> BoolArray:
        """Whether days are in the month."""
        result: BoolArray = (day >= self.first) & (day <= self.last)
        return result

    def own(self, legs: Legs) -> Legs:
        """Those of the legs that fall into the month."""
        return legs.take(self.holds(legs.day))

    def rng(self, purpose: str) -> np.random.Generator:
        """Random numbers of one purpose of this month."""
        return self.timeline.config.rng(f"ledger.{purpose}", self.timeline.population.block, self.month)

    def level(self, signal: str) -> FloatArray:
        """Strength of a sign of stress, shape (people of the block, days of the month)."""
        return self.timeline.stress.level(np.arange(self.first, self.last + 1), signal)

    def can_use(self, account: IntArray, day: IntArray) -> BoolArray:
        """Whether the account (row, -1 for none) is open on the day and its owner alive."""
        accounts = self.timeline.accounts
        row = np.maximum(account, 0)
        alive = day < self.timeline.population.death_day[accounts.owner[row]]
        result: BoolArray = (account >= 0) & accounts.is_open(row, day) & alive
        return result

    def stressed_events(
        self, rng: np.random.Generator, signal: str, monthly: float
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Events of a Poisson process whose rate follows a sign of stress.

        Parameters
        ----------
        rng : Generator
            Random numbers.
        signal : str
            Key of ``SIGNAL_WEEKS``.
        monthly : float
            Events a month at full strength.

        Returns
        -------
        person, day, level : arrays
            One element each event; none before the sign's weeks are over.
        """
        level = self.level(signal)
        stressed = np.flatnonzero(level.max(axis=1) > 0)
        person = np.repeat(stressed, rng.poisson(monthly, len(stressed)))
        day = rng.integers(0, level.shape[1], len(person))
        strength = level[person, day]
        # Thinning: candidates at full strength, kept in proportion.
        keep = rng.random(len(person)) < strength
        return person[keep], self.first + day[keep], strength[keep]
