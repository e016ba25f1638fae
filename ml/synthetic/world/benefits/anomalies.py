"""What is wrong with some benefits, and what only looks wrong.

Each kind is injected into a stated share of the block's people, and beside it stand at least as many hard negatives:
innocent cases that look alike. The truth says which is which; nothing else does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.benefits.payments import Enrolments, Payments, may_claim, working_day
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.ledger.legs import CHANNEL, CODE
from ml.synthetic.world.population import HEAD, OTHER, Population
from ml.synthetic.world.reference.schemes import SCHEMES

# Kind: cases injected per 1,000 people, what was done, and the innocent case that looks alike.
KINDS: dict[str, tuple[float, str, str]] = {
    "duplicate_benefit_in_cycle": (1.5, "paid twice in a cycle", "returned by the bank and paid again"),
    "paid_after_death": (1.5, "paid for cycles after the death", "paid after the death for the cycle in which it fell"),
    "account_shared_across_households": (1.5, "one account for three households", "a parent elsewhere, one account"),
    "phone_shared_across_households": (1.5, "one telephone for four households", "two old people of one care home"),
    "declared_vs_observed_income": (
        3.0,
        "declares a quarter of the pay",
        "declares all of it, takes more as a business",
    ),
    "household_change_before_cut_off": (
        1.5,
        "joins before a cycle and leaves after it",
        "joins in those days and stays",
    ),
    "dormant_account_woken_by_benefit": (1.5, "woken by a benefit and emptied", "woken by a benefit and left alone"),
    "cash_out_within_48h": (2.0, "every payment drawn in cash at once", "the rent is paid from it at once"),
    "ring_of_newly_linked_applicants": (
        0.8,
        "five households, one new telephone, one week",
        "flatmates apply together",
    ),
    "concentration_in_family": (1.0, "a household draws six schemes", "a household that may have five or more"),
    "eligible_by_rule_and_unpaid": (2.0, "enrolled, four cycles not paid", "may have it and never asked"),
}
_RING = 5
_DRAWN_SHARE = 0.95
_KEEPER_SHARE = 0.85


@dataclass
class Cases:
    """What anomalies and hard negatives change in a block, and the truth about them."""

    payments: Payments
    account_of: dict[int, int] = field(default_factory=dict)
    phone_of: dict[int, int] = field(default_factory=dict)
    declared_share: dict[int, float] = field(default_factory=dict)
    stays: list[tuple[int, int, int, int]] = field(default_factory=list)  # person, host, first day, last day (or FAR)
    applicants: list[tuple[int, int]] = field(default_factory=list)  # person, day
    cash_outs: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    truth: list[tuple[str, bool, int, int, int]] = field(default_factory=list)  # kind, injected, person, account, day
    used: set[int] = field(default_factory=set)

    def note(self, kind: str, injected: bool, person: int, account: int, day: int) -> None:
        """Write one case into the truth."""
        self.truth.append((kind, injected, int(person), int(account), int(day)))


@dataclass(frozen=True)
class _Scene:
    config: WorldConfig
    population: Population
    accounts: Accounts
    enrolments: Enrolments
    rng: np.random.Generator
    cases: Cases

    def wanted(self, kind: str) -> int:
        """Cases to make; small worlds have two of each."""
        return max(2, round(KINDS[kind][0] * self.population.people / 1_000))

    def pick(self, mask: BoolArray, count: int, *, households: bool = True) -> IntArray:
        """People of different households who are in no other case; fewer where there are not so many."""
        rows = self.rng.permutation(np.flatnonzero(mask))
        chosen: list[int] = []
        seen: set[int] = set()
        for row in rows.tolist():
            home = int(self.population.household[row])
            if len(chosen) == count:
                break
            if row not in self.cases.used and (home not in seen or not households):
                chosen.append(row)
                seen.add(home)
        self.cases.used.update(chosen)
        return np.array(chosen, dtype=np.int64)

    def banked(self) -> BoolArray:
        """Registered people whose own checking account is open from the start on."""
        checking = self.accounts.checking
        opened = self.accounts.opened_day[np.maximum(checking, 0)]
        return (
            self.population.in_registry
            & (checking >= 0)
            & (opened < self.config.start_day)
            & (self.population.registered_day < self.config.start_day)
        )

    def paid_people(self) -> BoolArray:
        """People with a monthly benefit on an account from the start on."""
        payments = self.cases.payments
        early = payments.paid_day < self.config.start_day + 60
        result = np.zeros(self.population.people, dtype=np.bool_)
        result[payments.person[early & (payments.account >= 0)]] = True
        return result & (self.population.death_day > self.config.start_day + 400)

    def some_day(self) -> int:
        """A day of the first year, so that a world of a year has every kind."""
        return int(self.config.start_day + self.rng.integers(60, 330))

    def of(self, person: int) -> IntArray:
        """Rows of a person's payments in order of their day."""
        rows = np.flatnonzero((self.cases.payments.person == person) & ~self.cases.payments.is_returned)
        return rows[np.argsort(self.cases.payments.paid_day[rows], kind="stable")]


