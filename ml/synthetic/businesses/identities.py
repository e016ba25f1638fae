"""What businesses and owners are called, where they are, how they are reached; numbers are unique over all blocks."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.gstin import gstins, mobiles, pans
from ml.synthetic.businesses.population import MOST_OWNERS, Population
from ml.synthetic.businesses.reference import names, places
from ml.synthetic.businesses.reference.names import pick
from ml.synthetic.businesses.reference.sectors import SECTORS

# Holders of tax numbers in a block: businesses, owners, then outside firms (see parties).
HOLDERS = 20_000
_DOMAINS = np.array(["example.in", "example.com", "mail.example", "example.org"], dtype=object)
_SUFFIXES = np.array(["", " & Co", " Private Limited"], dtype=object)
_MOVES_SHARE = 0.2  # of the businesses note another address and telephone once


@dataclass(frozen=True)
class Identities:
    """Object arrays of strings, one element a business or owner of the block.

    Attributes
    ----------
    moved_day : array of int
        Day on which the second address and telephone of a business are noted; 0 where it never moves.
    owner_female, owner_birth_day
        Of the owners; the family name of a proprietor or first partner is often the firm's.
    """

    business_id: np.ndarray
    name: np.ndarray
    pan: np.ndarray
    gstin: np.ndarray
    phone: np.ndarray
    email: np.ndarray
    address: np.ndarray
    postcode: np.ndarray
    moved_day: IntArray
    moved_phone: np.ndarray
    moved_address: np.ndarray
    moved_postcode: np.ndarray
    owner_id: np.ndarray
    owner_first_name: np.ndarray
    owner_last_name: np.ndarray
    owner_female: BoolArray
    owner_birth_day: IntArray
    owner_pan: np.ndarray
    owner_phone: np.ndarray
    owner_email: np.ndarray
    owner_address: np.ndarray
    owner_postcode: np.ndarray
    owner_since: IntArray


def make_identities(config: BusinessConfig, population: Population) -> Identities:
    """Names, tax numbers, telephones and addresses of a block."""
    rng = config.rng("identities", population.block)
    n, business = population.count, population.owner_business
    holder = population.block * HOLDERS
    business_id = np.char.mod("CUST_MSM_%05d", population.number).astype(object)

    family = pick(rng, names.FAMILY_NAMES, n)
    front = np.where(rng.random(n) < 0.5, family, "Shree " + pick(rng, names.FIRM_WORDS, n))
    middle = np.where(rng.random(n) < 0.6, np.array(SECTORS, dtype=object)[population.sector] + " ", "")
    name = front + " " + middle + pick(rng, names.FIRM_KINDS, n) + _SUFFIXES[population.constitution]

    is_first = population.owner_place == 0
    count = len(business)
    female = rng.random(count) < 0.32
    first_name = np.where(female, pick(rng, names.FEMALE_NAMES, count), pick(rng, names.MALE_NAMES, count))
    shared = is_first | (rng.random(count) < 0.5)
    last_name = np.where(shared, family[business], pick(rng, names.FAMILY_NAMES, count))
    place = business * MOST_OWNERS + population.owner_place
    owner_pan = pans(config, holder + n + place, np.full(count, "P", dtype=object), last_name)
    kind = np.array(["P", "F", "C"], dtype=object)[population.constitution]
    # A proprietorship is its owner before the law and has the owner's number.
    pan = np.where(
        population.constitution == 0, owner_pan[population.first_owner], pans(config, holder + np.arange(n), kind, name)
    )
    number = np.char.mod("%d", rng.integers(1, 1_000, count)).astype(object)
    email = np.char.lower((first_name + "." + last_name).astype(str)).astype(object) + number
    born = population.incorporated_day[business] - rng.integers(21 * 365, 45 * 365, count)
    moves = rng.random(n) < _MOVES_SHARE
    moved_day = config.start_day + 30 + rng.integers(0, config.horizon_day - config.start_day - 30, n)
    return Identities(
        business_id=business_id,
        name=name,
        pan=pan,
        gstin=gstins(places.GST_STATE[population.city], pan),
        phone=mobiles(config, 3 * (holder + np.arange(n))),
        email="accounts." + np.char.lower(business_id.astype(str)).astype(object) + "@" + pick(rng, _DOMAINS, n),
        address=_addresses(rng, n),
        postcode=_postcodes(rng, population.city),
        moved_day=np.where(moves, moved_day, 0),
        moved_phone=mobiles(config, 3 * (holder + np.arange(n)) + 1),
        moved_address=_addresses(rng, n),
        moved_postcode=_postcodes(rng, population.city),
        owner_id=np.char.mod("OWN_MSM_%05d_", population.number[business]).astype(object)
        + np.char.mod("%d", population.owner_place + 1).astype(object),
        owner_first_name=first_name,
        owner_last_name=last_name,
        owner_female=female,
        owner_birth_day=born,
        owner_pan=owner_pan,
        owner_phone=mobiles(config, 3 * (holder + n + place) + 2),
        owner_email=email + "@" + pick(rng, _DOMAINS, count),
        owner_address=_addresses(rng, count),
        owner_postcode=_postcodes(rng, population.city[business]),
        owner_since=population.incorporated_day[business],
    )


def _addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.char.mod("%d ", rng.integers(1, 400, count)).astype(object) + pick(rng, names.STREETS, count)


def _postcodes(rng: np.random.Generator, city: IntArray) -> np.ndarray:
    return places.PIN_PREFIX[city] + np.char.mod("%03d", rng.integers(1, 100, len(city))).astype(object)
