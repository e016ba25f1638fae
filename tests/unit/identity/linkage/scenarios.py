"""Hard kinds of people with known truth: who is to be told apart, and who is one person however much has changed.

Every kind has many instances. They stand in one table among ordinary people, so that one model, learned without labels,
has to serve all of them. Second records are worn: names and birthdays mistyped, contacts missing.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from tests.unit.identity.linkage.made_up import FAMILY, GIVEN, f1, mistyped

Record = dict[str, str | None]
ALIKE = (
    ("anna", "hanna"), ("jan", "jana"), ("marie", "maria"), ("leon", "leo"), ("julia", "julian"), ("emil", "emilia"),
    ("lina", "lena"), ("paul", "paula"), ("mina", "nina"), ("tim", "tom"), ("erik", "erika"), ("daria", "dario"),
)  # fmt: skip
_NAMES = (*GIVEN, *sorted({name for pair in ALIKE for name in pair}))
_SCRIPTS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "cyrillic": "абцдефгхийклмнопярстувшыжз",
    "arabic": "ابتدهفغحيجكلمنوپقرسطعضظخثز",
}


class Town:
    """Draws people and remembers which records are of whom, and of which kind."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows: list[dict[str, object]] = []
        self.persons = 0

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def one_of(self, values: tuple[str, ...] | list[str]) -> str:
        return values[self.number(0, len(values))]

    def born(self, low: int = 1935, high: int = 2005) -> str:
        return f"{self.number(low, high)}-{self.number(1, 13):02d}-{self.number(1, 29):02d}"

    def person(self) -> Record:
        """Someone who shares nothing with anybody but by chance."""
        first, last = self.one_of(_NAMES), self.one_of(FAMILY) + self.one_of(("", "s", "er", "man"))
        return {
            "first_name": first,
            "last_name": last,
            "birth_date": self.born(),
            "national_id": str(self.number(10**8, 10**9)) if self.rng.random() < 0.5 else None,
            "phone": str(self.number(2 * 10**9, 10**10)),
            "email": self.mailbox(first, last),
            "address": f"{self.number(1, 400)} {self.one_of(FAMILY)}{self.one_of(('', 'en', 'is'))} street",
            "postcode": str(10_000 + 7 * self.number(0, 300)),
        }

    def mailbox(self, first: str | None, last: str | None) -> str:
        return f"{first}.{last}{self.number(1, 1000)}@mail.com"

    def member(self, head: Record, *shared: str, **own: str) -> Record:
        """Someone else who shares what is named with the head of a home."""
        made = self.person() | {name: head[name] for name in shared} | own
        return made if "email" in shared else made | {"email": self.mailbox(made["first_name"], made["last_name"])}

    def worn(self, record: Record, kept: str = "") -> Record:
        made = dict(record)
        for column in ("first_name", "last_name"):
            if self.rng.random() < 0.08:
                made[column] = mistyped(self.rng, str(made[column]))
        if self.rng.random() < 0.08:
            made["birth_date"] = _slipped(self.rng, str(made["birth_date"])) if made["birth_date"] else None
        for column in ("national_id", "phone", "email"):
            if self.rng.random() < 0.15 and column != kept:
                made[column] = None
        return made

    def enter(self, kind: str, *people: Record, again: float = 0.5, kept: str = "") -> None:
        """People who are not the same, each with a second record by chance, in which one column is never missing."""
        for one in people:
            self.enter_one(kind, one, *([self.worn(one, kept)] if self.rng.random() < again else []))

    def enter_one(self, kind: str, *records: Record) -> None:
        """Records of one person."""
        self.rows += [one | {"kind": kind, "truth": self.persons} for one in records]
        self.persons += 1

    def table(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.rows).iloc[self.rng.permutation(len(self.rows))].reset_index(drop=True)
        return frame.assign(id=[f"r{number:05d}" for number in range(len(frame))])


def _slipped(rng: np.random.Generator, day: str) -> str:
    """A birthday with one plausible slip."""
    year, month, date = day.split("-")
    return (
        f"{year}-{date}-{month}" if int(date) <= 12 else f"{int(year) + 1}-{month}-{date}",
        f"{year[:2]}{(int(year[2]) + 1) % 10}{year[3]}-{month}-{date}",
        f"{int(year) - 1}-{month}-{date}",
        f"{year}-{month}-{(int(date) + 3) % 28 + 1:02d}",
    )[int(rng.integers(0, 4))]


_HOME = ("last_name", "phone", "address", "postcode")


def ordinary(town: Town, _: int) -> None:
    """A home of one to four, with one telephone."""
    head = town.person()
    others = [town.member(head, *_HOME) for _ in range(town.number(0, 4))]
    given = [str(name) for name in town.rng.choice(_NAMES, size=1 + len(others), replace=False)]
    town.enter("ordinary", *(one | {"first_name": name} for one, name in zip([head, *others], given, strict=True)))


