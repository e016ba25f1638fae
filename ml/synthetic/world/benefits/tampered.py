"""Cases made of payments: what is paid twice, too long, not at all, elsewhere, and what is done with it at once.

Every maker makes the look-alikes of a year first, and no more injected cases than those.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_of, month_start
from ml.synthetic.world.benefits.cases import Scene, Year, own_payments
from ml.synthetic.world.benefits.payments import (
    MONTHLY,
    Enrolments,
    Payments,
    months_of,
    usual_day,
    working_day,
)
from ml.synthetic.world.ledger.legs import CHANNEL, CODE
from ml.synthetic.world.population import HEAD
from ml.synthetic.world.reference.schemes import SCHEMES

_DRAWN_SHARE = 0.95
_RENT_SHARE = 0.85
_UNPAID_CYCLES = 4
_CYCLES_AFTER_DEATH = 3
_AT_ONCE_CYCLES = 12  # of a recipient who does it
_SEEN_TIMES = 3
_SIX = np.flatnonzero(MONTHLY)[:6]  # schemes that nobody may have at once
_FEWEST_BY_RIGHT, _MOST_BY_RIGHT = 4, 5
_DORMANT_MONTHS = 8


@dataclass
class Tampering:
    """Payments as they should be, and what is changed of them at the end: rows stay what they are until then."""

    scene: Scene
    enrolments: Enrolments
    payments: Payments
    dropped: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    more: list[Payments] = field(default_factory=list)

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        order = np.lexsort((self.payments.paid_day, self.payments.person))
        people = np.arange(self.scene.population.people + 1)
        return order, np.searchsorted(self.payments.person[order], people)

    def of(self, person: int, first: int, end: int) -> IntArray:
        """Rows of a person's payments that reached them, with days of ``[first, end)``, in order of the day."""
        order, starts = self._places
        rows = order[starts[person] : starts[person + 1]]
        day = self.payments.paid_day[rows]
        return rows[(day >= first) & (day < end) & ~self.payments.is_returned[rows]]

    @cached_property
    def _is_own(self) -> BoolArray:
        return own_payments(self.scene, self.payments)

    def regular(self, year: Year) -> BoolArray:
        """People with something monthly on their own account in all months of a year."""
        paid, people = self.payments, self.scene.population.people
        rows = self._is_own & MONTHLY[paid.scheme] & (paid.cycle_day >= year.first) & (paid.cycle_day < year.end)
        rows &= ~paid.is_returned
        months = np.zeros((people, 12), dtype=np.bool_)
        months[paid.person[rows], month_of(paid.cycle_day[rows]) - month_of(year.first)] = True
        return self.scene.registered() & months.all(axis=1)

    def result(self) -> Payments:
        """The payments with all changes."""
        paid = replace(self.payments, is_returned=self.payments.is_returned.copy())
        paid.is_returned[self.returned] = True
        paid.paid_day[list(self.moved)] = list(self.moved.values())
        keep = np.ones(len(paid.person), dtype=np.bool_)
        keep[self.dropped] = False
        return paid.take(keep).plus(*self.more)

    def cash_out(self, row: int, account: int, code: str, channel: str) -> None:
        """Draw or spend most of a payment on the next day."""
        rng, share = self.scene.rng, _DRAWN_SHARE if code == "CASH_WD" else _RENT_SHARE
        cents = -int(self.payments.cents[row] * share) // 100 * 100
        second, day = int(rng.integers(9, 20)) * 3_600, int(self.payments.paid_day[row]) + 1
        self.scene.cases.cash_outs.append((account, day, second, cents, CODE[code], CHANNEL[channel]))


def tamper(scene: Scene, enrolments: Enrolments, payments: Payments) -> Payments:
    """Make the cases of all years; the payments with them."""
    tampering = Tampering(scene, enrolments, payments)
    for year in scene.years():
        for make in _MAKERS:
            make(tampering, year)
    return tampering.result()


def _dormant(tampering: Tampering, year: Year) -> None:
    kind, scene = "dormant_account_woken_by_benefit", tampering.scene
    holds = tampering.regular(year) & (scene.accounts.dormant >= 0)
    people = scene.pick(holds, 2 * scene.affordable(kind, year, holds, each=2))
    months = months_of(scene.config)
    for place, person in enumerate(people):
        injected, account = place >= (len(people) + 1) // 2, int(scene.accounts.dormant[person])
        since = int(month_start(months[year.months[int(scene.rng.integers(4, 10))]]))
        rows = tampering.of(person, since, since + 31 * _DORMANT_MONTHS)
        scene.notes.accounts.append((person, since, account))
        scene.cases.note(kind, injected, [person], account, int(tampering.payments.paid_day[rows[0]]) + 2)
        for row in rows.tolist() if injected else []:
            tampering.cash_out(row, account, "CASH_WD", "ATM")