def make_cases(
    config: WorldConfig, population: Population, accounts: Accounts, enrolments: Enrolments, payments: Payments
) -> Cases:
    """Put all kinds of anomalies and their hard negatives into a block."""
    scene = _Scene(config, population, accounts, enrolments, config.rng("anomalies", population.block), Cases(payments))
    for make in _MAKERS:
        make(scene)
    return scene.cases


def _unpaid(scene: _Scene) -> None:
    kind, cases = "eligible_by_rule_and_unpaid", scene.cases
    drop: list[int] = []
    for person in scene.pick(scene.paid_people(), scene.wanted(kind)).tolist():
        scheme = cases.payments.scheme[scene.of(person)[0]]
        rows = scene.of(person)
        rows = rows[cases.payments.scheme[rows] == scheme]
        first = int(scene.rng.integers(1, 5))
        drop += rows[first : first + 4].tolist()
        if len(rows) > first:
            cases.note(kind, True, person, -1, cases.payments.paid_day[rows[first]])
    keep = np.ones(len(cases.payments.person), dtype=np.bool_)
    keep[drop] = False
    cases.payments = cases.payments.take(keep)
    never = may_claim(scene.config, scene.population, 0)
    never[scene.enrolments.person[scene.enrolments.scheme == 0]] = False
    for person in scene.pick(never, scene.wanted(kind)).tolist():
        cases.note(kind, False, person, -1, max(scene.config.start_day, scene.population.registered_day[person]))


def _duplicates(scene: _Scene) -> None:
    kind, cases = "duplicate_benefit_in_cycle", scene.cases
    rows = []
    for person in scene.pick(scene.paid_people(), scene.wanted(kind)).tolist():
        mine = scene.of(person)
        rows.append(int(mine[min(int(scene.rng.integers(1, 9)), len(mine) - 1)]))
        cases.note(kind, True, person, cases.payments.account[rows[-1]], cases.payments.paid_day[rows[-1]])
    negatives = scene.pick(scene.paid_people(), scene.wanted(kind))
    returned = np.array([scene.of(int(person))[min(3, len(scene.of(int(person))) - 1)] for person in negatives], int)
    for person, row in zip(negatives.tolist(), returned.tolist(), strict=True):
        cases.note(kind, False, person, cases.payments.account[row], cases.payments.paid_day[row])
    cases.payments.is_returned[returned] = True
    doubled = np.array(rows + returned.tolist(), dtype=np.int64)
    extra = cases.payments.take(doubled)
    cases.payments = cases.payments.plus(extra.shifted(scene.rng.integers(4, 11, len(doubled))))


def _after_death(scene: _Scene) -> None:
    kind, cases, population = "paid_after_death", scene.cases, scene.population
    last: dict[int, int] = {}
    for row, person in enumerate(cases.payments.person.tolist()):
        if population.death_day[person] < FAR:
            last[person] = row
    dies = np.zeros(population.people, dtype=np.bool_)
    dies[list(last)] = True
    dies &= cases_free(scene)
    by_death = np.argsort(population.death_day, kind="stable")
    soon = by_death[dies[by_death]][: scene.wanted(kind)]
    cases.used.update(soon.tolist())
    extra = []
    for person in soon.tolist():
        row = last[person]
        for step in (1, 2, 3):
            extra.append((row, step))
        cases.note(kind, True, person, cases.payments.account[row], population.death_day[person] + 1)
    if extra:
        rows, steps = (np.array(values) for values in zip(*extra, strict=True))
        more = cases.payments.take(rows).shifted(30 * steps)
        more.cycle_day[:] = month_start(
            np.asarray(more.paid_day, dtype="datetime64[D]").astype("datetime64[M]").astype(int)
        )
        cases.payments = cases.payments.plus(more)
    late = cases.payments.paid_day > population.death_day[cases.payments.person]
    innocent = late & (cases.payments.cycle_day <= population.death_day[cases.payments.person])
    for row in np.flatnonzero(innocent).tolist():
        cases.note(kind, False, cases.payments.person[row], cases.payments.account[row], cases.payments.paid_day[row])


