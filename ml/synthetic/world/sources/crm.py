"""The CRM: records of its own with numbers of its own, more faults, fewer updates; and service contacts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.calendar import month_start
from ml.synthetic.columns import DAY, codes, dates, days_column, numbers, texts, timestamps
from ml.synthetic.world.config import BLOCK_PEOPLE, FAR, WorldConfig
from ml.synthetic.world.faults import CRM, noted_births, noted_names, written_phones
from ml.synthetic.world.identities import Identities
from ml.synthetic.world.ledger.clock import OFFICE_DAYS, days_in_month, seconds_of_day
from ml.synthetic.world.population import Population
from ml.synthetic.world.reference.places import CITIES, STATES
from ml.synthetic.world.sources.versions import versions
from ml.synthetic.world.stress import Stress

NUMBERED_SHARE = 0.6  # of the records of customers carry the bank's number
TWICE_SHARE = 0.08  # of the people have two records: one with the number, one without
_TOPICS = ("CARD", "FEES", "LOGIN", "LOAN", "TRANSFER", "ACCOUNT_OPENING", "FRAUD", "RATES")
_TYPES = ("CALL", "SERVICE", "COMPLAINT", "REVIEW")
_CHANNELS = ("Phone", "Chat", "Email", "Branch", "App")
_PRODUCTS = ("Checking Account", "Savings Account", "Credit Card", "Mortgage", "Personal Loan")
_CONTACTS_A_MONTH, _MORE_UNDER_STRESS = 0.16, 0.45
_MONTH_BITS, _BLOCK_BITS = 36, 16


@dataclass(frozen=True)
class Records:
    """The CRM's records of a block, one element each."""

    person: IntArray
    crm_id: IntArray
    has_number: BoolArray
    created_day: IntArray


def records(config: WorldConfig, population: Population) -> Records:
    """Who is in the CRM, under which number, since when."""
    rng = config.rng("crm.records", population.block)
    once = np.flatnonzero(population.in_crm)
    twice = once[rng.random(len(once)) < TWICE_SHARE]
    person = np.concatenate([once, twice])
    is_second = np.arange(len(person)) >= len(once)
    doubled = np.isin(person, twice)
    has_number = np.where(doubled, ~is_second, rng.random(len(person)) < NUMBERED_SHARE) & population.in_bank[person]
    since = np.minimum(population.customer_since[person], config.start_day + 400)
    created = np.where(
        population.in_bank[person], population.customer_since[person], since - rng.integers(0, 700, len(person))
    )
    created = created + rng.integers(0, 200, len(person))
    keep = created < population.death_day[person]
    number = 700_000_000 + (population.first_person + person) * 2 + is_second
    return Records(person[keep], number[keep], has_number[keep], created[keep])


def persons(config: WorldConfig, population: Population, identities: Identities) -> pa.Table:
    """One row each record and change that the CRM learns of; of deaths it learns nothing."""
    rng = config.rng("crm.persons", population.block)
    known = records(config, population)
    person, size = known.person, len(known.person)
    noted = noted_names(
        rng,
        identities.first_name[person],
        identities.family_name[person],
        identities.married_name[person],
        CRM,
    )
    birth, no_birth = noted_births(rng, population.birth_day[person], CRM)
    no_phone = rng.random(size) < CRM.missing_phone
    gives_home = rng.random(size) < 0.15
    phone = np.where(gives_home, identities.household_phone[person], identities.phone[person])
    no_email = rng.random(size) < 0.3
    learns = rng.random((2, size))
    move, marriage = population.move_day[person], population.marriage_day[person]
    rows = versions(
        first=known.created_day,
        moved=np.where((move < FAR) & (learns[0] >= CRM.old_address), move + rng.integers(20, 200, size), FAR),
        renamed=np.where((marriage < FAR) & (learns[1] >= CRM.old_name), marriage + rng.integers(20, 200, size), FAR),
        died=np.full(size, FAR),
    )
    alive = rows.day < population.death_day[person][rows.record]
    at, day = rows.record[alive], rows.day[alive]
    moved, who = rows.is_moved[alive], person[at]
    city = np.where(moved, population.move_city[who], population.city[who])
    return pa.table(
        {
            "crm_id": numbers(known.crm_id[at]),
            "updated_on": dates(day),
            "first_name": texts(noted.first[at]),
            "last_name": texts(np.where(rows.is_renamed[alive], noted.married[at], noted.family[at])),
            "birth_date": dates(birth[at], missing=no_birth[at]),
            "phone": texts(written_phones(phone[at], "brackets"), missing=no_phone[at]),
            "email": texts(identities.email[who], missing=no_email[at]),
            "address": texts(np.where(moved, identities.moved_address[who], identities.address[who])),
            "postcode": texts(np.where(moved, identities.moved_postcode[who], identities.postcode[who])),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "customer_no": numbers(population.customer_no[who], missing=~known.has_number[at]),
            "created_on": dates(known.created_day[at]),
            DAY: days_column(day),
        }
    )


