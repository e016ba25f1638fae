"""What the source systems get wrong: typos, nicknames, transposed dates, missing and differently written numbers.

Each function takes what is true and gives what a system noted; which rows are at fault is drawn by the rates, so that
a record keeps its faults in all its versions when it is made with the same generator.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.world.reference.names import NICKNAMES

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class FaultRates:
    """Shares of a system's records that have a fault."""

    typo: float = 0.0  # in the first or the family name
    nickname: float = 0.0  # of those whose name has one
    initial: float = 0.0  # the first name is an initial
    transposed_birth: float = 0.0  # day and month, or two digits of the day, swapped
    missing_birth: float = 0.0
    missing_ssn: float = 0.0
    wrong_ssn: float = 0.0  # two digits swapped
    missing_phone: float = 0.0
    old_address: float = 0.0  # of those who moved: the system never learns of it
    old_name: float = 0.0  # of those who took another name: never learns of it


CORE_BANKING = FaultRates(typo=0.012, transposed_birth=0.003, wrong_ssn=0.002, missing_phone=0.02, old_name=0.15)
CRM = FaultRates(
    typo=0.06, nickname=0.35, initial=0.06, transposed_birth=0.015, missing_birth=0.30, missing_phone=0.06,
    old_address=0.45, old_name=0.5,
)  # fmt: skip
BENEFIT_REGISTRY = FaultRates(
    typo=0.03, transposed_birth=0.02, missing_ssn=0.12, wrong_ssn=0.006, missing_phone=0.10, old_address=0.3,
    old_name=0.35,
)  # fmt: skip


@dataclass(frozen=True)
class NotedNames:
    """Names as noted, before and after a change of the family name."""

    first: np.ndarray
    family: np.ndarray
    married: np.ndarray


def noted_names(
    rng: np.random.Generator, first: np.ndarray, family: np.ndarray, married: np.ndarray, rates: FaultRates
) -> NotedNames:
    """Names with nicknames, initials and typos; object arrays of strings, changed copies."""
    first, family, married = first.copy(), family.copy(), married.copy()
    size = len(first)
    nick = np.flatnonzero(rng.random(size) < rates.nickname)
    first[nick] = [NICKNAMES.get(name, name) for name in first[nick]]
    initial = np.flatnonzero(rng.random(size) < rates.initial)
    first[initial] = [f"{name[:1]}." for name in first[initial]]
    wrong = np.flatnonzero(rng.random(size) < rates.typo)
    in_first = rng.random(len(wrong)) < 0.4
    first[wrong[in_first]] = with_typos(rng, first[wrong[in_first]])
    others = wrong[~in_first]
    family[others] = with_typos(rng, family[others])
    married[others] = with_typos(rng, married[others])
    return NotedNames(first, family, married)


def with_typos(rng: np.random.Generator, words: np.ndarray) -> np.ndarray:
    """One typo in each word: a letter swapped with the next, dropped, doubled or replaced; always another word."""
    kind, place = rng.integers(0, 4, len(words)), rng.random(len(words))
    letter = rng.integers(0, len(_LETTERS), len(words))
    result = words.copy()
    # Only the few wrong ones are looked at one by one.
    for row, word in enumerate(words):
        at = 1 + int(place[row] * max(len(word) - 2, 1))
        swapped = word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
        dropped, doubled = word[:at] + word[at + 1 :], word[:at] + word[at - 1 : at] + word[at:]
        replaced = word[:at] + _LETTERS[letter[row]] + word[at + 1 :]
        choices = [swapped, dropped, doubled, replaced]
        result[row] = next(text for text in (choices[kind[row]], *choices, word + "e") if text not in (word, ""))
    return result


def noted_births(rng: np.random.Generator, birth_day: IntArray, rates: FaultRates) -> tuple[IntArray, BoolArray]:
    """Birth days as noted, always real dates, and which are missing."""
    wrong = rng.random(len(birth_day)) < rates.transposed_birth
    date = birth_day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    year = month.astype("datetime64[Y]")
    day_no, month_no = (date - month).astype(int) + 1, (month - year).astype(int) + 1
    swap = wrong & (day_no <= 12) & (day_no != month_no)
    swapped = ((year.astype("datetime64[M]") + day_no - 1).astype("datetime64[D]") + month_no - 1).astype(np.int64)
    turned_no = day_no % 10 * 10 + day_no // 10
    turned_no = np.where((turned_no >= 1) & (turned_no <= 28) & (turned_no != day_no), turned_no, day_no % 28 + 1)
    turned = (month.astype("datetime64[D]") + turned_no - 1).astype(np.int64)
    noted = np.where(swap, swapped, np.where(wrong, turned, birth_day))
    return noted, rng.random(len(birth_day)) < rates.missing_birth


def noted_ssn(rng: np.random.Generator, ssn: np.ndarray, rates: FaultRates) -> tuple[np.ndarray, BoolArray]:
    """Social security numbers as noted, and which are missing."""
    noted = ssn.copy()
    for row in np.flatnonzero(rng.random(len(ssn)) < rates.wrong_ssn):
        text = noted[row]
        noted[row] = text[:-2] + text[-1] + text[-2]
    return noted, rng.random(len(ssn)) < rates.missing_ssn


def written_phones(digits: np.ndarray, style: str) -> np.ndarray:
    """Ten digits as a system writes them: ``+1 212 345 6789``, ``(212) 345-6789`` or ``212-345-6789``."""
    text = digits.astype(str)
    area, middle, end = (
        np.array([value[part] for value in text], dtype=object) for part in (slice(3), slice(3, 6), slice(6, 10))
    )
    before, between, last = {"plus": ("+1 ", " ", " "), "brackets": ("(", ") ", "-"), "dashes": ("", "-", "-")}[style]
    return before + area + between + middle + last + end
