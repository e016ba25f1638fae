"""The bank's customers as its core banking system notes them, with every change it learns of."""

import numpy as np
import pyarrow as pa

from ml.synthetic.columns import DAY, codes, dates, days_column, money, numbers, texts
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.faults import CORE_BANKING, NotedNames, noted_births, noted_names, noted_ssn, written_phones
from ml.synthetic.world.identities import Identities
from ml.synthetic.world.population import HEAD, SEGMENTS, SPOUSE, Population
from ml.synthetic.world.reference import occupations
from ml.synthetic.world.reference.places import CITIES, STATES
from ml.synthetic.world.sources.versions import Versions, versions

_MARITAL = ("Single", "Married", "Divorced", "Widowed")


def customers(config: WorldConfig, population: Population, identities: Identities) -> pa.Table:
    """One row each customer and change: first entry, move, other family name, death."""
    rng = config.rng("core_banking", population.block)
    person = np.flatnonzero(population.in_bank)
    size = len(person)
    noted = noted_names(
        rng,
        identities.first_name[person],
        identities.family_name[person],
        identities.married_name[person],
        CORE_BANKING,
    )
    birth, _ = noted_births(rng, population.birth_day[person], CORE_BANKING)
    ssn, _ = noted_ssn(rng, identities.ssn[person], CORE_BANKING)
    no_phone = rng.random(size) < CORE_BANKING.missing_phone
    couple = np.isin(population.household, population.household[population.relation == SPOUSE])[person]
    married = couple & (population.relation[person] <= SPOUSE)
    marital = np.where(married, 1, np.where(population.relation[person] == HEAD, rng.choice([0, 2, 3], size), 0))
    declared = population.income_cents[person] * rng.lognormal(0, 0.05, size)
    death = population.death_day[person]
    rows = versions(
        first=population.customer_since[person],
        moved=np.where(
            population.move_day[person] < FAR, population.move_day[person] + rng.integers(10, 61, size), FAR
        ),
        renamed=np.where(
            (population.marriage_day[person] < FAR) & (rng.random(size) >= CORE_BANKING.old_name),
            population.marriage_day[person] + rng.integers(5, 90, size),
            FAR,
        ),
        died=np.where(death < FAR, death + rng.integers(3, 41, size), FAR),
    )
    return _table(
        population, identities, person, rows, noted, birth, ssn, no_phone, marital, np.round(declared, -4), death
    )


def _table(
    population: Population,
    identities: Identities,
    person: np.ndarray,
    rows: Versions,
    noted: NotedNames,
    birth: np.ndarray,
    ssn: np.ndarray,
    no_phone: np.ndarray,
    marital: np.ndarray,
    declared: np.ndarray,
    death: np.ndarray,
) -> pa.Table:
    at, who = rows.record, person[rows.record]
    city = np.where(rows.is_moved, population.move_city[who], population.city[who])
    family = np.where(rows.is_renamed, noted.married[at], noted.family[at])
    middle = identities.middle_name[who]
    return pa.table(
        {
            "customer_no": numbers(population.customer_no[who]),
            "updated_on": dates(rows.day),
            "first_name": texts(noted.first[at]),
            "middle_name": texts(middle, missing=middle == ""),
            "last_name": texts(family),
            "sex": codes(population.is_female[who], ["M", "F"]),
            "birth_date": dates(birth[at]),
            "ssn": texts(ssn[at]),
            "phone": texts(written_phones(identities.phone[who], "plus"), missing=no_phone[at]),
            "email": texts(identities.email[who]),
            "address": texts(np.where(rows.is_moved, identities.moved_address[who], identities.address[who])),
            "postcode": texts(np.where(rows.is_moved, identities.moved_postcode[who], identities.postcode[who])),
            "city": codes(city, CITIES),
            "state": codes(city, STATES),
            "district_no": numbers(city + 1),
            "segment": codes(population.segment[who], SEGMENTS),
            "occupation": codes(population.occupation[who], occupations.NAMES),
            "marital_status": codes(marital[at], _MARITAL),
            "dependants": numbers(np.where(population.relation[who] <= SPOUSE, population.children[who], 0)),
            "annual_income": money(declared[at].astype(np.int64)),
            "customer_since": dates(population.customer_since[who]),
            "deceased_on": dates(np.where(rows.is_dead, death[at], 0), missing=~rows.is_dead),
            DAY: days_column(rows.day),
        }
    )