def _shared_account(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "account_shared_across_households", tampering.scene, tampering.payments
    made = 0
    for parent, child, day, number in scene.cases.families:
        account = int(scene.accounts.checking[child])
        rows = [tampering.of(person, day, year.end) for person in (parent, child)]
        rows = [mine[paid.account[mine] == account] for mine in rows]
        if number == year.number and all(len(mine) for mine in rows):
            shown = max(int(paid.paid_day[mine[0]]) for mine in rows)
            scene.cases.note(kind, False, [parent, child], account, shown)
            made += 1
    for _ in range(min(made, scene.wanted(kind, year))):
        people = scene.pick(tampering.regular(year), 3, least=3)
        if not people:
            return
        since, account = scene.some_day(year, 20, 70), int(scene.accounts.checking[people[0]])
        scene.notes.accounts += [(person, since, account) for person in people[1:]]
        first = [tampering.of(person, since, year.end)[0] for person in people]
        scene.cases.note(kind, True, people, account, int(paid.paid_day[first].max()))


def _unpaid(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "eligible_by_rule_and_unpaid", tampering.scene, tampering.payments
    allowed = scene.claims.allowed[:, year.months].all(axis=1)
    takes = np.zeros(allowed.shape, dtype=np.bool_)
    takes[tampering.enrolments.scheme, tampering.enrolments.person] = True
    never = allowed & ~takes & MONTHLY[:, None]
    innocent = scene.pick(scene.registered() & never.any(axis=0), scene.wanted(kind, year))
    for person in innocent:
        scene.cases.never_ask += [(person, int(scheme)) for scheme in np.flatnonzero(never[:, person])]
        scene.cases.note(kind, False, [person], -1, scene.some_day(year, 150))
    made = 0
    # Some have gaps of another cause: ask more people than are wanted.
    for person in scene.pick(tampering.regular(year), 3 * len(innocent)):
        rows = tampering.of(person, year.first, year.end)
        scheme = int(paid.scheme[rows[MONTHLY[paid.scheme[rows]]][0]])
        first = int(month_of(year.first)) + int(scene.rng.integers(1, 12 - _UNPAID_CYCLES - 1))
        gap = month_start(first + np.arange(-1, _UNPAID_CYCLES + 1))
        mine = np.flatnonzero((paid.person == person) & (paid.scheme == scheme))
        months = np.unique(month_of(paid.cycle_day[mine]))
        if made == len(innocent) or not np.isin(gap, paid.cycle_day[mine]).all() or np.diff(months).max() > 1:
            scene.release([person])
            continue
        tampering.dropped += mine[np.isin(paid.cycle_day[mine], gap[1:-1])].tolist()
        scene.cases.note(kind, True, [person], -1, int(gap[-1]) + 20)
        made += 1


def _duplicates(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "duplicate_benefit_in_cycle", tampering.scene, tampering.payments
    innocent: list[int] = []
    for injected in (False, True):
        people = scene.pick(tampering.regular(year), len(innocent) if injected else scene.wanted(kind, year))
        innocent = people if not injected else innocent
        for person in people:
            rows = tampering.of(person, year.first + 20, year.end - 25)
            key = paid.scheme[rows] * 1_000_000 + paid.cycle_day[rows]
            all_rows = np.flatnonzero(paid.person == person)
            times = (paid.scheme[all_rows] * 1_000_000 + paid.cycle_day[all_rows])[:, None] == key
            rows = rows[times.sum(axis=0) == 1]
            row = rows[[int(scene.rng.integers(0, len(rows)))]]
            again = paid.take(row).shifted(scene.rng.integers(4, 11, 1))
            tampering.more.append(again)
            if not injected:
                tampering.returned += row.tolist()
            scene.cases.note(kind, injected, [person], int(paid.account[row[0]]), int(again.paid_day[0]))


def _after_death(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "paid_after_death", tampering.scene, tampering.payments
    death, wanted = scene.population.death_day, scene.wanted("paid_after_death", year)
    late = np.flatnonzero((paid.paid_day > death[paid.person]) & ~paid.is_returned)
    late_on = {}
    for row in late[np.argsort(-paid.paid_day[late], kind="stable")].tolist():
        late_on[int(paid.person[row])] = row  # the first one stands for all
    known = [row for row in late_on.values() if year.first <= paid.paid_day[row] < year.end]
    for row in known:
        scene.cases.note(kind, False, [int(paid.person[row])], int(paid.account[row]), int(paid.paid_day[row]))
    # Others who were paid for the month of their death in time.
    last_month = month_start(month_of(np.where(death < year.end, death, year.first)))
    of_last = MONTHLY[paid.scheme] & (paid.cycle_day == last_month[paid.person]) & ~paid.is_returned
    of_last &= (death[paid.person] >= year.first) & (death[paid.person] < year.end - 50)
    people = np.setdiff1d(paid.person[of_last], list(late_on))
    people = scene.rng.permutation(people[~np.isin(people, list(scene.cases.used))])
    # Half of all who die while they are paid, at most: the look-alikes there are, and others who are paid late.
    injected = min(wanted, (len(known) + len(people)) // 2)
    delayed = people[: max(injected - len(known), 0)]
    for person in delayed.tolist():
        row = int(np.flatnonzero(of_last & (paid.person == person))[-1])
        tampering.moved[row] = int(working_day(np.array([death[person] + scene.rng.integers(1, 7)]))[0])
        scene.cases.note(kind, False, [person], int(paid.account[row]), tampering.moved[row])
    for person in people[len(delayed) :][:injected].tolist():
        rows = np.flatnonzero(of_last & (paid.person == person))
        rows = rows[np.unique(paid.scheme[rows], return_index=True)[1]]
        row = np.repeat(rows, _CYCLES_AFTER_DEATH)
        month = month_of(death[person]) + np.tile(1 + np.arange(_CYCLES_AFTER_DEATH), len(rows))
        cycle = month_start(month)
        more = replace(paid.take(row), cycle_day=cycle, paid_day=usual_day(paid.person[row], paid.scheme[row], cycle))
        tampering.more.append(more)
        scene.cases.used.add(person)
        scene.cases.note(kind, True, [person], int(paid.account[row[0]]), int(more.paid_day.min()))


def _concentration(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "concentration_in_family", tampering.scene, tampering.payments
    population, months = scene.population, months_of(scene.config)
    # Schemes of each household and quarter of the year.
    in_year = (paid.cycle_day >= year.first) & (paid.cycle_day < year.end) & ~paid.is_returned
    quarter = (month_of(paid.cycle_day[in_year]) - month_of(year.first)) // 3
    has = np.zeros((int(population.household[-1]) + 1, 4, len(SCHEMES)), dtype=np.bool_)
    has[population.household[paid.person[in_year]], quarter, paid.scheme[in_year]] = True
    most = has.sum(axis=2).max(axis=1)
    by_right = (most >= _FEWEST_BY_RIGHT) & (most <= _MOST_BY_RIGHT)
    heads = scene.registered() & (population.relation == HEAD)
    innocent = scene.pick(heads & by_right[population.household], scene.wanted(kind, year))
    for head in innocent:
        home = int(population.household[head])
        at = int(np.flatnonzero(has[home].sum(axis=1) == most[home])[0])
        scene.cases.note(kind, False, [head], -1, int(month_start(month_of(year.first) + 3 * at + 3)) - 1)
    for head in scene.pick(heads & scene.banked(), len(innocent)):
        first = int(scene.rng.integers(1, 9))
        month = months[year.months[0]] + first + np.arange(12)
        month = month[month <= months[-1]]
        scheme, cycle = np.repeat(_SIX, len(month)), month_start(np.tile(month, len(_SIX)))
        size = len(scheme)
        paid_day = working_day(cycle + 3 + scheme)
        cents = np.array([max(row[4], row[5]) for row in SCHEMES])[scheme]
        account = int(scene.accounts.checking[head])
        tampering.more.append(
            Payments(np.full(size, head), scheme, cycle, paid_day, cents, np.full(size, account), np.zeros(size, bool))
        )
        mine = (paid.person == head) & np.isin(paid.scheme, _SIX) & np.isin(paid.cycle_day, cycle)
        tampering.dropped += np.flatnonzero(mine).tolist()
        scene.cases.note(kind, True, [head], account, int(paid_day[cycle == cycle.min()].max()))


def _quick_cash(tampering: Tampering, year: Year) -> None:
    kind, scene, paid = "cash_out_within_48h", tampering.scene, tampering.payments
    innocent: list[int] = []
    for injected, code, channel in ((False, "HOUSING", "WEB"), (True, "CASH_WD", "ATM")):
        people = scene.pick(tampering.regular(year), len(innocent) if injected else scene.wanted(kind, year))
        innocent = people if not injected else innocent
        for person in people:
            since = scene.some_day(year, 20, 130)
            rows = tampering.of(person, since, scene.config.horizon_day)
            rows = rows[paid.account[rows] == scene.accounts.checking[person]][:_AT_ONCE_CYCLES]
            for row in rows.tolist():
                tampering.cash_out(row, int(paid.account[row]), code, channel)
            shown = int(paid.paid_day[rows[_SEEN_TIMES - 1]]) + 2
            scene.cases.note(kind, injected, [person], int(paid.account[rows[0]]), shown)


_MAKERS: tuple[Callable[[Tampering, Year], None], ...] = (
    _dormant, _shared_account, _unpaid, _duplicates, _after_death, _concentration, _quick_cash,
)  # fmt: skip
