"""Cases made before anything is paid: what is noted of people, which the rules and the payments then follow.

Every maker makes the look-alikes of a year first, and no more injected cases than those.
"""

from collections.abc import Callable

import numpy as np

from ml.synthetic.arrays import BoolArray
from ml.synthetic.calendar import month_start
from ml.synthetic.world.benefits.cases import Scene, Year
from ml.synthetic.world.benefits.payments import months_of
from ml.synthetic.world.config import FAR
from ml.synthetic.world.population import CHILD, HEAD, PARENT, SIBLING
from ml.synthetic.world.reference.schemes import SCHEME_IDS

_FOOD = SCHEME_IDS.index("SCH_FOOD")
_OF_PERSON = np.array([SCHEME_IDS.index(name) for name in ("SCH_DISABLED", "SCH_JOB", "SCH_OLD")])
_LOW_INCOME = 260_000  # cents a month, below the income a head up to which the last of these is paid
_DECLARED_SHARE = 0.25
_RING, _HOME = 5, 3
_SHARED_BY = 4
_STAY_DAYS = 35, 50
_SEEN_AFTER = 95  # days of pay that show what is earned


def plan(scene: Scene) -> None:
    """Make the cases of all years."""
    # The accounts that nobody uses are few: who holds one asks for all there is.
    for person in np.flatnonzero(scene.banked() & (scene.accounts.dormant >= 0)).tolist():
        scene.cases.asked_for += [(person, scheme) for scheme in range(len(SCHEME_IDS))]
    for year in scene.years():
        for make in _MAKERS:
            make(scene, year)


def _alone(scene: Scene) -> BoolArray:
    """Heads of households of one, registered throughout, who do not move."""
    members = np.bincount(scene.population.household)[scene.population.household]
    return scene.registered() & (members == 1) & (scene.population.move_day == FAR)


def _household_change(scene: Scene, year: Year) -> None:
    kind, population = "household_change_before_cut_off", scene.population
    stays_put = scene.registered() & (population.move_day == FAR)
    hosts = stays_put & (population.relation == HEAD) & scene.claims.allowed[_FOOD][year.months].all(axis=0)
    guests = stays_put & (population.relation == CHILD) & (population.age_on(year.end) < 17)
    made = 0
    for injected in (False, True):
        for turn in range(scene.wanted(kind, year) if not injected else made):
            host, guest = scene.pick(hosts, 1), scene.pick(guests, 1)
            if not host or not guest:
                scene.release(host + guest)
                return
            cut_off = int(month_start(months_of(scene.config)[year.months[int(scene.rng.integers(2, 9))]]))
            lasts = not injected and turn % 2 == 0
            near = injected or lasts
            day = cut_off - int(scene.rng.integers(3, 15)) if near else cut_off + int(scene.rng.integers(2, 12))
            end = FAR if lasts else day + int(scene.rng.integers(*_STAY_DAYS))
            scene.notes.stays.append((guest[0], host[0], day, end))
            scene.cases.asked_for.append((host[0], _FOOD))
            scene.cases.note(kind, injected, guest + host, -1, min(end, day + _STAY_DAYS[1]))
            made += not injected


def _families(scene: Scene, year: Year) -> None:
    """A parent, grown child, brother or sister who moves out and is still paid on the account of the family's head."""
    kind, population, allowed = "account_shared_across_households", scene.population, scene.claims.allowed
    head = np.searchsorted(population.household, population.household)
    # Their own claim outlasts the move: by the person, or by an income a head that is low in both households.
    poor = scene.notes.income_cents <= _LOW_INCOME
    claim = allowed[_OF_PERSON][:, year.months].all(axis=1)
    movers = np.isin(population.relation, (PARENT, CHILD, SIBLING)) & (claim[:-1].any(axis=0) | (claim[-1] & poor))
    movers &= (population.registered_day < scene.config.start_day) & (population.death_day > year.end + 100)
    movers &= (population.move_day == FAR) & scene.banked()[head]
    # The others still may have something.
    movers &= np.asarray(allowed[:, year.months].all(axis=1).any(axis=0))[head]
    hosts = _alone(scene) & poor
    for _ in range(2 * scene.affordable(kind, year, movers)):
        member, host = scene.pick(movers, 1), scene.pick(hosts, 1)
        if not member or not host or int(head[member[0]]) in scene.cases.used:
            scene.release(member + host)
            continue
        child, day = int(head[member[0]]), scene.some_day(year, 20, 160)
        scene.cases.used.add(child)
        scene.notes.stays.append((member[0], host[0], day, FAR))
        scene.notes.accounts.append((member[0], 0, int(scene.accounts.checking[child])))
        scene.cases.asked_for += [(member[0], int(scheme)) for scheme in _OF_PERSON]
        scene.cases.asked_for += [(child, scheme) for scheme in range(len(SCHEME_IDS))]
        scene.cases.families.append((member[0], child, day, year.number))


