"""What the benefit agency notes of people, and from which day on; its rules are decided by that, not by the truth.

Moves and other names are in ``sources.benefit_registry``: no rule asks for them.
"""

from dataclasses import dataclass, field

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.faults import BENEFIT_REGISTRY, noted_births
from ml.synthetic.world.population import Population

_UNDERSTATED_SHARE = 0.08


@dataclass
class Notes:
    """Notes about a block's people; the lists are filled while the cases are made.

    Attributes
    ----------
    birth_day, income_cents : array of int, shape (people,)
        As noted, faults included; income a month as declared at registration.
    stays : list of (person, host, first day, first day after or FAR)
        Noted in the household of another one.
    incomes : list of (person, day, cents)
        Declared anew.
    phones : list of (person, day, whose)
        The mobile of somebody else from a day on; 0: from registration on.
    accounts : list of (person, day, account row)
        Paid to another account from a day on, in order of the days; 0: from registration on.
    homes : dict of person to person
        Lives at the address of another one from registration on.
    """

    birth_day: IntArray
    income_cents: IntArray
    stays: list[tuple[int, int, int, int]] = field(default_factory=list)
    incomes: list[tuple[int, int, int]] = field(default_factory=list)
    phones: list[tuple[int, int, int]] = field(default_factory=list)
    accounts: list[tuple[int, int, int]] = field(default_factory=list)
    homes: dict[int, int] = field(default_factory=dict)

    def household_on(self, population: Population, person: IntArray, day: IntArray) -> IntArray:
        """Local household in which people are noted on days, pair by pair."""
        household: IntArray = population.household[person]
        for guest, host, first, last in self.stays:
            household[(person == guest) & (day >= first) & (day < last)] = population.household[host]
        return household

    def income_on(self, person: IntArray, day: IntArray) -> IntArray:
        """Declared cents a month, pair by pair."""
        income: IntArray = self.income_cents[person]
        for who, since, cents in self.incomes:
            income[(person == who) & (day >= since)] = cents
        return income

    def account_on(self, population: Population, accounts: Accounts, person: IntArray, day: IntArray) -> IntArray:
        """Account rows that benefits are paid to, pair by pair; -1 for cash, as long as the account is not open."""
        account = account_for(population, accounts, person)
        for who, since, other in self.accounts:
            account[(person == who) & (day >= since)] = other
        is_open = (account >= 0) & accounts.is_open(np.maximum(account, 0), day)
        return np.where(is_open, account, -1)

    def change_days(self, population: Population, accounts: Accounts) -> tuple[IntArray, IntArray]:
        """Person and day of each change of these notes, unsorted; days before registration or 0 included."""
        everybody = np.arange(population.people)
        base = account_for(population, accounts, everybody)
        pairs = [(guest, day) for guest, _, first, last in self.stays for day in (first, last) if day < FAR]
        pairs += [(who, day) for rows in (self.incomes, self.phones) for who, day, _ in rows]
        pairs += [(who, max(day, int(accounts.opened_day[account]))) for who, day, account in self.accounts]
        has = base >= 0
        person = np.array([who for who, _ in pairs], dtype=np.int64)
        day = np.array([when for _, when in pairs], dtype=np.int64)
        return (
            np.concatenate([everybody[has], person]),
            np.concatenate([accounts.opened_day[base[has]], day]),
        )


def make_notes(config: WorldConfig, population: Population) -> Notes:
    """Birth days and incomes as noted at registration."""
    birth, _ = noted_births(config.rng("registry.births", population.block), population.birth_day, BENEFIT_REGISTRY)
    rng = config.rng("registry.incomes", population.block)
    understates = rng.random(population.people) < _UNDERSTATED_SHARE
    share = np.where(understates, rng.uniform(0.4, 0.8, population.people), 1.0)
    return Notes(birth, np.round(population.income_cents / 12 * share, -2).astype(np.int64))


def account_for(population: Population, accounts: Accounts, person: IntArray) -> IntArray:
    """Where benefits go: the person's checking account, else that of the head of household, else cash (-1)."""
    head = np.searchsorted(population.household, population.household[person])
    own, of_head = accounts.checking[person], accounts.checking[head]
    return np.where(own >= 0, own, of_head)


def noted_age(birth_day: IntArray, day: IntArray) -> IntArray:
    """Completed years by the calendar."""
    birth_month, month = birth_day.astype("datetime64[D]").astype("datetime64[M]"), day.astype("datetime64[D]")
    of_birth = birth_day - birth_month.astype("datetime64[D]").astype(np.int64)
    of_day = day - month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    months = month.astype("datetime64[M]").astype(np.int64) - birth_month.astype(np.int64) - (of_day < of_birth)
    return months // 12


def living(population: Population, day: IntArray) -> BoolArray:
    """Whether people are alive at the start of days."""
    return population.death_day >= day
