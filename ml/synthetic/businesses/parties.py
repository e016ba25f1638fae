"""Everybody who can be the other side of an invoice or a booking, in one list: an index names a party.

In the order businesses, owners' savings, outside firms, shells, landlords, private sellers, owners' accounts elsewhere,
foreign buyers. Outside firms are shared: several businesses know the same one.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.gstin import account_numbers, gstins, pans
from ml.synthetic.businesses.identities import HOLDERS, Identities
from ml.synthetic.businesses.population import MOST_OWNERS, Population
from ml.synthetic.businesses.profiles import FRAUD
from ml.synthetic.businesses.reference import names, places
from ml.synthetic.businesses.reference.names import pick

NOBODY = -1
MOST_CUSTOMERS, MOST_SUPPLIERS, MOST_SHELLS = 15, 8, 4
_ACCOUNTS = 50_000  # account numbers of a block; loans take theirs from the upper half
LOAN_ACCOUNTS = 25_000
_FIRMS_EACH, _FIRMS_LEAST = 6, 101


@dataclass(frozen=True)
class Parties:
    """The list, and who deals with whom.

    Attributes
    ----------
    account_no, name, gstin : array of str
        None where the bank or the network knows none.
    savings, landlords, sellers, elsewhere, buyers : int
        Where those begin in the list.
    customers : array of int, shape (businesses, 15)
    suppliers : array of int, shape (businesses, 8)
    shells : array of int, shape (businesses, 4)
        NOBODY for the honest; the fourth is NOBODY where there are three.
    """

    account_no: np.ndarray
    name: np.ndarray
    gstin: np.ndarray
    savings: int
    landlords: int
    sellers: int
    elsewhere: int
    buyers: int
    customers: IntArray
    suppliers: IntArray
    shells: IntArray


def account_numbers_of(config: BusinessConfig, block: int, local: IntArray) -> np.ndarray:
    """Account numbers of a block by local number."""
    return account_numbers(config, block * _ACCOUNTS + np.asarray(local))


def make_parties(config: BusinessConfig, population: Population, identities: Identities) -> Parties:
    """List the parties of a block and draw each business's customers and suppliers."""
    rng = config.rng("parties", population.block)
    n, owners = population.count, len(population.owner_business)
    firms = _next_prime(max(_FIRMS_LEAST, _FIRMS_EACH * n))
    frauds = np.flatnonzero(population.profiles.last == FRAUD)
    shells = MOST_SHELLS * len(frauds)
    outside = _firms(config, population.block, rng, n + MOST_OWNERS * n, firms + shells)

    starts = np.cumsum([0, n, owners, firms, shells, n, n, n])
    parts_names = [
        identities.name, np.full(owners, None), outside[0], np.full(3 * n, None), names.FOREIGN_BUYERS,
    ]  # fmt: skip
    parts_gstin = [
        identities.gstin, np.full(owners, None), outside[1], np.full(3 * n + len(names.FOREIGN_BUYERS), None),
    ]  # fmt: skip
    total = int(starts[-1]) + len(names.FOREIGN_BUYERS)
    assert total < LOAN_ACCOUNTS, total
    shells_of = np.full((n, MOST_SHELLS), NOBODY)
    shells_of[frauds] = starts[3] + np.arange(shells).reshape(-1, MOST_SHELLS)
    shells_of[frauds[rng.random(len(frauds)) < 0.5], MOST_SHELLS - 1] = NOBODY
    chosen = starts[2] + _distinct(rng, n, firms, MOST_CUSTOMERS + MOST_SUPPLIERS)
    return Parties(
        account_no=account_numbers_of(config, population.block, np.arange(total)),
        name=np.concatenate(parts_names),
        gstin=np.concatenate(parts_gstin),
        savings=int(starts[1]),
        landlords=int(starts[4]),
        sellers=int(starts[5]),
        elsewhere=int(starts[6]),
        buyers=int(starts[7]),
        customers=chosen[:, :MOST_CUSTOMERS],
        suppliers=chosen[:, MOST_CUSTOMERS:],
        shells=shells_of,
    )


def _firms(
    config: BusinessConfig, block: int, rng: np.random.Generator, first: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Names and GSTINs of outside firms."""
    assert first + count <= HOLDERS, (first, count)
    family = np.where(rng.random(count) < 0.5, pick(rng, names.FAMILY_NAMES, count), "")
    word = pick(rng, names.FIRM_WORDS, count)
    name = np.where(family == "", word, family) + " " + pick(rng, names.FIRM_KINDS, count)
    kind = np.array(["P", "F", "C"], dtype=object)[rng.integers(0, 3, count)]
    pan = pans(config, block * HOLDERS + first + np.arange(count), kind, name)
    city = rng.choice(len(places.CITY), count, p=places.WEIGHT)
    return name, gstins(places.GST_STATE[city], pan)


def _distinct(rng: np.random.Generator, rows: int, size: int, count: int) -> IntArray:
    """``count`` different numbers below the prime ``size`` in every row."""
    first, step = rng.integers(0, size, rows), rng.integers(1, size, rows)
    return (first[:, None] + step[:, None] * np.arange(count)) % size


def _next_prime(number: int) -> int:
    while any(number % divisor == 0 for divisor in range(2, int(number**0.5) + 1)):
        number += 1
    return number