def father_and_son(town: Town, _: int) -> None:
    """One name, one telephone, one mailbox, one home."""
    father = town.person() | {"birth_date": town.born(1940, 1960)}
    son = town.member(father, "first_name", "email", *_HOME, birth_date=town.born(1970, 1990))
    town.enter("father and son", father, son)


def grandmother(town: Town, _: int) -> None:
    """The granddaughter has her name, and lives with her."""
    old = town.person() | {"birth_date": town.born(1925, 1945)}
    town.enter("grandmother", old, town.member(old, "first_name", *_HOME, birth_date=town.born(1985, 2008)))


def twins(town: Town, _: int) -> None:
    """Names that are not alike; the birthday and the home are the same."""
    first, second = town.rng.choice(GIVEN, size=2, replace=False)
    one = town.person() | {"first_name": str(first)}
    town.enter("twins", one, town.member(one, "birth_date", *_HOME, first_name=str(second)))


def twins_with_alike_names(town: Town, number: int) -> None:
    """Anna and Hanna, each with a number of her own."""
    first, second = ALIKE[number % len(ALIKE)]
    one = town.person() | {"first_name": first, "national_id": str(town.number(10**8, 10**9))}
    one["email"] = town.mailbox(first, one["last_name"])
    own = str(town.number(10**8, 10**9))
    other = town.member(one, "birth_date", *_HOME, first_name=second, national_id=own)
    town.enter("twins with alike names", one, other, kept="national_id")


def couple(town: Town, _: int) -> None:
    """Two people, one mailbox."""
    first, second = town.rng.choice(GIVEN, size=2, replace=False)
    one = town.person() | {"first_name": str(first)}
    town.enter("couple", one, town.member(one, "email", *_HOME, first_name=str(second)))


def tenants(town: Town, _: int) -> None:
    """Forty people who share an address and the telephone of the landlord."""
    house = town.person()
    town.enter("tenants", *(town.member(house, "phone", "address", "postcode") for _ in range(40)), again=0.3)


def business(town: Town, _: int) -> None:
    """A firm under the name and telephone of its owner, with a number of its own."""
    owner = town.person() | {"national_id": str(town.number(10**8, 10**9))}
    firm = town.member(owner, "first_name", "last_name", "phone", national_id=str(town.number(10**8, 10**9)))
    town.enter("business", owner, firm | {"birth_date": None, "email": None}, kept="national_id")


def namesakes_with_numbers(town: Town, _: int) -> None:
    """One name, one home, one telephone; of one of them the birthday is not known, but the numbers differ."""
    one = town.person() | {"national_id": str(town.number(10**8, 10**9))}
    other = town.member(one, "first_name", *_HOME, national_id=str(town.number(10**8, 10**9)))
    town.enter("namesakes with numbers", one, other | {"birth_date": None}, kept="national_id")


def married(town: Town, _: int) -> None:
    """One person before and after: another surname and mailbox, for half of them another home."""
    before = town.person()
    after = before | {"last_name": town.person()["last_name"]}
    after["email"] = town.mailbox(after["first_name"], after["last_name"])
    if town.rng.random() < 0.5:
        after |= {name: value for name, value in town.person().items() if name in ("address", "postcode")}
    town.enter_one("married", before, after)


def moved(town: Town, number: int) -> None:
    """One person at another address with another telephone, known by something that few have."""
    before = town.person() | {"national_id": str(town.number(10**8, 10**9))}
    new = town.person()
    after = before | {name: new[name] for name in ("phone", "address", "postcode")}
    after[("national_id", "email")[number % 2]] = None
    town.enter_one("moved", before, after)


Kind = Callable[[Town, int], None]
KINDS: Mapping[Kind, int] = {
    ordinary: 250, father_and_son: 60, grandmother: 60, twins: 60, twins_with_alike_names: 60, couple: 60, tenants: 5,
    business: 60, namesakes_with_numbers: 60, married: 60, moved: 60,
}  # fmt: skip


def town(script: str = "latin", kinds: Mapping[Kind, int] = KINDS, seed: int = 51) -> pd.DataFrame:
    """Records of all kinds with ``id``, ``kind`` and ``truth``, in a script."""
    made = Town(seed)
    for enter, count in kinds.items():
        for number in range(count):
            enter(made, number)
    table = made.table()
    letters = str.maketrans(_SCRIPTS["latin"], _SCRIPTS[script])
    for column in ("first_name", "last_name", "email", "address"):
        table[column] = table[column].map(lambda text: text.translate(letters), na_action="ignore")
    return table


def f1_by_kind(entities: pd.DataFrame, records: pd.DataFrame) -> dict[str, float]:
    """Pairwise F1 among the records of each kind, and of all."""
    kind = entities["record_id"].map(dict(zip(records["id"], records["kind"], strict=True)))
    made = {str(name): f1(part, records) for name, part in entities.groupby(kind)}
    return {name: round(value, 3) for name, value in (made | {"all": f1(entities, records)}).items()}
