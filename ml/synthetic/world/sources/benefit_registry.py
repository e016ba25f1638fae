"""The benefit registry: households, beneficiaries, deaths, payments and applications as the agency notes them."""

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.columns import DAY, codes, dates, days_column, flags, money, numbers, texts
from ml.synthetic.world.benefits.notes import Notes
from ml.synthetic.world.benefits.programme import Benefits
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.faults import BENEFIT_REGISTRY, noted_names, noted_ssn, written_phones
from ml.synthetic.world.identities import Identities
from ml.synthetic.world.population import EMPLOYMENTS, OTHER, RELATIONS, Population
from ml.synthetic.world.reference.places import CITIES, STATES
from ml.synthetic.world.reference.schemes import SCHEME_IDS

_LATE = 30, 200  # days until the agency learns of a move
_DEATH_LATE = 5, 91
_UNKNOWN_DEAD_SHARE = 0.10  # deaths without the number of the beneficiary; as many without a social security number


def _learned_move(config: WorldConfig, population: Population) -> IntArray:
    """Day on which the agency learns of each household's move, ``FAR`` for never; one for all its members."""
    rng = config.rng("registry.moves", population.block)
    count = int(population.household[-1]) + 1
    late = rng.integers(*_LATE, count)[population.household]
    learns = (rng.random(count) >= BENEFIT_REGISTRY.old_address)[population.household]
    return np.where((population.move_day < FAR) & learns, population.move_day + late, FAR)


def households(config: WorldConfig, population: Population, identities: Identities, benefits: Benefits) -> pa.Table:
    """One row each household with registered members, one more on each day on which its address or members change."""
    notes = benefits.notes
    head = np.flatnonzero(np.diff(population.household, prepend=-1))
    registered = np.full(len(head), FAR)
    np.minimum.at(registered, population.household, population.registered_day)
    at_first = np.bincount(population.household, population.in_registry, len(head)).astype(np.int64)
    moved = _learned_move(config, population)[head]
    known = np.flatnonzero(registered < FAR)
    comes = [(int(population.household[host]), day, 1) for _, host, day, _ in notes.stays]
    comes += [(int(population.household[host]), day, -1) for _, host, _, day in notes.stays if day < FAR]
    comes += [(int(population.household[guest]), day, -1) for guest, _, day, _ in notes.stays]
    comes += [(int(population.household[guest]), day, 1) for guest, _, _, day in notes.stays if day < FAR]
    learned = known[moved[known] < FAR]
    record, day = _versions(
        np.concatenate([known, learned, np.array([home for home, _, _ in comes], dtype=np.int64)]),
        np.concatenate([registered[known], moved[learned], np.array([when for _, when, _ in comes], dtype=np.int64)]),
        registered,
    )
    members = at_first[record]
    for home, since, change in comes:
        members[(record == home) & (day >= since)] += change
    person = head[record]
    has_moved = moved[record] <= day
    city, address, postcode = _address(population, identities, notes, person, has_moved)
    return pa.table(
        {
            "household_no": numbers(population.household_no[person]),
            "updated_on": dates(day),
            "address": texts(address),
            "postcode": texts(postcode),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "district_no": numbers(city + 1),
            "members": numbers(members),
            "registered_on": dates(registered[record]),
            DAY: days_column(day),
        }
    )


def _versions(record: IntArray, day: IntArray, first: IntArray) -> tuple[IntArray, IntArray]:
    """Record and day of each version, in order; what happened before the first entry is part of it."""
    pairs: IntArray = np.unique(np.stack([record, np.maximum(day, first[record])]), axis=1)
    return pairs[0], pairs[1]


def _address(
    population: Population, identities: Identities, notes: Notes, person: IntArray, has_moved: BoolArray
) -> tuple[IntArray, np.ndarray, np.ndarray]:
    """City, address and postcode as noted; of those who live with others (``homes``) that of the first one."""
    lives = np.arange(population.people)
    lives[list(notes.homes)] = list(notes.homes.values())
    at, has_moved = lives[person], has_moved & (lives[person] == person)
    return (
        np.where(has_moved, population.move_city[at], population.city[at]),
        np.where(has_moved, identities.moved_address[at], identities.address[at]),
        np.where(has_moved, identities.moved_postcode[at], identities.postcode[at]),
    )


