"""The kinds of anomalies, how many there are of each, and the scene on which they and their look-alikes are made."""

from dataclasses import dataclass, field

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.notes import Notes
from ml.synthetic.world.benefits.payments import Claims, Payments, months_of
from ml.synthetic.world.config import FAR, HORIZON_YEARS, WorldConfig
from ml.synthetic.world.population import Population

# Kind: cases injected per 1,000 people in the first year, what was done, and the innocent case that looks alike.
KINDS: dict[str, tuple[float, str, str]] = {
    "duplicate_benefit_in_cycle": (1.5, "paid twice in a cycle", "returned by the bank and paid again"),
    "paid_after_death": (1.5, "paid for cycles after the death", "paid after the death for the cycle in which it fell"),
    "account_shared_across_households": (
        1.0,
        "three unrelated households paid on one account",
        "a parent who lives elsewhere, paid on the child's account",
    ),
    "phone_shared_across_households": (
        1.0,
        "one telephone for four households at four addresses",
        "three old people of one care home",
    ),
    "declared_vs_observed_income": (
        3.0,
        "declares a quarter of the pay",
        "declares all of it, takes more as a business",
    ),
    "household_change_before_cut_off": (
        1.5,
        "a child joins in the two weeks before a cycle and leaves after it",
        "a child joins in those days and stays, or comes for a while at another time",
    ),
    "dormant_account_woken_by_benefit": (1.5, "woken by a benefit and emptied", "woken by a benefit and left alone"),
    "cash_out_within_48h": (2.0, "every payment drawn in cash at once", "the rent is paid from it at once"),
    "ring_of_newly_linked_applicants": (
        0.6,
        "five households, one telephone noted in the weeks before, one week",
        "five residents of a shelter, whose telephone was always noted, one week",
    ),
    "concentration_in_family": (1.0, "a household draws six monthly schemes", "a household that may have four or five"),
    "eligible_by_rule_and_unpaid": (2.0, "enrolled, four cycles in a row not paid", "may have it and never asked"),
}
_LATER_YEARS = 0.3  # of the first year's cases
_ONE_EACH_FROM = 1_000  # people of a block, from which on no year is without any


@dataclass(frozen=True)
class Case:
    """One anomaly or look-alike.

    Attributes
    ----------
    people : tuple of int
        All who take part; the first one stands for the case.
    account : int
        Row of ``Accounts``, -1 where none is concerned.
    day : int
        When the data show all of it.
    """

    kind: str
    is_injected: bool
    people: tuple[int, ...]
    account: int
    day: int


@dataclass
class Cases:
    """What anomalies and look-alikes change in a block, and the truth about them.

    Attributes
    ----------
    asked_for : list of (person, scheme)
        Schemes taken up in any case.
    families : list of (member, head of the family, day, year)
        Look-alikes that are in the truth only if both are paid.
    applicants : list of (person, day)
    never_ask : list of (person, scheme)
        Schemes for which nobody applies.
    cash_outs : list of (account, day, second, cents, code, channel)
        What recipients do with a benefit at once.
    """

    asked_for: list[tuple[int, int]] = field(default_factory=list)
    families: list[tuple[int, int, int, int]] = field(default_factory=list)
    applicants: list[tuple[int, int]] = field(default_factory=list)
    never_ask: list[tuple[int, int]] = field(default_factory=list)
    cash_outs: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    truth: list[Case] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def note(self, kind: str, injected: bool, people: list[int], account: int, day: int) -> None:
        """Write one case into the truth."""
        self.truth.append(Case(kind, injected, tuple(int(who) for who in people), int(account), int(day)))


@dataclass(frozen=True)
class Year:
    """One year of the horizon: its number, first day, first day after, and its months' places in the horizon."""

    number: int
    first: int
    end: int
    months: IntArray


@dataclass(frozen=True)
class Scene:
    """What the makers of cases see; each person is in one case at most."""

    config: WorldConfig
    population: Population
    accounts: Accounts
    notes: Notes
    claims: Claims
    cases: Cases
    rng: np.random.Generator

    def years(self) -> list[Year]:
        """The years of the horizon, which begin on the world's day and month."""
        starts = month_start(months_of(self.config)[0] + 12 * np.arange(HORIZON_YEARS + 1)).tolist()
        return [
            Year(number, starts[number], starts[number + 1], 12 * number + np.arange(12))
            for number in range(HORIZON_YEARS)
        ]

    def wanted(self, kind: str, year: Year) -> int:
        """Cases to inject in a year, as far as there are people for them and for as many look-alikes."""
        usual = KINDS[kind][0] * self.population.people / 1_000 * (_LATER_YEARS if year.number else 1.0)
        least = 0 if self.population.people < _ONE_EACH_FROM else 1 if year.number else 2
        return max(least, round(usual))

    def affordable(self, kind: str, year: Year, mask: BoolArray, each: int = 1) -> int:
        """Cases to make of people who are few, ``each`` in a case: some are left for later years."""
        unused = mask.copy()
        unused[list(self.cases.used)] = False
        there = int(unused.sum()) // each
        fair = max(1, -(-there // (HORIZON_YEARS - year.number))) if year.number else max(2, -(-there // 2))
        return min(self.wanted(kind, year), fair)

    def some_day(self, year: Year, after: int = 0, before: int = 0) -> int:
        """A day of the year, so many days after its first and before its last one."""
        return int(self.rng.integers(year.first + after, year.end - before))

    def pick(self, mask: BoolArray, count: int, least: int = 1) -> list[int]:
        """People of different households who are in no other case; none if there are fewer than ``least``.

        Those who may have no scheme come first: the others are needed for cases of payments.
        """
        rows = self.rng.permutation(np.flatnonzero(mask))
        rows = rows[np.argsort(self.claims.of_some_scheme()[rows], kind="stable")]
        chosen: list[int] = []
        seen: set[int] = set()
        for row in rows.tolist():
            home = int(self.population.household[row])
            if len(chosen) == count:
                break
            if row not in self.cases.used and home not in seen:
                chosen.append(row)
                seen.add(home)
        if len(chosen) < least:
            return []
        self.cases.used.update(chosen)
        return chosen

    def release(self, people: list[int]) -> None:
        """Give back who was picked for a case that does not come off."""
        self.cases.used.difference_update(people)

    def registered(self) -> BoolArray:
        """People who were registered when the world began, and outlive it."""
        return (self.population.registered_day < self.config.start_day) & (self.population.death_day == FAR)

    def banked(self) -> BoolArray:
        """Registered people whose own checking account was open when the world began."""
        checking = self.accounts.checking
        return self.registered() & (checking >= 0) & (self.accounts.opened_day[checking] < self.config.start_day)


def own_payments(scene: Scene, payments: Payments) -> BoolArray:
    """Payments to the person's own checking account."""
    return np.asarray((payments.account >= 0) & (scene.accounts.checking[payments.person] == payments.account))
