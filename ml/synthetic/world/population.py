"""People in households: who they are, and what happens to them within the horizon.

Only what is true. What the three source systems know of it, and get wrong, is in ``sources``; names, numbers and
addresses are in ``identities``.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.world.config import BLOCK_PEOPLE, FAR, WorldConfig
from ml.synthetic.world.reference import occupations as work
from ml.synthetic.world.reference.places import AVERAGE_SALARY, CITY_WEIGHTS

RELATIONS = ("HEAD", "SPOUSE", "CHILD", "PARENT", "SIBLING", "OTHER")
HEAD, SPOUSE, CHILD, PARENT, SIBLING, OTHER = range(len(RELATIONS))
SEGMENTS = ("Mass Market", "Affluent", "Premium", "Business")
EMPLOYMENTS = ("Employed", "Self-Employed", "Unemployed")

# Share of households by who lives in them: head, spouse, children (least, most), parents, siblings, flatmates.
_HOUSEHOLDS = (
    (0.27, 0, (0, 0), 0, 0, (0, 0)),  # single
    (0.25, 1, (0, 0), 0, 0, (0, 0)),  # couple
    (0.26, 1, (1, 3), 0, 0, (0, 0)),  # couple with children
    (0.09, 0, (1, 3), 0, 0, (0, 0)),  # single parent
    (0.05, 1, (1, 3), 1, 0, (0, 0)),  # three generations
    (0.03, 0, (0, 0), 0, 1, (0, 0)),  # brothers and sisters
    (0.05, 0, (0, 0), 0, 0, (1, 3)),  # flat share of people who are not related
)
TWIN_SHARE = 0.03  # of the children with an elder brother or sister, and of grown brothers and sisters ten times that
MOVES_A_YEAR = 0.09  # of the households
MARRIAGES_A_YEAR = 0.03  # of the spouses who kept their own name: the partner's name is taken
_OWN_NAME_SHARE = 0.35
BANK_SHARE = 0.92  # of adults
CRM_SHARE, CRM_STRANGER_SHARE = 0.70, 0.04  # of the bank's customers, and of other adults
REGISTRY_SHARE = 0.45  # of households; poorer ones more often
JOINS_A_YEAR = 0.06  # of the customers, as new ones within the horizon
_DISABLED_SHARE = 0.06
# Gompertz: yearly hazard of death at age 0 and its growth a year (US life tables give about 1 % at 62).
_HAZARD, _GROWTH = 4.0e-5, 0.089


@dataclass(frozen=True)
class Population:
    """People of one block, one element each; members of a household follow each other, its head first.

    Attributes
    ----------
    block, first_person : int
        Number of the block, and the global number of its local person 0.
    household, relation, twin_of, city : array of int
        Local household; row of ``RELATIONS``; local person or -1; row of ``DISTRICTS`` at the start.
    birth_day, death_day, marriage_day, move_day : array of int
        ``FAR`` for what does not happen within the horizon. A household moves together, to ``move_city``.
    occupation, employment, segment : array of int
        Rows of ``OCCUPATIONS``, ``EMPLOYMENTS`` and ``SEGMENTS``.
    income_cents : array of int
        True gross income a year.
    in_bank, in_crm, in_registry : array of bool
    customer_since, registered_day : array of int
        ``FAR`` where the system does not know the person.
    customer_no, beneficiary_no, household_no : array of int
        Numbers in the source systems; customer and beneficiary 0 where unknown there.
    children : array of int
        Members of the household under 18 at the start.
    """

    block: int
    first_person: int
    household: IntArray
    relation: IntArray
    is_female: BoolArray
    birth_day: IntArray
    twin_of: IntArray
    city: IntArray
    move_day: IntArray
    move_city: IntArray
    marriage_day: IntArray
    death_day: IntArray
    occupation: IntArray
    employment: IntArray
    income_cents: IntArray
    segment: IntArray
    is_disabled: BoolArray
    in_bank: BoolArray
    in_crm: BoolArray
    in_registry: BoolArray
    customer_since: IntArray
    registered_day: IntArray
    customer_no: IntArray
    beneficiary_no: IntArray
    household_no: IntArray
    children: IntArray

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.household)

    def age_on(self, day: IntArray | int) -> IntArray:
        """Age in whole years (of 365.25 days), also negative before birth."""
        return np.floor((np.asarray(day) - self.birth_day) / 365.25).astype(np.int64)


def make_population(config: WorldConfig, block: int) -> Population:
    """Everybody of a block, whole households, exactly ``config.block_people(block)`` people."""
    rng = config.rng("population", block)
    n, start = config.block_people(block), config.start_day
    household, relation = _households(rng, n)
    count = int(household[-1]) + 1
    head = np.searchsorted(household, np.arange(count))
    age = _ages(rng, household, relation, head)
    is_female = rng.random(n) < 0.505
    spouse = np.flatnonzero(relation == SPOUSE)
    # Nine in ten couples are a woman and a man.
    mixed = spouse[rng.random(len(spouse)) < 0.9]
    is_female[mixed] = ~is_female[head[household[mixed]]]
    birth = start - np.floor(age * 365.25).astype(np.int64)
    twin_of = _twins(rng, household, relation, birth)
    age = (start - birth) / 365.25
    adult = age >= 18
    city = rng.choice(len(CITY_WEIGHTS), count, p=CITY_WEIGHTS)[household]
    occupation, employment, income, disabled = _work(rng, age, city)
    death = _deaths(rng, config, age)
    move, move_city = _moves(rng, config, household, count, city)
    keeps_name = (relation == SPOUSE) & (rng.random(n) < _OWN_NAME_SHARE)
    marriage = start + rng.exponential(365 / (MARRIAGES_A_YEAR / _OWN_NAME_SHARE), n).astype(np.int64)
    marriage = np.where(keeps_name & (marriage < np.minimum(config.horizon_day, death)), marriage, FAR)
    in_bank = adult & (rng.random(n) < BANK_SHARE)
    in_crm = np.where(
        in_bank, rng.random(n) < CRM_SHARE, adult & (rng.random(n) < CRM_STRANGER_SHARE / (1 - BANK_SHARE))
    )
    earned = np.bincount(household, income, count) / np.bincount(household)
    chance = REGISTRY_SHARE * np.clip(1.6 - 0.75 * earned / np.mean(earned), 0.15, 2.0)
    in_registry = (rng.random(count) < chance)[household]
    since = _customer_since(rng, config, age)
    since = np.where(in_bank & (since < death), since, FAR)
    in_bank &= since < FAR
    in_crm &= in_bank | ~adult | (death > start + 60)
    registered = (start - rng.integers(30, 3_000, count))[household]
    late = (rng.random(count) < 0.15)[household]
    registered = np.where(late, start + (rng.random(count) * 1_500).astype(np.int64)[household], registered)
    in_registry &= registered < death
    number = block * BLOCK_PEOPLE + np.arange(n)
    business = (occupation == work.BUSINESS_OWNER) & in_bank
    rich = income + rng.normal(0, 8_000, n)
    segment = np.select([business, rich > 170_000, rich > 92_000], [3, 2, 1], 0)
    return Population(
        block=block,
        first_person=block * BLOCK_PEOPLE,
        household=household,
        relation=relation,
        is_female=is_female,
        birth_day=birth,
        twin_of=twin_of,
        city=city,
        move_day=move,
        move_city=move_city,
        marriage_day=marriage,
        death_day=death,
        occupation=occupation,
        employment=employment,
        income_cents=np.round(income).astype(np.int64) * 100,
        segment=segment,
        is_disabled=disabled,
        in_bank=in_bank,
        in_crm=in_crm,
        in_registry=in_registry,
        customer_since=since,
        registered_day=np.where(in_registry, registered, FAR),
        customer_no=np.where(in_bank, 1_000_000 + 7 * (number + 1), 0),
        beneficiary_no=np.where(in_registry, 300_000_000 + 3 * (number + 1), 0),
        household_no=200_000_000 + block * BLOCK_PEOPLE + household,
        children=np.bincount(household, ~adult, count).astype(np.int64)[household],
    )


def _households(rng: np.random.Generator, n: int) -> tuple[IntArray, IntArray]:
    """Household and relation of each person; the last household is cut to fit."""
    size = n  # more than enough households
    kind = rng.choice(len(_HOUSEHOLDS), size, p=[row[0] for row in _HOUSEHOLDS])

    def members(column: int) -> IntArray:
        low, high = (np.array([row[column][at] for row in _HOUSEHOLDS])[kind] for at in (0, 1))  # type: ignore[index]
        return low + (rng.random(size) * (high - low + 1)).astype(np.int64)

    plain = {column: np.array([row[column] for row in _HOUSEHOLDS])[kind] for column in (1, 3, 4)}
    counts = np.stack([np.ones(size, dtype=np.int64), plain[1], members(2), plain[3], plain[4], members(5)], axis=1)
    household = np.repeat(np.arange(size), counts.sum(axis=1))[:n]
    relation = np.repeat(np.tile(np.arange(len(RELATIONS)), size), counts.ravel())[:n]
    return household, relation


def _ages(rng: np.random.Generator, household: IntArray, relation: IntArray, head: IntArray) -> FloatArray:
    n, count = len(household), len(head)
    has_child = np.bincount(household, relation == CHILD, count) > 0
    has_parent = np.bincount(household, relation == PARENT, count) > 0
    shares = np.bincount(household, relation >= SIBLING, count) > 0
    of_head = np.where(rng.random(count) < 0.72, rng.uniform(22, 66, count), rng.uniform(62, 93, count))
    of_head = np.where(has_child, rng.uniform(25, 54, count), of_head)
    of_head = np.where(has_parent, rng.uniform(32, 58, count), of_head)
    of_head = np.where(shares, rng.uniform(19, 45, count), of_head)
    base = of_head[household]
    spouse = np.maximum(base + rng.normal(-1, 4, n), 19)
    child = np.clip(base - rng.uniform(20, 38, n), 0, 24)
    parent = base + rng.uniform(21, 36, n)
    near = np.maximum(base + rng.normal(0, 4, n), 18.5)
    age: FloatArray = np.select([relation == SPOUSE, relation == CHILD, relation == PARENT, relation >= SIBLING],
                                [spouse, child, parent, near], base)  # fmt: skip
    return age


def _twins(rng: np.random.Generator, household: IntArray, relation: IntArray, birth: IntArray) -> IntArray:
    """Brothers and sisters born on one day; ``birth`` is changed in place."""
    twin_of = np.full(len(household), -1)
    next_child = (
        np.flatnonzero((household[1:] == household[:-1]) & (relation[1:] == CHILD) & (relation[:-1] == CHILD)) + 1
    )
    grown = np.flatnonzero(relation == SIBLING)
    second = np.concatenate(
        [next_child[rng.random(len(next_child)) < TWIN_SHARE], grown[rng.random(len(grown)) < 10 * TWIN_SHARE]]
    )
    for row in second:  # a few dozen in a block; no third one may join a pair
        first = row - 1
        if twin_of[first] < 0 and twin_of[row] < 0:
            birth[row] = birth[first]
            twin_of[row], twin_of[first] = first, row
    return twin_of


def _work(
    rng: np.random.Generator, age: FloatArray, city: IntArray
) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Occupation, employment, income a year in dollars, disability."""
    n = len(age)
    disabled = rng.random(n) < _DISABLED_SHARE * np.where(age > 60, 2.2, 0.7)
    occupation = rng.choice(len(work.OCCUPATIONS), n, p=work.WEIGHTS)
    occupation = np.where(disabled & (rng.random(n) < 0.4) & (age < 65), work.UNEMPLOYED, occupation)
    retires = age > 62 + 6 * rng.random(n)
    occupation = np.select(
        [age < 18, (age < 24) & (rng.random(n) < 0.55), retires], [work.CHILD, work.STUDENT, work.RETIRED], occupation
    )
    pay = work.MEDIAN_INCOME[occupation] * rng.lognormal(0, 0.28, n) * (AVERAGE_SALARY[city] / 5_300) ** 0.7
    employment = np.select(
        [
            np.isin(occupation, (work.BUSINESS_OWNER, work.FREELANCER)),
            occupation >= work.UNEMPLOYED,
        ],
        [1, 2],
        0,
    )
    return occupation, employment, np.round(pay, -2), disabled


