"""Enrolments in schemes and the payments that follow from them, cycle by cycle."""

from dataclasses import dataclass, fields, replace

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_of, month_start, weekday
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.rules import eligible
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import EMPLOYMENTS, HEAD, Population
from ml.synthetic.world.reference.schemes import CYCLE_MONTHS, SCHEME_IDS, SCHEMES

_RETURNED_SHARE = 0.005
_HORIZON_MONTHS = 60


@dataclass(frozen=True)
class Enrolments:
    """One element each person (or head of household) and scheme, in order of person and scheme."""

    person: IntArray
    scheme: IntArray
    day: IntArray


@dataclass(frozen=True)
class Payments:
    """One element each payment; ``account`` is a row of ``Accounts``, -1 for cash."""

    person: IntArray
    scheme: IntArray
    cycle_day: IntArray
    paid_day: IntArray
    cents: IntArray
    account: IntArray
    is_returned: BoolArray

    def take(self, rows: IntArray | BoolArray) -> "Payments":
        """These payments."""
        return Payments(*(getattr(self, item.name)[rows] for item in fields(self)))

    def plus(self, other: "Payments") -> "Payments":
        """Both, one after the other."""
        return Payments(
            *(np.concatenate([getattr(self, item.name), getattr(other, item.name)]) for item in fields(self))
        )

    def shifted(self, days: IntArray) -> "Payments":
        """The same, paid so many days later, on working days."""
        return replace(
            self, paid_day=working_day(self.paid_day + days), is_returned=np.zeros(len(days), dtype=np.bool_)
        )


def working_day(day: IntArray) -> IntArray:
    """The day, or the Monday after a weekend."""
    return day + np.maximum(7 - weekday(day), 0) * (weekday(day) >= 5)


def rule_attributes(config: WorldConfig, population: Population) -> dict[str, np.ndarray]:
    """What the rules ask about each person of the block, on the first day."""
    members = np.bincount(population.household)
    income = np.bincount(population.household, population.income_cents / 100 / 12)
    return {
        "household_income_per_head": (income / members)[population.household],
        "age": population.age_on(config.start_day),
        "is_disabled": np.where(population.is_disabled, "Y", "N"),
        "employment_status": np.array(EMPLOYMENTS)[population.employment],
        "children_under_18": population.children,
    }


def may_claim(config: WorldConfig, population: Population, scheme: int) -> BoolArray:
    """Registered people to whom the scheme's rules apply; of households their head."""
    claims = population.in_registry & eligible(SCHEME_IDS[scheme], rule_attributes(config, population))
    return claims & (population.relation == HEAD) if SCHEMES[scheme][6] == "household" else claims


def make_enrolments(config: WorldConfig, population: Population) -> Enrolments:
    """Who of those who may takes a scheme up, and from when on."""
    rng = config.rng("enrolments", population.block)
    person, scheme = [], []
    for number, row in enumerate(SCHEMES):
        takes = np.flatnonzero(may_claim(config, population, number) & (rng.random(population.people) < row[7]))
        person.append(takes)
        scheme.append(np.full(len(takes), number))
    who, what = np.concatenate(person), np.concatenate(scheme)
    order = np.lexsort((what, who))
    who, what = who[order], what[order]
    return Enrolments(who, what, population.registered_day[who] + rng.integers(20, 120, len(who)))


def account_for(population: Population, accounts: Accounts, person: IntArray) -> IntArray:
    """Where benefits go: the person's checking account, else that of the head of household, else cash (-1)."""
    head = np.searchsorted(population.household, population.household[person])
    own, of_head = accounts.checking[person], accounts.checking[head]
    return np.where(own >= 0, own, of_head)


def make_payments(config: WorldConfig, population: Population, accounts: Accounts, enrolments: Enrolments) -> Payments:
    """All payments within the horizon as they should be: each cycle once, none for a cycle after the death."""
    rng = config.rng("payments", population.block)
    first = int(month_of(config.start_day))
    months = first + np.arange(_HORIZON_MONTHS)
    every = np.array(CYCLE_MONTHS)[np.array([row[3] for row in SCHEMES])]
    # Yearly schemes pay in their month of the year: winter help in November, school grants in August.
    offset = np.array([{"SCH_ENERGY": 10, "SCH_SCHOOL": 7}.get(name, 0) for name in SCHEME_IDS])
    cycle = every[enrolments.scheme]
    pays = (months[None, :] - offset[enrolments.scheme][:, None]) % cycle[:, None] == 0
    pays &= month_start(months)[None, :] >= enrolments.day[:, None]
    row, column = np.nonzero(pays)
    person, scheme = enrolments.person[row], enrolments.scheme[row]
    cycle_day = month_start(months)[column]
    usual = 2 + (person * 31 + scheme * 7) % 16
    paid = working_day(cycle_day + usual)
    base, child = (np.array([item[at] for item in SCHEMES])[scheme] for at in (4, 5))
    account = account_for(population, accounts, person)
    opened = (account >= 0) & accounts.is_open(np.maximum(account, 0), paid)
    payments = Payments(
        person=person,
        scheme=scheme,
        cycle_day=cycle_day,
        paid_day=paid,
        cents=base + child * np.minimum(population.children[person], 5),
        account=np.where(opened, account, -1),
        is_returned=rng.random(len(row)) < _RETURNED_SHARE,
    )
    payments = payments.take((cycle_day <= population.death_day[person]) & (payments.cents > 0))
    again = payments.take(payments.is_returned)
    return payments.plus(again.shifted(rng.integers(4, 11, len(again.person))))