def contacts(config: WorldConfig, population: Population, stress: Stress, month: int) -> pa.Table:
    """Service contacts of a month: more, and unhappier, under stress."""
    rng = config.rng("crm.contacts", population.block, month)
    known = records(config, population)
    first, last = int(month_start(month)), int(month_start(month + 1)) - 1
    level = stress.level(np.arange(first, last + 1))[known.person]
    row = np.repeat(
        np.arange(len(known.person)), rng.poisson(_CONTACTS_A_MONTH + _MORE_UNDER_STRESS * level.mean(axis=1))
    )
    day = days_in_month(rng, month, len(row), OFFICE_DAYS)
    keep = (day >= known.created_day[row]) & (day < population.death_day[known.person[row]])
    row, day = row[keep], day[keep]
    size = len(row)
    strength = level[row, day - first]
    weights = np.stack([0.42 + 0 * strength, 0.28 + 0 * strength, 0.12 + 0.4 * strength, 0.18 + 0 * strength], axis=1)
    kind = (rng.random(size)[:, None] * weights.sum(axis=1, keepdims=True) > np.cumsum(weights, axis=1)).sum(axis=1)
    complaint, review = kind == 2, kind == 3
    mood = np.clip(np.round(4.1 - 1.6 * complaint - 1.2 * strength + rng.normal(0, 0.8, size)), 1, 5)
    rated = review | (rng.random(size) < 0.55)
    channel = np.where(review, 4, rng.choice(5, size, p=[0.5, 0.18, 0.14, 0.1, 0.08]))
    spoken = np.isin(channel, (0, 3))
    solved = rng.random(size) < 0.85 - 0.3 * complaint
    second = seconds_of_day(rng, size, "office")
    order = np.lexsort((row, second, day))
    number = (month << _MONTH_BITS) + (population.first_person // BLOCK_PEOPLE << _BLOCK_BITS) + np.arange(size)
    product, topic = rng.integers(0, len(_PRODUCTS), size), rng.integers(0, len(_TOPICS), size)
    no_product = rng.random(size) >= 0.85
    duration = rng.gamma(2.5, 140, size).astype(np.int64) + 20
    table = {
        "crm_id": numbers(known.crm_id[row][order]),
        "contacted_at": timestamps(day[order], second[order]),
        "contact_type": codes(kind[order], _TYPES),
        "channel": codes(channel[order], _CHANNELS),
        "product": codes(product[order], _PRODUCTS, missing=no_product[order]),
        "topic": codes(topic[order], _TOPICS),
        "resolution": codes(np.where(review, 0, np.where(solved, 1, 2))[order], ("NONE", "RESOLVED", "OPEN")),
        "satisfaction": numbers(mood[order].astype(np.int64), missing=~rated[order]),
        "duration_seconds": numbers(duration[order], missing=~spoken[order]),
        DAY: days_column(day[order]),
    }
    return pa.table({"contact_id": numbers(number), **table})
