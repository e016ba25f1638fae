"""Small made-up populations with known truth, drawn from a seed."""

import numpy as np
import pandas as pd

GIVEN = [
    "robert",
    "mary",
    "james",
    "patricia",
    "john",
    "jennifer",
    "michael",
    "linda",
    "david",
    "elizabeth",
    "william",
    "barbara",
    "richard",
    "susan",
    "joseph",
    "jessica",
    "thomas",
    "sarah",
    "charles",
    "karen",
    "christopher",
    "lisa",
    "daniel",
    "nancy",
    "matthew",
    "betty",
    "anthony",
    "margaret",
    "mark",
    "sandra",
]
FAMILY = [
    start + end
    for start in ("ash", "brook", "carl", "dun", "east", "fair", "green", "hart", "king", "lang", "mar", "nor")
    for end in ("wood", "ton", "ley", "field", "ford", "worth", "bury")
]


def mistyped(rng: np.random.Generator, text: str) -> str:
    """One letter left out, doubled or exchanged with its neighbour."""
    at = int(rng.integers(0, len(text) - 1))
    return (
        text[:at] + text[at + 1 :],
        text[:at] + text[at] + text[at:],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    )[int(rng.integers(0, 3))]


def person(rng: np.random.Generator) -> dict[str, str | None]:
    """Someone with a home of their own."""
    return {
        "first_name": str(rng.choice(GIVEN)),
        "last_name": str(rng.choice(FAMILY)),
        "birth_date": f"{rng.integers(1930, 2010)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        "ssn": str(rng.integers(100_000_000, 999_999_999)),
        "phone": str(rng.integers(2_000_000_000, 9_999_999_999)),
        "address": f"{rng.integers(1, 900)} {rng.choice(FAMILY)} street",
        "postcode": str(rng.integers(10_000, 10_200)),
    }


def worn(rng: np.random.Generator, record: dict[str, str | None]) -> dict[str, str | None]:
    """The same person as another system has it: mistyped names, missing values."""
    made = dict(record)
    for column in ("first_name", "last_name"):
        if rng.random() < 0.2:
            made[column] = mistyped(rng, str(made[column]))
    for column in ("ssn", "birth_date", "phone"):
        if rng.random() < 0.2:
            made[column] = None
    return made


def people(persons: int, seed: int, again: float = 0.5) -> pd.DataFrame:
    """Records with ``id`` and ``truth``; a share of the persons has a second one."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(persons):
        record = person(rng)
        rows.append(record | {"truth": number})
        if rng.random() < again:
            rows.append(worn(rng, record) | {"truth": number})
    return _shuffled(rng, rows)


def households(homes: int, seed: int, twins: float = 0.1) -> pd.DataFrame:
    """Families under one roof with one telephone; some children are twins, who share the date of birth too."""
    rng = np.random.default_rng(seed)
    rows, number = [], 0
    for _ in range(homes):
        home = person(rng)
        shared = {name: home[name] for name in ("last_name", "phone", "address", "postcode", "birth_date")}
        for name in rng.choice(GIVEN, size=int(rng.integers(1, 5)), replace=False):
            member = person(rng) | {key: value for key, value in shared.items() if key != "birth_date"}
            member["first_name"] = str(name)
            if rng.random() < twins:
                member["birth_date"] = shared["birth_date"]
            rows.append(member | {"truth": number})
            if rng.random() < 0.5:
                rows.append(worn(rng, member) | {"truth": number})
            number += 1
    return _shuffled(rng, rows)


def _shuffled(rng: np.random.Generator, rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).iloc[rng.permutation(len(rows))].reset_index(drop=True)
    return frame.assign(id=[f"r{number:05d}" for number in range(len(frame))])


def f1(entities: pd.DataFrame, records: pd.DataFrame, id_column: str = "id") -> float:
    """Pairwise F1 of entities against the truth."""
    truth = entities["record_id"].map(dict(zip(records[id_column], records["truth"], strict=True)))

    def pairs(*keys: pd.Series) -> float:
        size = entities.groupby(list(keys)).size()
        return float((size * (size - 1) / 2).sum())

    both, found, there = pairs(entities["entity_id"], truth), pairs(entities["entity_id"]), pairs(truth)
    return 2 * both / (found + there)
