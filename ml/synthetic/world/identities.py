"""What people are truly called, where they live, how they are reached; unique over the world where it must be."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.population import OTHER, PARENT, SPOUSE, Population
from ml.synthetic.world.reference import names
from ml.synthetic.world.reference.places import AREA_CODES, POSTCODES

SHARED_PHONE_SHARE = 0.20  # of the people give the telephone of their household instead of their own
_OWN_NAME_SHARE = 0.2  # of the spouses without a name change: another family name for good
_SSN_AREAS, _SSN_GROUPS, _SSN_SERIALS = 790, 99, 9_999
_LOCAL_NUMBERS = 8_000_000  # telephones of an area code
_DOMAINS = np.array(["example.com", "example.org", "example.net", "mail.example"], dtype=object)


@dataclass(frozen=True)
class Identities:
    """True values, object arrays of strings with one element each person of the block.

    Attributes
    ----------
    married_name, moved_address, moved_postcode
        What holds from ``marriage_day`` and ``move_day`` on; equal to the first where nothing changes.
    phone
        What the person gives: the own mobile, or the household's telephone.
    """

    first_name: np.ndarray
    middle_name: np.ndarray
    family_name: np.ndarray
    married_name: np.ndarray
    ssn: np.ndarray
    mobile: np.ndarray
    household_phone: np.ndarray
    phone: np.ndarray
    email: np.ndarray
    address: np.ndarray
    postcode: np.ndarray
    moved_address: np.ndarray
    moved_postcode: np.ndarray


def make_identities(config: WorldConfig, population: Population) -> Identities:
    """Names, numbers and addresses of everybody in the block."""
    rng = config.rng("identities", population.block)
    n, household = population.people, population.household
    count = int(household[-1]) + 1
    first = np.where(population.is_female, _pick(rng, names.FEMALE_NAMES, n), _pick(rng, names.MALE_NAMES, n))
    middle = np.where(population.is_female, _pick(rng, names.FEMALE_NAMES, n), _pick(rng, names.MALE_NAMES, n))
    middle = np.where(rng.random(n) < 0.55, middle, "")
    shared, own = _pick(rng, names.FAMILY_NAMES, count)[household], _pick(rng, names.FAMILY_NAMES, n)
    relation, u = population.relation, rng.random(n)
    marries = population.marriage_day < FAR
    other = (relation == OTHER) | (relation == PARENT) & (u < 0.4)
    other |= (relation == SPOUSE) & ((u < _OWN_NAME_SHARE) | marries)
    family = np.where(other, own, shared)
    person = population.first_person + np.arange(n)
    mobile = _phones(config, person, 0)
    at_home = _phones(config, population.first_person + household, 1)
    digits = np.char.mod("%d", rng.integers(1, 1_000, n)).astype(object)
    email = np.char.lower((first + "." + family).astype(str)).astype(object) + digits + "@" + _pick(rng, _DOMAINS, n)
    return Identities(
        first_name=first,
        middle_name=middle,
        family_name=family,
        married_name=np.where(marries, shared, family),
        ssn=_ssn(config, person),
        mobile=mobile,
        household_phone=at_home,
        phone=np.where(rng.random(n) < SHARED_PHONE_SHARE, at_home, mobile),
        email=email,
        address=_addresses(rng, count)[household],
        postcode=np.array(POSTCODES, dtype=object)[population.city],
        moved_address=_addresses(rng, count)[household],
        moved_postcode=np.array(POSTCODES, dtype=object)[population.move_city],
    )


def _pick(rng: np.random.Generator, words: np.ndarray, size: int) -> np.ndarray:
    # Names of the front of the list are the commonest.
    return words[(rng.random(size) ** 1.4 * len(words)).astype(np.int64)]


def _scatter(config: WorldConfig, number: IntArray, size: int, step: int, purpose: str) -> IntArray:
    """A bijection of 0..size-1 (``step`` and ``size`` have no common factor): neighbours get far numbers."""
    offset = int(config.rng(purpose, 0).integers(0, size))
    return (number * step + offset) % size


def _ssn(config: WorldConfig, person: IntArray) -> np.ndarray:
    size = _SSN_AREAS * _SSN_GROUPS * _SSN_SERIALS
    number = _scatter(config, person, size, 104_729_003, "ssn")
    area = 100 + number // (_SSN_GROUPS * _SSN_SERIALS)
    area += area >= 666
    group, serial = number // _SSN_SERIALS % _SSN_GROUPS + 1, number % _SSN_SERIALS + 1
    text = np.char.mod("%03d-", area).astype(object) + np.char.mod("%02d-", group) + np.char.mod("%04d", serial)
    return text.astype(object)


def _phones(config: WorldConfig, number: IntArray, kind: int) -> np.ndarray:
    """Ten digits; mobiles (kind 0) and households' telephones (kind 1) never meet."""
    half = len(AREA_CODES) * _LOCAL_NUMBERS // 2
    place = _scatter(config, number, half, 48_271_333, "phones") + kind * half
    area = np.array(AREA_CODES, dtype=object)[place // _LOCAL_NUMBERS]
    return area + np.char.mod("%07d", 2_000_000 + place % _LOCAL_NUMBERS).astype(object)


def _addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    number = np.char.mod("%d ", rng.integers(1, 9_900, count)).astype(object)
    flat = np.where(rng.random(count) < 0.3, np.char.mod(" Apt %d", rng.integers(1, 60, count)).astype(object), "")
    return number + _pick(rng, names.STREETS, count) + " " + _pick(rng, names.STREET_KINDS, count) + flat
