"""Which pairs are compared: rules are chosen by the number of pairs they make, counted before any is made.

Belongs here: blocking keys of the kinds, counting, choosing, values in too many records, candidate pairs.
Does not belong here: comparing.

A rule is a set of atoms, a pair a candidate when two records agree in all atoms of a rule. A coarse rule finds all that
a finer one finds; so the coarsest that the budget allows are kept, as different from each other as there are.
"""

import itertools
import math
from dataclasses import dataclass

import duckdb

from ml.identity.linkage.comparisons import Comparison
from ml.identity.linkage.database import scalar

_FREE_PAIRS = 1_500_000  # a budget that any machine does in seconds, whatever the number of records
_COUNTED = 150_000  # records on which rules are counted before the choice
_MOST_RULES = 20
_RULE_SHARE = 0.2  # of the budget that one rule may use
_STOPPED_SHARE = 0.3  # of the records may hold values that are too frequent; a rule with more finds too little


@dataclass(frozen=True)
class Atom:
    """Something to agree in: an SQL expression on ``record``; several in one record where it is a list."""

    name: str
    group: str
    sql: str
    is_list: bool = False

    @property
    def is_whole(self) -> bool:
        """The value itself, not a part of it."""
        return ": " not in self.name


@dataclass(frozen=True)
class Rule:
    """Atoms that must agree, the pairs that made on the records of training, and values that block nothing."""

    atoms: tuple[str, ...]
    pairs: int
    stopped: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As a person reads it."""
        return " + ".join(self.atoms)


def atoms_of(comparisons: tuple[Comparison, ...]) -> dict[str, Atom]:
    """What records can be blocked by, by name."""
    made: list[Atom] = []
    for one in comparisons:
        key, title = one.key, one.title
        value = f"{key}_v"

        def add(what: str, sql: str, is_list: bool = False, key: str = key, title: str = title) -> None:
            made.append(Atom(f"{title}: {what}" if what else title, key, sql, is_list))

        if one.kind == "given_name":
            add("", f"{key}_root")
            add("initial", f"left({value}, 1)")
        elif one.kind == "family_name":
            add("sound", f"{key}_sound")
            add("first letters", f"left({value}, 4)")
        elif one.kind in ("birth_date", "date"):
            add("", value)
            if one.kind == "birth_date":
                add("year", f"left({value}, 4)")
                add("day", f"right({value}, 4)")
        elif one.kind == "id_number":
            add("", value)
            add("first signs", f"CASE WHEN length({value}) >= 6 THEN left({value}, 4) END")
            add("last signs", f"CASE WHEN length({value}) >= 6 THEN right({value}, 4) END")
        elif one.kind == "phone":
            add("", value)
        elif one.kind == "email":
            add("", value)
            add("before the @", f"{key}_local")
        elif one.kind == "address":
            add("", value)
            add("number and street", f"{key}_n || ' ' || left({key}_w, 4)")
            add("words", f"{key}_t", True)
        elif one.kind == "place":
            if f"{key}_p" in one.record_sql:
                add("postcode", f"{key}_p")
            if f"{key}_c" in one.record_sql:
                add("place", f"{key}_c")
        elif one.kind == "full_name":
            add("", value)
            add("names", f"{key}_t", True)
            add("first letters", f"array_to_string(list_transform({key}_t, lambda x: left(x, 3)), ' ')")
        elif one.kind in ("organisation", "text"):
            add("", value)
            add("words", f"list_filter({key}_t, lambda x: length(x) > 1)", True)
            add("first letters", f"left({value}, 5)")
        else:
            add("", value)
    return {atom.name: atom for atom in made}


def key_table(atoms: list[Atom], source: str = "record") -> str:
    """SQL: ``rid, id, key`` of a rule, one row per key of a record."""
    parts = [f"unnest({atom.sql})" if atom.is_list else atom.sql for atom in atoms]
    named = ", ".join(f"{part} AS a{i}" for i, part in enumerate(parts))
    known = " AND ".join(f"a{i} IS NOT NULL" for i in range(len(parts)))
    text = " || '|' || ".join(f"a{i}" for i in range(len(parts)))
    return f"SELECT DISTINCT rid, id, {text} AS key FROM (SELECT rid, id, {named} FROM {source}) WHERE {known}" if any(
        atom.is_list for atom in atoms
    ) else f"SELECT rid, id, {text} AS key FROM (SELECT rid, id, {named} FROM {source}) WHERE {known}"


def choose(
    con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], records: int, pairs_per_record: float, limit: int
) -> tuple[tuple[Rule, ...], list[str]]:
    """Rules within the budget, with a warning for each that leaves values out."""
    atoms = atoms_of(comparisons)
    budget = max(pairs_per_record * records, float(_FREE_PAIRS))
    most = budget * _RULE_SHARE
    step = max(1, records // _COUNTED)
    con.execute(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT * FROM record WHERE hash(rid) % {step} = 0")
    fits = max(2.0, limit / step)
    counted: dict[frozenset[str], float] = {}
    warnings: list[str] = []

    def count(names: frozenset[str]) -> float:
        if names not in counted:
            sql = key_table([atoms[name] for name in sorted(names)], "counted")
            # A block of the sample stands for one that is larger by `step`, its pairs for step squared.
            (row,) = con.execute(
                f"SELECT coalesce(sum(held * (held - 1.0) / 2) FILTER (held <= {fits}), 0), "
                f"coalesce(sum(held) FILTER (held > {fits}) / sum(held), 0), max(held) "
                f"FROM (SELECT count(*) AS held FROM ({sql}) GROUP BY key)"
            ).fetchall()
            is_useless = row[1] > _STOPPED_SHARE and not any(atoms[name].is_list for name in names)
            counted[names] = math.inf if is_useless else row[0] * step**2
            if is_useless and len(names) == 1 and all(atoms[name].is_whole for name in names):
                warnings.append(
                    f"{next(iter(names))} is no blocking key by itself: {row[1]:.0%} of its values stand in more than "
                    f"{limit} records (about {int(row[2] * step)} at most)"
                )
        return counted[names]

    chosen: list[frozenset[str]] = []
    too_many = [frozenset([name]) for name in atoms]
    for size in (1, 2, 3):
        fitting = []
        failing = []
        for names in sorted(too_many, key=sorted):
            if len({atoms[name].group for name in names}) < size or any(rule <= names for rule in chosen):
                continue
            (fitting if count(names) <= most else failing).append(names)
        chosen += [names for names in fitting if counted[names] > 0]
        if size < 3:
            grown = {a | b for a, b in itertools.combinations(failing, 2) if len(a | b) == size + 1}
            too_many = list(grown)
    chosen.sort(key=lambda names: (counted[names], sorted(names)))
    kept, total = [], 0.0
    for names in chosen[:_MOST_RULES]:
        if total + counted[names] <= budget:
            kept.append(names)
            total += counted[names]
    rules, told = _with_stops(con, atoms, kept, limit)
    return rules, warnings + told


def _with_stops(
    con: duckdb.DuckDBPyConnection, atoms: dict[str, Atom], kept: list[frozenset[str]], limit: int
) -> tuple[tuple[Rule, ...], list[str]]:
    rules, warnings = [], []
    for names in kept:
        ordered = sorted(names)
        sql = key_table([atoms[name] for name in ordered])
        con.execute(f"CREATE OR REPLACE TEMP TABLE block AS SELECT key, count(*) AS held FROM ({sql}) GROUP BY key HAVING held > 1")
        made = scalar(con, f"SELECT coalesce(sum(held * (held - 1) / 2), 0)::BIGINT FROM block WHERE held <= {limit}")
        large = con.execute(f"SELECT key, held FROM block WHERE held > {limit} ORDER BY held DESC, key").fetchall()
        rules.append(Rule(tuple(ordered), int(made), tuple(key for key, _ in large)))
        if large and not any(atoms[name].is_list for name in ordered):
            held = sum(count for _, count in large)
            warnings.append(
                f"blocking by {' + '.join(ordered)}: {len(large)} values stand in more than {limit} records each "
                f"({held} in all, {large[0][1]} at most) and are not used as a key"
            )
    return tuple(rules), warnings


def make_candidates(
    con: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], rules: tuple[Rule, ...], changed: str | None = None
) -> int:
    """Write the table ``candidate`` (``l, r``: rids, the one with the smaller id first), every pair once.

    Parameters
    ----------
    changed : str, optional
        A table ``rid``: only pairs in which at least one record is of it.

    Returns
    -------
    int
        Pairs.
    """
    atoms = atoms_of(comparisons)
    con.execute("CREATE OR REPLACE TEMP TABLE found (l INTEGER, r INTEGER)")
    for rule in rules:
        sql = key_table([atoms[name] for name in rule.atoms])
        stopped = "".join(", '" + key.replace("'", "''") + "'" for key in rule.stopped)
        allowed = f"AND key NOT IN ({stopped[2:]})" if stopped else ""
        if changed is None:
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE block AS WITH k AS (SELECT rid, id, hash(key) AS h FROM ({sql}) WHERE true {allowed}), "
                "c AS (SELECT h FROM k GROUP BY h HAVING count(*) > 1) SELECT k.* FROM k SEMI JOIN c USING (h)"
            )
            con.execute("INSERT INTO found SELECT a.rid, b.rid FROM block a JOIN block b ON a.h = b.h AND a.id < b.id")
        else:
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE block AS SELECT rid, id, hash(key) AS h FROM ({sql}) WHERE true {allowed}"
            )
            con.execute(
                f"INSERT INTO found SELECT CASE WHEN a.id < b.id THEN a.rid ELSE b.rid END, CASE WHEN a.id < b.id THEN b.rid "
                f"ELSE a.rid END FROM (SELECT * FROM block SEMI JOIN {changed} USING (rid)) a JOIN block b ON a.h = b.h AND a.rid <> b.rid"
            )
    con.execute("CREATE OR REPLACE TEMP TABLE candidate AS SELECT DISTINCT l, r FROM found")
    con.execute("DROP TABLE found")
    return int(scalar(con, "SELECT count(*) FROM candidate"))
