"""Enrolments in schemes and the payments that follow from them, cycle by cycle, as the rules hold at each cycle."""

from dataclasses import dataclass, fields, replace

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_of, month_start, weekday
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.notes import Notes, living, noted_age
from ml.synthetic.world.benefits.rules import eligible
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import EMPLOYMENTS, HEAD, Population
from ml.synthetic.world.reference.schemes import CYCLE_MONTHS, SCHEME_IDS, SCHEMES

HORIZON_MONTHS = 60
MONTHLY = np.array([row[3] == 0 for row in SCHEMES])
_RETURNED_SHARE = 0.005
_MOST_CHILDREN = 5  # for whom an amount is added


@dataclass(frozen=True)
class Claims:
    """Who may have what by the rules at the start of each month of the horizon.

    Attributes
    ----------
    allowed : array of bool, shape (schemes, months, people)
        Registered people to whom the scheme's rules apply; of households their head.
    children : array of int, shape (months, people)
        Under 18 in the household, as noted.
    """

    allowed: BoolArray
    children: IntArray

    def of_some_scheme(self) -> BoolArray:
        """People who may have something at some time."""
        return np.asarray(self.allowed.any(axis=(0, 1)))


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

    def plus(self, *others: "Payments") -> "Payments":
        """All, one after the other."""
        parts = (self, *others)
        return Payments(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(self)))

    def shifted(self, days: IntArray) -> "Payments":
        """The same, paid so many days later, on working days."""
        return replace(
            self, paid_day=working_day(self.paid_day + days), is_returned=np.zeros(len(days), dtype=np.bool_)
        )


def working_day(day: IntArray) -> IntArray:
    """The day, or the Monday after a weekend."""
    return day + np.maximum(7 - weekday(day), 0) * (weekday(day) >= 5)


def usual_day(person: IntArray, scheme: IntArray, cycle_day: IntArray) -> IntArray:
    """Day on which a scheme pays a person for a cycle."""
    return working_day(cycle_day + 2 + (person * 31 + scheme * 7) % 16)


def months_of(config: WorldConfig) -> IntArray:
    """Months since 1970-01 of the horizon."""
    return month_of(config.start_day) + np.arange(HORIZON_MONTHS)


def make_claims(config: WorldConfig, population: Population, notes: Notes) -> Claims:
    """Apply the rules to what is noted at the start of each month."""
    days = month_start(months_of(config))[:, None]
    shape, people = (len(days), population.people), np.arange(population.people)
    alive = living(population, days)
    person, day = np.broadcast_to(people, shape), np.broadcast_to(days, shape)
    household = np.broadcast_to(population.household, shape).copy()
    for guest, host, first, last in notes.stays:
        household[(days[:, 0] >= first) & (days[:, 0] < last), guest] = population.household[host]
    income = np.broadcast_to(notes.income_cents, shape).copy()
    for who, since, cents in notes.incomes:
        income[days[:, 0] >= since, who] = cents
    age = noted_age(notes.birth_day[None, :], days)
    # Each household in each month has a place of its own.
    count = int(population.household[-1]) + 1
    place = (np.arange(len(days))[:, None] * count + household).ravel()

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, (values * alive).ravel(), len(days) * count)[place].reshape(shape)

    children = summed(age < 18).astype(np.int64)
    attributes = {
        "household_income_per_head": summed(income / 100) / np.maximum(summed(np.ones(shape)), 1),
        "age": age,
        "is_disabled": np.where(population.is_disabled, "Y", "N"),
        "employment_status": np.array(EMPLOYMENTS)[population.employment],
        "children_under_18": children,
    }
    may = alive & population.in_registry[person] & (population.registered_day[person] <= day)
    of_household = np.array([row[6] == "household" for row in SCHEMES])
    return Claims(
        np.stack(
            [
                may & eligible(name, attributes) & ((population.relation == HEAD) | ~of_household[scheme])
                for scheme, name in enumerate(SCHEME_IDS)
            ]
        ),
        children,
    )


def make_enrolments(
    config: WorldConfig, population: Population, claims: Claims, asked_for: list[tuple[int, int]]
) -> Enrolments:
    """Who of those who may, at some time, takes a scheme up, and from when on.

    ``asked_for`` are pairs of person and scheme that are taken up in any case.
    """
    rng = config.rng("enrolments", population.block)
    takes = rng.random((len(SCHEMES), population.people)) < np.array([row[7] for row in SCHEMES])[:, None]
    for one, what in asked_for:
        takes[what, one] = True
    takes &= claims.allowed.any(axis=1)
    person, scheme = np.nonzero(takes.T)
    return Enrolments(person, scheme, population.registered_day[person] + rng.integers(20, 120, len(person)))


def make_payments(
    config: WorldConfig,
    population: Population,
    accounts: Accounts,
    notes: Notes,
    claims: Claims,
    enrolments: Enrolments,
) -> Payments:
    """All payments within the horizon as they should be: each cycle once, if the rules hold at its start."""
    rng = config.rng("payments", population.block)
    months = months_of(config)
    every = np.array(CYCLE_MONTHS)[np.array([row[3] for row in SCHEMES])]
    # Yearly schemes pay in their month of the year: winter help in November, school grants in August.
    offset = np.array([{"SCH_ENERGY": 10, "SCH_SCHOOL": 7}.get(name, 0) for name in SCHEME_IDS])
    cycle = every[enrolments.scheme]
    pays = (months[None, :] - offset[enrolments.scheme][:, None]) % cycle[:, None] == 0
    pays &= month_start(months)[None, :] >= enrolments.day[:, None]
    pays &= claims.allowed[enrolments.scheme, :, enrolments.person]
    row, column = np.nonzero(pays)
    person, scheme = enrolments.person[row], enrolments.scheme[row]
    cycle_day = month_start(months)[column]
    paid = usual_day(person, scheme, cycle_day)
    base, child = (np.array([item[at] for item in SCHEMES])[scheme] for at in (4, 5))
    payments = Payments(
        person=person,
        scheme=scheme,
        cycle_day=cycle_day,
        paid_day=paid,
        cents=base + child * np.minimum(claims.children[column, person], _MOST_CHILDREN),
        account=notes.account_on(population, accounts, person, paid),
        is_returned=rng.random(len(row)) < _RETURNED_SHARE,
    )
    payments = payments.take(payments.cents > 0)
    again = payments.take(payments.is_returned)
    return payments.plus(again.shifted(rng.integers(4, 11, len(again.person))))