def _declared(scene: Scene, year: Year) -> None:
    kind, population, notes = "declared_vs_observed_income", scene.population, scene.notes
    business = scene.accounts.business
    trades = scene.banked() & (population.employment == 1) & (business >= 0)
    trades &= scene.accounts.opened_day[business] < scene.config.start_day
    earns = scene.banked() & (population.employment == 0) & (population.income_cents > 3_000_000)
    innocent = scene.pick(trades, scene.affordable(kind, year, trades))
    for injected, people in ((False, innocent), (True, scene.pick(earns, len(innocent)))):
        for person in people:
            since = scene.some_day(year, 5, 150) if year.number else 0
            share = _DECLARED_SHARE if injected else 1.0
            cents = int(population.income_cents[person] / 12 * share) // 100 * 100
            if since:
                notes.income_cents[person] = int(population.income_cents[person] / 12) // 100 * 100
                notes.incomes.append((person, since, cents))
            else:
                notes.income_cents[person] = cents
            shown = max(since, year.first + int(scene.rng.integers(0, 200))) + _SEEN_AFTER
            scene.cases.note(kind, injected, [person], -1, shown)


def _spare_phones(scene: Scene) -> BoolArray:
    """People whom no system knows: their telephones are nobody's in the data."""
    people = scene.population
    return np.asarray(~people.in_bank & ~people.in_crm & ~people.in_registry)


def _shared_phone(scene: Scene, year: Year) -> None:
    kind, notes = "phone_shared_across_households", scene.notes
    age, made = scene.population.age_on(scene.config.start_day), 0
    residents = _alone(scene) & (age >= 68)
    for _ in range(scene.affordable(kind, year, residents, each=_HOME)):
        people, whose = scene.pick(residents, _HOME, least=2), scene.pick(_spare_phones(scene), 1)
        if not people or not whose:
            scene.release(people + whose)
            break
        notes.phones += [(person, 0, whose[0]) for person in people]
        notes.homes |= dict.fromkeys(people[1:], people[0])
        scene.cases.note(kind, False, people, -1, scene.some_day(year))
        made += 1
    adult = scene.registered() & (age >= 20)
    for _ in range(made):
        people, whose = scene.pick(adult, _SHARED_BY, least=_SHARED_BY), scene.pick(_spare_phones(scene), 1)
        if not people or not whose:
            scene.release(people + whose)
            break
        day = scene.some_day(year, 5, 5)
        notes.phones += [(person, day, whose[0]) for person in people]
        scene.cases.note(kind, True, people, -1, day)


def _ring(scene: Scene, year: Year) -> None:
    """Both also share a telephone across households: one in the way of that kind, one in an innocent way."""
    kind, notes, cases = "ring_of_newly_linked_applicants", scene.notes, scene.cases
    age, made = scene.population.age_on(scene.config.start_day), 0
    adult = scene.registered() & (age >= 20)
    for injected in (False, True):
        for _ in range(scene.wanted(kind, year) if not injected else made):
            mask = adult if injected else adult & _alone(scene) & (age < 68)
            people, whose = scene.pick(mask, _RING, least=_RING), scene.pick(_spare_phones(scene), 1)
            if not people or not whose:
                scene.release(people + whose)
                break
            day = scene.some_day(year, 40, 10)
            noted = day - int(scene.rng.integers(5, 22)) if injected else 0
            notes.phones += [(person, noted, whose[0]) for person in people]
            if not injected:
                notes.homes |= dict.fromkeys(people[1:], people[0])
            days = day + scene.rng.integers(0, 7, _RING)
            cases.applicants += zip(people, days.tolist(), strict=True)
            cases.note(kind, injected, people, -1, int(days.max()))
            cases.note("phone_shared_across_households", injected, people, -1, noted if injected else int(days.max()))
            made += not injected


_MAKERS: tuple[Callable[[Scene, Year], None], ...] = (
    _families, _household_change, _declared, _ring, _shared_phone,
)  # fmt: skip
