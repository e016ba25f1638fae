"""Tax numbers: PAN, and the GSTIN made of state code, PAN, entity digit, Z and a check character."""

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import BusinessConfig

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = np.array(list(_ALPHABET[10:]), dtype=object)
# Numbers there are, and the step from one holder's to the next one's: about the golden section of the range, so that
# neighbours share no digits by rule, and without a common factor, so that no number comes twice.
_PANS = (26**4 * 9_999, 2_823_984_629)  # three letters, four digits, one letter
_MOBILES = (4_000_000_000, 2_472_136_001)
_ACCOUNTS = (90_000_000_000, 55_623_060_001)


def _scatter(config: BusinessConfig, number: IntArray, range_: tuple[int, int], purpose: str) -> IntArray:
    """A bijection of 0..size-1: neighbours get far numbers, and no two the same."""
    size, step = range_
    offset = int(config.rng(purpose, 0).integers(0, size))
    return (np.asarray(number, dtype=np.int64) * step + offset) % size


def pans(config: BusinessConfig, entity: IntArray, kind: np.ndarray, name: np.ndarray) -> np.ndarray:
    """Permanent account numbers, unique by entity.

    Parameters
    ----------
    config : BusinessConfig
        Its seed decides who gets which number.
    entity : array of int
        Number of the holder among all holders.
    kind : array of str
        Fourth letter: P person, F firm, C company.
    name : array of str
        The first letter of the (family) name is the fifth letter.
    """
    place = _scatter(config, entity, _PANS, "pan")
    last, rest = place % 26, place // 26
    digits, rest = rest % 9_999 + 1, rest // 9_999
    front = _LETTERS[rest // 676] + _LETTERS[rest // 26 % 26] + _LETTERS[rest % 26]
    initial = np.array([text[0].upper() for text in name], dtype=object)
    return front + kind + initial + np.char.mod("%04d", digits).astype(object) + _LETTERS[last]


def check_character(front: str) -> str:
    """Check character of the first 14 characters of a GSTIN: weights 1 and 2 in turn, digits of base 36 added up.

    >>> check_character("27AAPFU0939F1Z")
    'V'
    """
    total = 0
    for place, character in enumerate(front):
        product = _ALPHABET.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return _ALPHABET[-total % 36]


def gstins(state_code: np.ndarray, pan: np.ndarray) -> np.ndarray:
    """GSTINs of first registrations in a state; whole arrays of strings."""
    front = state_code + pan + "1Z"
    place = np.frombuffer("".join(front).encode(), dtype=np.uint8).reshape(len(front), 14).astype(np.int64)
    value = np.where(place >= ord("A"), place - ord("A") + 10, place - ord("0"))
    product = value * (1 + np.arange(14) % 2)
    total = (product // 36 + product % 36).sum(axis=1)
    return front + np.array(list(_ALPHABET), dtype=object)[-total % 36]


def mobiles(config: BusinessConfig, number: IntArray) -> np.ndarray:
    """Indian mobile numbers, ten digits from 6 on, unique."""
    return np.char.mod("%d", 6_000_000_000 + _scatter(config, number, _MOBILES, "mobiles")).astype(object)


def account_numbers(config: BusinessConfig, number: IntArray) -> np.ndarray:
    """Twelve digits, unique."""
    return np.char.mod("%d", 100_000_000_000 + _scatter(config, number, _ACCOUNTS, "accounts")).astype(object)