def beneficiaries(config: WorldConfig, population: Population, identities: Identities, benefits: Benefits) -> pa.Table:
    """One row each registered person and change: move, other name, household, telephone, income, account."""
    rng, notes, accounts = config.rng("registry.people", population.block), benefits.notes, benefits.accounts
    size = population.people
    noted = noted_names(rng, identities.first_name, identities.family_name, identities.married_name, BENEFIT_REGISTRY)
    ssn, no_ssn = noted_ssn(rng, identities.ssn, BENEFIT_REGISTRY)
    has_phone = rng.random(size) >= BENEFIT_REGISTRY.missing_phone
    has_phone[[person for person, _, _ in notes.phones]] = True
    learns = rng.random(size) >= BENEFIT_REGISTRY.old_name
    marriage = population.marriage_day
    renamed = np.where((marriage < FAR) & learns, marriage + rng.integers(10, 120, size), FAR)
    moved = _learned_move(config, population)

    person, everybody = np.flatnonzero(population.in_registry), np.arange(size)
    changed, on = notes.change_days(population, accounts)
    who, day = _versions(
        np.concatenate([everybody, everybody, everybody, changed]),
        np.concatenate([population.registered_day, renamed, moved, on]),
        population.registered_day,
    )
    # Nothing is noted after death, and nothing of people who are not registered.
    keep = np.isin(who, person) & (day < population.death_day[who]) & (day < FAR)
    who, day = who[keep], day[keep]
    is_renamed = renamed[who] <= day
    phone = identities.phone[who]
    for one, since, whose in notes.phones:
        phone[(who == one) & (day >= since)] = identities.mobile[whose]
    home = notes.household_on(population, who, day)
    # Guests live with their host.
    is_guest = home != population.household[who]
    lives = np.where(is_guest, np.searchsorted(population.household, home), who)
    city, address, postcode = _address(population, identities, notes, lives, moved[lives] <= day)
    account = notes.account_on(population, accounts, who, day)
    return pa.table(
        {
            "beneficiary_no": numbers(population.beneficiary_no[who]),
            "updated_on": dates(day),
            "household_no": numbers(population.household_no[np.searchsorted(population.household, home)]),
            "relation_to_head": codes(np.where(is_guest, OTHER, population.relation[who]), RELATIONS),
            "first_name": texts(noted.first[who]),
            "last_name": texts(np.where(is_renamed, noted.married[who], noted.family[who])),
            "sex": codes(population.is_female[who], ["M", "F"]),
            "birth_date": dates(notes.birth_day[who]),
            "ssn": texts(ssn[who], missing=no_ssn[who]),
            "phone": texts(written_phones(phone, "dashes"), missing=~has_phone[who]),
            "address": texts(address),
            "postcode": texts(postcode),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "district_no": numbers(city + 1),
            "employment_status": codes(population.employment[who], EMPLOYMENTS),
            "declared_monthly_income": money(notes.income_on(who, day)),
            "is_disabled": flags(population.is_disabled[who]),
            "payment_account_no": numbers(accounts.account_no[np.maximum(account, 0)], missing=account < 0),
            "registered_on": dates(population.registered_day[who]),
            DAY: days_column(day),
        }
    )


def deaths(config: WorldConfig, population: Population, identities: Identities) -> pa.Table:
    """Deaths of registered people, days to months after they happened."""
    rng = config.rng("registry.deaths", population.block)
    late = rng.integers(*_DEATH_LATE, population.people)
    u = rng.random((2, population.people))
    person = np.flatnonzero(population.in_registry & (population.death_day < FAR))
    noted = (population.death_day + late)[person]
    unknown = u[0][person] < _UNKNOWN_DEAD_SHARE
    return pa.table(
        {
            "death_no": numbers(400_000_000 + population.first_person + person),
            "beneficiary_no": numbers(population.beneficiary_no[person], missing=unknown),
            # One of the two is always there, or nobody could say who died.
            "ssn": texts(identities.ssn[person], missing=~unknown & (u[1][person] < _UNKNOWN_DEAD_SHARE)),
            "first_name": texts(identities.first_name[person]),
            "last_name": texts(identities.family_name[person]),
            "birth_date": dates(population.birth_day[person]),
            "death_date": dates(population.death_day[person]),
            "registered_on": dates(noted),
            DAY: days_column(noted),
        }
    )


def benefit_events(population: Population, benefits: Benefits) -> pa.Table:
    """Payments, on their day."""
    paid = benefits.payments
    in_cash = paid.account < 0
    return pa.table(
        {
            "event_id": numbers(benefits.event_id),
            "beneficiary_no": numbers(population.beneficiary_no[paid.person]),
            "scheme_id": codes(paid.scheme, SCHEME_IDS),
            "cycle_start": dates(paid.cycle_day),
            "paid_on": dates(paid.paid_day),
            "amount": money(paid.cents),
            "currency": codes(np.zeros(len(paid.person), dtype=np.int64), ["USD"]),
            "payment_mode": codes(in_cash, ["BANK", "CASH"]),
            "account_no": numbers(benefits.accounts.account_no[np.maximum(paid.account, 0)], missing=in_cash),
            "status": codes(paid.is_returned, ["PAID", "RETURNED"]),
            DAY: days_column(paid.paid_day),
        }
    )


def applications(population: Population, benefits: Benefits) -> pa.Table:
    """Applications on the day they are made, undecided, and once more when they are decided."""
    asked = benefits.applications
    row = np.tile(np.arange(len(asked.person)), 2)
    is_decided = np.arange(len(row)) >= len(asked.person)
    day = np.where(is_decided, asked.decided_day[row], asked.applied_day[row])
    return pa.table(
        {
            "eid": texts(asked.eid[row]),
            "updated_on": dates(day),
            "beneficiary_no": numbers(population.beneficiary_no[asked.person[row]]),
            "scheme_id": codes(asked.scheme[row], SCHEME_IDS),
            "applied_on": dates(asked.applied_day[row]),
            "declared_monthly_income": money(asked.declared[row]),
            "family_size": numbers(asked.family_size[row]),
            "employment_status": codes(population.employment[asked.person[row]], EMPLOYMENTS),
            "avg_monthly_income": money(asked.income[row]),
            "avg_monthly_expenses": money(asked.expenses[row]),
            "credit_score": numbers(asked.credit_score[row], missing=~asked.has_score[row]),
            "total_debt": money(asked.debt[row]),
            "asset_value": money(asked.assets[row]),
            "liabilities_value": money(asked.liabilities[row]),
            "eligible": numbers(asked.eligible[row], missing=~is_decided),
            "decided_on": dates(asked.decided_day[row], missing=~is_decided),
            DAY: days_column(day),
        }
    )
