"""The benefit registry: households, beneficiaries, deaths, payments and applications as the agency notes them."""

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import IntArray
from ml.synthetic.columns import DAY, codes, dates, days_column, flags, money, numbers, texts
from ml.synthetic.world.benefits.programme import Benefits
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.faults import BENEFIT_REGISTRY, noted_births, noted_names, noted_ssn, written_phones
from ml.synthetic.world.identities import Identities
from ml.synthetic.world.population import EMPLOYMENTS, RELATIONS, Population
from ml.synthetic.world.reference.places import CITIES, STATES
from ml.synthetic.world.reference.schemes import SCHEME_IDS
from ml.synthetic.world.sources.versions import versions

_LATE = 30, 200  # days until the agency learns of a move
_DEATH_LATE = 5, 91
_UNKNOWN_DEAD_SHARE = 0.10  # deaths without the number of the beneficiary; as many without a social security number
_UNDERSTATED_SHARE = 0.08


def _learned_move(config: WorldConfig, population: Population) -> IntArray:
    """Day on which the agency learns of each household's move, ``FAR`` for never; one for all its members."""
    rng = config.rng("registry.moves", population.block)
    count = int(population.household[-1]) + 1
    late = rng.integers(*_LATE, count)[population.household]
    learns = (rng.random(count) >= BENEFIT_REGISTRY.old_address)[population.household]
    return np.where((population.move_day < FAR) & learns, population.move_day + late, FAR)


def households(config: WorldConfig, population: Population, identities: Identities) -> pa.Table:
    """One row each household with registered members, one more after a move that the agency learned of."""
    head = np.flatnonzero(np.diff(population.household, prepend=-1))
    registered = np.full(len(head), FAR)
    np.minimum.at(registered, population.household, population.registered_day)
    members = np.bincount(population.household, population.in_registry, len(head)).astype(np.int64)
    known = np.flatnonzero(registered < FAR)
    never = np.full(len(known), FAR)
    rows = versions(
        first=registered[known], moved=_learned_move(config, population)[head[known]], renamed=never, died=never
    )
    at = known[rows.record]
    person = head[at]
    city = np.where(rows.is_moved, population.move_city[person], population.city[person])
    return pa.table(
        {
            "household_no": numbers(population.household_no[person]),
            "updated_on": dates(rows.day),
            "address": texts(np.where(rows.is_moved, identities.moved_address[person], identities.address[person])),
            "postcode": texts(np.where(rows.is_moved, identities.moved_postcode[person], identities.postcode[person])),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "district_no": numbers(city + 1),
            "members": numbers(members[at]),
            "registered_on": dates(registered[at]),
            DAY: days_column(rows.day),
        }
    )


def beneficiaries(config: WorldConfig, population: Population, identities: Identities, benefits: Benefits) -> pa.Table:
    """One row each registered person and change: first entry, move, other name, stay in another household."""
    rng = config.rng("registry.people", population.block)
    person = np.flatnonzero(population.in_registry)
    size, cases = len(person), benefits.cases
    noted = noted_names(
        rng,
        identities.first_name[person],
        identities.family_name[person],
        identities.married_name[person],
        BENEFIT_REGISTRY,
    )
    birth, _ = noted_births(rng, population.birth_day[person], BENEFIT_REGISTRY)
    ssn, no_ssn = noted_ssn(rng, identities.ssn[person], BENEFIT_REGISTRY)
    phone = identities.phone.copy()
    for one, other in cases.phone_of.items():
        phone[one] = identities.phone[other]
    shares = np.isin(person, list(cases.phone_of) + list(cases.phone_of.values()))
    no_phone = (rng.random(size) < BENEFIT_REGISTRY.missing_phone) & ~shares
    understated = np.where(rng.random(size) < _UNDERSTATED_SHARE, rng.uniform(0.4, 0.8, size), 1.0)
    fixed = np.array([cases.declared_share.get(row, 0.0) for row in person.tolist()])
    income = population.income_cents[person] / 12 * np.where(fixed > 0, fixed, understated)
    marriage = population.marriage_day[person]
    learns = rng.random(size) >= BENEFIT_REGISTRY.old_name
    renamed = np.where((marriage < FAR) & learns, marriage + rng.integers(10, 120, size), FAR)
    rows = versions(
        first=population.registered_day[person],
        moved=_learned_move(config, population)[person],
        renamed=renamed,
        died=np.full(size, FAR),
    )
    at, day, moved, married = rows.record, rows.day, rows.is_moved, rows.is_renamed
    home = population.household_no[person[at]]
    for guest, host, first, last in cases.stays:
        mine = int(np.searchsorted(person, guest))
        for when, household in ((first, host), (last, guest)):
            if when < FAR and not ((at == mine) & (day == when)).any():
                latest = np.flatnonzero((at == mine) & (day < when))[-1]
                at, day = np.append(at, mine), np.append(day, when)
                moved, married = np.append(moved, moved[latest]), np.append(married, married[latest])
                home = np.append(home, population.household_no[household])
        later = (at == mine) & (day > first) & (day < last)
        home[later] = population.household_no[host]
    who = person[at]
    alive = day < population.death_day[who]
    at, day, moved, married, home, who = (values[alive] for values in (at, day, moved, married, home, who))
    order = np.lexsort((day, who))
    at, day, moved, married, home, who = (values[order] for values in (at, day, moved, married, home, who))
    city = np.where(moved, population.move_city[who], population.city[who])
    account = benefits.payment_account[who]
    # The registry notes an account when there is one; before, benefits come in cash.
    has_account = (account >= 0) & (benefits.accounts.opened_day[np.maximum(account, 0)] <= day)
    return pa.table(
        {
            "beneficiary_no": numbers(population.beneficiary_no[who]),
            "updated_on": dates(day),
            "household_no": numbers(home),
            "relation_to_head": codes(population.relation[who], RELATIONS),
            "first_name": texts(noted.first[at]),
            "last_name": texts(np.where(married, noted.married[at], noted.family[at])),
            "sex": codes(population.is_female[who], ["M", "F"]),
            "birth_date": dates(birth[at]),
            "ssn": texts(ssn[at], missing=no_ssn[at]),
            "phone": texts(written_phones(phone[who], "dashes"), missing=no_phone[at]),
            "address": texts(np.where(moved, identities.moved_address[who], identities.address[who])),
            "postcode": texts(np.where(moved, identities.moved_postcode[who], identities.postcode[who])),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "district_no": numbers(city + 1),
            "employment_status": codes(population.employment[who], EMPLOYMENTS),
            "declared_monthly_income": money(np.round(income[at], -2).astype(np.int64)),
            "is_disabled": flags(population.is_disabled[who]),
            "payment_account_no": numbers(benefits.accounts.account_no[np.maximum(account, 0)], missing=~has_account),
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