def _deaths(rng: np.random.Generator, config: WorldConfig, age: FloatArray) -> IntArray:
    """Gompertz: the time until the hazard, growing with age, has summed up to an exponential."""
    summed = rng.exponential(1.0, len(age))
    hazard = _HAZARD * np.exp(_GROWTH * age)
    years = np.log1p(_GROWTH * summed / hazard) / _GROWTH
    day = config.start_day + 1 + (years * 365.25).astype(np.int64)
    return np.where(day < config.horizon_day, day, FAR)


def _moves(
    rng: np.random.Generator, config: WorldConfig, household: IntArray, count: int, city: IntArray
) -> tuple[IntArray, IntArray]:
    day = config.start_day + rng.exponential(365 / MOVES_A_YEAR, count).astype(np.int64)
    day = np.where(day < config.horizon_day, day, FAR)
    away = (rng.random(count) < 0.45)[household]
    target = np.where(away, rng.choice(len(CITY_WEIGHTS), count, p=CITY_WEIGHTS)[household], city)
    return day[household], target


def _customer_since(rng: np.random.Generator, config: WorldConfig, age: FloatArray) -> IntArray:
    years_adult = np.maximum(age - 18, 0)
    before = config.start_day - 1 - (rng.random(len(age)) * np.minimum(years_adult, 12) * 365).astype(np.int64)
    joins = rng.random(len(age)) < 1 - np.exp(-JOINS_A_YEAR * 5)
    later = config.start_day + (rng.random(len(age)) * 5 * 365).astype(np.int64)
    return np.where(joins, later, before)