def cases_free(scene: _Scene) -> BoolArray:
    """People who are in no case yet."""
    free = np.ones(scene.population.people, dtype=np.bool_)
    free[list(scene.cases.used)] = False
    return free


def _shared_account(scene: _Scene) -> None:
    kind, cases = "account_shared_across_households", scene.cases
    for injected, size in ((True, 3), (False, 2)):
        for _ in range(scene.wanted(kind)):
            owner = scene.pick(scene.banked(), 1)
            older = scene.population.age_on(scene.config.start_day) >= 66
            others = scene.pick(scene.paid_people() & (injected | older), size - 1)
            if not len(owner) or not len(others):
                return
            account = int(scene.accounts.checking[owner[0]])
            for person in others.tolist():
                cases.account_of[person] = account
            cases.note(kind, injected, owner[0], account, scene.config.start_day)


def _shared_phone(scene: _Scene) -> None:
    kind, cases = "phone_shared_across_households", scene.cases
    for injected, size in ((True, 4), (False, 2)):
        for _ in range(scene.wanted(kind)):
            older = scene.population.age_on(scene.config.start_day) >= 68
            people = scene.pick(scene.population.in_registry & (injected | older), size)
            if len(people) < 2:
                return
            for person in people.tolist():
                cases.phone_of[person] = int(people[0])
            cases.note(kind, injected, people[0], -1, scene.population.registered_day[people].max())


def _declared(scene: _Scene) -> None:
    kind, cases, population = "declared_vs_observed_income", scene.cases, scene.population
    earns = scene.banked() & (population.employment == 0) & (population.income_cents > 3_000_000)
    for person in scene.pick(earns, scene.wanted(kind)).tolist():
        cases.declared_share[person] = 0.25
        cases.note(kind, True, person, -1, population.registered_day[person])
    for person in scene.pick(scene.banked() & (population.employment == 1), scene.wanted(kind)).tolist():
        cases.note(kind, False, person, -1, population.registered_day[person])


def _household_change(scene: _Scene) -> None:
    kind, cases = "household_change_before_cut_off", scene.cases
    for injected in (True, False):
        for _ in range(scene.wanted(kind)):
            host = scene.pick(scene.paid_people() & (scene.population.relation == HEAD), 1)
            guest = scene.pick(scene.population.in_registry & (scene.population.relation != HEAD), 1)
            if not len(host) or not len(guest):
                return
            cut_off = int(
                month_start(int(np.datetime64(scene.some_day(), "D").astype("datetime64[M]").astype(int)) + 1)
            )
            first = max(cut_off - int(scene.rng.integers(3, 15)), int(scene.population.registered_day[guest[0]]) + 1)
            cases.stays.append((int(guest[0]), int(host[0]), first, first + 45 if injected else FAR))
            cases.note(kind, injected, guest[0], -1, first)


def _dormant(scene: _Scene) -> None:
    kind, cases = "dormant_account_woken_by_benefit", scene.cases
    old = scene.population.in_registry & (scene.accounts.dormant >= 0) & (scene.population.death_day == FAR)
    old &= scene.population.registered_day < scene.config.start_day
    people = scene.pick(old, 2 * scene.wanted(kind))
    for place, person in enumerate(people.tolist()):
        account, injected = int(scene.accounts.dormant[person]), place % 2 == 0
        month = int(np.datetime64(scene.some_day(), "D").astype("datetime64[M]").astype(int)) + np.arange(8)
        size = len(month)
        # Food support, which they drew in no other way before.
        more = Payments(
            person=np.full(size, person),
            scheme=np.zeros(size, dtype=np.int64),
            cycle_day=month_start(month),
            paid_day=working_day(month_start(month) + 6),
            cents=np.full(size, SCHEMES[0][4]),
            account=np.full(size, account),
            is_returned=np.zeros(size, dtype=np.bool_),
        )
        before = (cases.payments.person == person) & (cases.payments.scheme == 0)
        cases.payments = cases.payments.take(~before).plus(more)
        cases.note(kind, injected, person, account, more.paid_day[0])
        for row in range(len(cases.payments.person) - size, len(cases.payments.person)) if injected else []:
            _cash_out(scene, row, "CASH_WD", "ATM", hours=30)


