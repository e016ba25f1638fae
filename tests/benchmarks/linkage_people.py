"""A million made-up person records with typing errors, drawn as arrays: what speed is measured on."""

import numpy as np
import pandas as pd

_ONSETS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
_CODAS = ("", "n", "l", "r", "s", "t", "ck", "nd", "m", "ston", "ley", "son")


def _names(rng: np.random.Generator, count: int, syllables: int) -> np.ndarray:
    made = np.full(count * 2, "", dtype="U24")
    for _ in range(syllables):
        for parts in (_ONSETS, _VOWELS):
            made = np.char.add(made, np.array(parts)[rng.integers(0, len(parts), len(made))])
    made = np.unique(np.char.add(made, np.array(_CODAS)[rng.integers(0, len(_CODAS), len(made))]))
    return rng.permutation(made)[:count]


def _zipf(rng: np.random.Generator, values: np.ndarray, size: int) -> np.ndarray:
    weight = 1 / (np.arange(len(values)) + 8.0) ** 0.9
    return values[rng.choice(len(values), size, p=weight / weight.sum())]


def _mistyped(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """One letter replaced in a share of the values."""
    chosen = np.flatnonzero((rng.random(len(values)) < share) & (np.char.str_len(values) > 2))
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    if not len(chosen):
        return values.astype("U40")
    some = values[chosen].astype("U40")
    codes = some.view("U1").reshape(len(some), -1).copy()
    codes[np.arange(len(some)), rng.integers(0, np.char.str_len(some))] = letters[rng.integers(0, 26, len(some))]
    made = values.astype("U40")
    made[chosen] = codes.view("U40").ravel()
    return made


def people(records: int, seed: int = 7, duplicates: float = 0.2) -> tuple[pd.DataFrame, np.ndarray]:
    """Records and the person of each.

    Parameters
    ----------
    records : int
        Rows.
    duplicates : float
        Share of the rows that are a second or third record of a person.
    """
    rng = np.random.default_rng(seed)
    persons = int(records * (1 - duplicates))
    household = np.sort(rng.integers(0, max(1, int(persons / 2.2)), persons))
    homes = int(household.max()) + 1
    given = _zipf(rng, _names(rng, 1_500, 1), persons)
    family = _zipf(rng, _names(rng, 60_000, 2), homes)[household]
    born = np.datetime64("1930-01-01") + rng.integers(0, 80 * 365, persons)
    ssn = rng.integers(100_000_000, 999_999_999, persons)
    streets = _names(rng, 20_000, 2)
    kinds = np.array(["street", "road", "avenue", "lane", "drive"])
    number = rng.integers(1, 400, homes).astype("U4")
    street = np.char.add(np.char.add(number, " "), _zipf(rng, streets, homes))
    street = np.char.add(np.char.add(street, " "), kinds[rng.integers(0, 5, homes)])[household]
    place = rng.integers(0, 3_000, homes)[household]
    city = _names(rng, 3_000, 2)[place]
    phone = rng.integers(2_000_000_000, 9_999_999_999, homes)[household]

    second = rng.integers(0, persons, records - persons)
    person = np.r_[np.arange(persons), second]
    copy = np.arange(records) >= persons

    def of(values: np.ndarray, missing: float, wrong: float) -> np.ndarray:
        made = values[person].astype("U40")
        made[copy] = _mistyped(rng, made[copy], wrong)
        made = made.astype(object)
        made[rng.random(records) < missing] = None
        return made

    local = np.char.add(np.char.add(given, "."), np.char.add(family, rng.integers(1, 99, persons).astype("U2")))
    frame = pd.DataFrame(
        {
            "id": np.arange(records),
            "first_name": of(given, 0.01, 0.1),
            "last_name": of(family, 0.01, 0.1),
            "birth_date": of(born.astype("U10"), 0.1, 0.0),
            "ssn": of(ssn.astype("U9"), 0.3, 0.03),
            "phone": of(phone.astype("U10"), 0.3, 0.03),
            "email": of(np.char.add(local, "@mail.example"), 0.4, 0.03),
            "address": of(street, 0.05, 0.1),
            "postcode": of((10_000 + place * 7).astype("U5"), 0.05, 0.02),
            "city": of(city, 0.05, 0.05),
        }
    )
    order = rng.permutation(records)
    return frame.iloc[order].reset_index(drop=True).assign(id=np.arange(records)), person[order]