def _cash_out(scene: _Scene, row: int, code: str, channel: str, hours: int) -> None:
    payments = scene.cases.payments
    share = _DRAWN_SHARE if code == "CASH_WD" else _KEEPER_SHARE
    cents = -int(payments.cents[row] * share) // 100 * 100
    second = int(scene.rng.integers(9, 20)) * 3_600
    day = int(payments.paid_day[row]) + (1 if hours <= 48 else 3)
    scene.cases.cash_outs.append((int(payments.account[row]), day, second, cents, CODE[code], CHANNEL[channel]))


def _quick_cash(scene: _Scene) -> None:
    kind, cases = "cash_out_within_48h", scene.cases
    for injected, code, channel in ((True, "CASH_WD", "ATM"), (False, "HOUSING", "WEB")):
        for person in scene.pick(scene.paid_people(), scene.wanted(kind)).tolist():
            rows = scene.of(person)[:12]
            for row in rows.tolist():
                if cases.payments.account[row] >= 0:
                    _cash_out(scene, row, code, channel, hours=40)
            cases.note(kind, injected, person, cases.payments.account[rows[0]], cases.payments.paid_day[rows[0]])


def _ring(scene: _Scene) -> None:
    kind, cases, population = "ring_of_newly_linked_applicants", scene.cases, scene.population
    adult = population.in_registry & (population.age_on(scene.config.start_day) >= 20) & (population.death_day == FAR)
    adult &= population.registered_day < scene.config.start_day
    for _ in range(scene.wanted(kind)):
        people, day = scene.pick(adult, _RING), scene.some_day()
        if len(people) < _RING:
            return
        for person in people.tolist():
            cases.phone_of[person] = int(people[0])
            cases.applicants.append((person, day + int(scene.rng.integers(0, 7))))
        cases.note(kind, True, people[0], -1, day)
    for first in scene.pick(adult & (population.relation == OTHER), scene.wanted(kind)).tolist():
        day = scene.some_day()
        mates = np.flatnonzero((population.household == population.household[first]) & adult)
        for person in mates.tolist():
            cases.applicants.append((person, day + int(scene.rng.integers(0, 7))))
        cases.note(kind, False, first, -1, day)


def _concentration(scene: _Scene) -> None:
    kind, cases, population = "concentration_in_family", scene.cases, scene.population
    for person in scene.pick(scene.banked() & (population.relation == HEAD), scene.wanted(kind)).tolist():
        start = scene.some_day()
        months = np.asarray(start, dtype="datetime64[D]").astype("datetime64[M]").astype(int) + np.arange(1, 19)
        schemes = np.flatnonzero([row[3] == 0 for row in SCHEMES])[:6]
        scheme, month = np.repeat(schemes, len(months)), np.tile(months, len(schemes))
        alive = month_start(month) <= population.death_day[person]
        scheme, month = scheme[alive], month[alive]
        cents = np.array([max(row[4], row[5]) for row in SCHEMES])[scheme]
        size = len(scheme)
        account = np.full(size, scene.accounts.checking[person])
        paid = working_day(month_start(month) + 3 + scheme)
        returned = np.zeros(size, dtype=np.bool_)
        more = Payments(np.full(size, person), scheme, month_start(month), paid, cents, account, returned)
        mine = cases.payments.person == person
        cases.payments = cases.payments.take(~mine).plus(more)
        cases.note(kind, True, person, scene.accounts.checking[person], int(month_start(int(months[0]))))
    home = population.household[scene.enrolments.person]
    schemes_of = np.zeros((int(population.household[-1]) + 1, len(SCHEMES)), dtype=np.bool_)
    schemes_of[home, scene.enrolments.scheme] = True
    many = np.argsort(-schemes_of.sum(axis=1), kind="stable")[: scene.wanted(kind)]
    for household in many.tolist():
        head = int(np.searchsorted(population.household, household))
        cases.note(kind, False, head, -1, max(scene.config.start_day, population.registered_day[head]))


_MAKERS: tuple[Callable[[_Scene], None], ...] = (
    _unpaid, _duplicates, _after_death, _concentration, _shared_account, _shared_phone, _declared, _household_change,
    _dormant, _quick_cash, _ring,
)  # fmt: skip
