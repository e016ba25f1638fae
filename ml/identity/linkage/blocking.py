"""Which pairs are compared: rules are chosen by the number of pairs they make, counted before any is made.

Belongs here: counting, choosing, values in too many records, candidate pairs.
Does not belong here: what records can be blocked by (``blocking_keys``), comparing.

A rule is a set of atoms, a pair a candidate when two records agree in all atoms of a rule. The pairs that a rule makes
are counted; the matches that it finds are not known, so they are expected: of matches imagined with ordinary errors and
with the gaps that the columns have, those that no rule has found yet. The rule that finds most of them per pair comes
next, as long as the budget lasts.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import numpy as np

from ml.identity.linkage.blocking_keys import Atom, atoms_of, key_table
from ml.identity.linkage.database import scalar
from ml.identity.linkage.levels import Comparison

_FREE_PAIRS = 1_500_000  # a budget that any machine does in seconds, whatever the number of records
_COUNTED = 100_000  # records on which rules are counted before the choice
_MOST_RULES = 20
GROWTH = 4  # blocks may grow so much after the training before they block nothing
_IMAGINED = 20_000
_LEAST_GAIN = 2e-4
_SEED = 11
_RULE_SHARE = 0.2  # of the budget that one rule may use
_STOPPED_SHARE = 0.3  # of the records may hold values that are too frequent; those of a rule with more want others too
_MISSED_SHARE = 0.5  # of the records without any candidate is told


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


def choose(
    con: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    records: int,
    pairs_per_record: float,
    limit: int,
) -> tuple[tuple[Rule, ...], list[str]]:
    """Rules within the budget, with a warning for each that leaves values out."""
    atoms = atoms_of(comparisons)
    budget = max(pairs_per_record * records, float(_FREE_PAIRS))
    most = budget * _RULE_SHARE
    step = max(1, records // _COUNTED)
    con.execute(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT * FROM record WHERE hash(rid) % {step} = 0")
    fits = max(2.0, limit / step)
    counted: dict[frozenset[str], float] = {}
    usable: dict[frozenset[str], float] = {}
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
            # A rule is judged by the records outside its overfull blocks: thousands of placeholders in one block take
            # nothing from the others.
            is_list = any(atoms[name].is_list for name in names)
            usable[names] = 1.0 if is_list else 1 - row[1]
            is_poor = usable[names] < 1 - _STOPPED_SHARE
            counted[names] = row[0] * step**2
            if is_poor and len(names) == 1 and all(atoms[name].is_whole for name in names):
                warnings.append(
                    f"{next(iter(names))} is no blocking key by itself: {row[1]:.0%} of its values stand in more than "
                    f"{limit} records (about {int(row[2] * step)} at most)"
                )
        return counted[names]

    chosen: list[frozenset[str]] = []
    too_many = [frozenset([name]) for name in atoms]
    for size in (1, 2, 3):
        fitting: list[frozenset[str]] = []
        failing: list[frozenset[str]] = []
        for names in sorted(too_many, key=sorted):
            if len({atoms[name].group for name in names}) < size or any(
                rule <= names and usable[rule] >= 1 - _STOPPED_SHARE for rule in chosen
            ):
                continue
            fits_budget = count(names) <= most
            if fits_budget:
                fitting.append(names)
            if not fits_budget or usable[names] < 1 - _STOPPED_SHARE:
                failing.append(names)
        chosen += [names for names in fitting if counted[names] > 0]
        if size < 3:
            grown = {a | b for a, b in itertools.combinations(failing, 2) if len(a | b) == size + 1}
            too_many = list(grown)
    filled = {
        name: 1 - scalar(con, f"SELECT avg(({atom.sql} IS NULL)::INTEGER) FROM counted") for name, atom in atoms.items()
    }
    kept = _cheapest_cover(atoms, filled, {names: counted[names] for names in chosen}, usable, budget)
    rules, told = _with_stops(con, atoms, kept, limit)
    if comparisons and not rules:
        told.append(
            "no blocking rule was found, so no records are compared and none are linked: every value, and every "
            f"combination of values, is unique or stands in more than {limit} records"
        )
    return rules, warnings + told


def _cheapest_cover(
    atoms: dict[str, Atom],
    filled: dict[str, float],
    costs: dict[frozenset[str], float],
    usable: dict[frozenset[str], float],
    budget: float,
) -> list[frozenset[str]]:
    """Rules that find the most of imagined matches for their pairs."""
    rng = np.random.default_rng(_SEED)
    # Errors come together: some records are clean, some are full of them.
    trouble = rng.choice([0.5, 1.5, 3.0], size=_IMAGINED, p=[0.6, 0.3, 0.1])
    agrees: dict[str, np.ndarray] = {}
    for _, group in itertools.groupby(atoms.values(), key=lambda atom: atom.group):
        listed = list(group)
        present = rng.random(_IMAGINED) < max(filled[atom.name] for atom in listed) ** 2
        # The whole value agrees or it does not; then its parts agree each by itself.
        least = min(atom.agrees for atom in listed)
        whole = rng.random(_IMAGINED) >= np.minimum((1 - least) * trouble, 0.95)
        for atom in listed:
            part = rng.random(_IMAGINED) < (atom.agrees - least) / (1 - least)
            agrees[atom.name] = present & (whole | part)
    stopped = rng.random(_IMAGINED)
    found = {
        names: np.logical_and.reduce([agrees[name] for name in sorted(names)]) & (stopped < usable[names])
        for names in sorted(costs, key=sorted)
    }
    open_ = np.ones(_IMAGINED, dtype=bool)
    kept: list[frozenset[str]] = []
    while found and len(kept) < _MOST_RULES:
        gains = {names: int((open_ & hits).sum()) for names, hits in found.items()}
        best = min(found, key=lambda names: (-gains[names] / (costs[names] + budget / 1000), sorted(names)))
        if gains[best] < _IMAGINED * _LEAST_GAIN:
            break
        hits = found.pop(best)
        if costs[best] <= budget:
            kept.append(best)
            budget -= costs[best]
            open_ &= ~hits
    return kept


def _with_stops(
    con: duckdb.DuckDBPyConnection, atoms: dict[str, Atom], kept: list[frozenset[str]], limit: int
) -> tuple[tuple[Rule, ...], list[str]]:
    rules, warnings = [], []
    for names in kept:
        ordered = sorted(names)
        sql = key_table([atoms[name] for name in ordered])
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE block AS SELECT key, count(*) AS held FROM ({sql}) GROUP BY key "
            f"HAVING held > 1"
        )
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


def without_candidates(con: duckdb.DuckDBPyConnection, rules: tuple[Rule, ...], records: int) -> list[str]:
    """A warning where most records have no key at all: nothing can be found of them."""
    if not rules:
        return []
    keyed = " UNION ".join(f"SELECT rid FROM key_{i}" for i in range(len(rules)))
    missed = records - scalar(con, f"SELECT count(DISTINCT rid) FROM ({keyed})")
    if missed <= _MISSED_SHARE * records:
        return []
    return [
        f"{missed} of {records} records are compared with no other: what they could be found by is missing, or stands "
        "in too many records"
    ]


def make_keys(
    con: duckdb.DuckDBPyConnection,
    comparisons: tuple[Comparison, ...],
    rules: tuple[Rule, ...],
    source: str = "record",
    *,
    add: bool = False,
) -> None:
    """Write, or add to, the tables ``key_<i>`` (``rid, h``) of the rules: what a record agrees in, as a hash."""
    atoms = atoms_of(comparisons)
    for i, rule in enumerate(rules):
        sql = key_table([atoms[name] for name in rule.atoms], source)
        stopped = ", ".join("'" + key.replace("'", "''") + "'" for key in rule.stopped)
        allowed = f"WHERE key NOT IN ({stopped})" if stopped else ""
        start = f"INSERT INTO key_{i}" if add else f"CREATE OR REPLACE TABLE key_{i} AS"
        con.execute(f"{start} SELECT rid, hash(key) AS h FROM ({sql}) {allowed}")


def _overfull(i: int, of: str, most: int) -> str:
    """SQL: keys of the records of a table that more records hold than are compared."""
    return (
        f"SELECT h FROM key_{i} WHERE h IN (SELECT k.h FROM key_{i} k SEMI JOIN {of} o ON o.rid = k.rid) "
        f"GROUP BY h HAVING count(*) > {most}"
    )


def largest(con: duckdb.DuckDBPyConnection, i: int, of: str) -> int:
    """How many of the records of a table share a key of a rule, at most."""
    return int(
        scalar(
            con,
            "SELECT coalesce(max(held), 0) FROM "
            f"(SELECT count(*) AS held FROM key_{i} k SEMI JOIN {of} o ON o.rid = k.rid GROUP BY k.h)",
        )
    )


def add_overfull(con: duckdb.DuckDBPyConnection, i: int, of: str, limit: int, into: str) -> int:
    """Add to a table ``rid`` all records of a rule's blocks that are too large and that records of ``of`` belong to.

    What was compared while such a block was smaller is to be compared again without it, and the other way round.

    Returns
    -------
    int
        Blocks.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE overfull AS {_overfull(i, of, limit * GROWTH)}")
    con.execute(f"INSERT INTO {into} SELECT rid FROM key_{i} WHERE h IN (FROM overfull)")
    return int(scalar(con, "SELECT count(*) FROM overfull"))


def make_candidates(
    con: duckdb.DuckDBPyConnection,
    rules: tuple[Rule, ...],
    limit: int,
    changed: str | None = None,
    fitting: Collection[int] = (),
) -> int:
    """Write the table ``candidate`` (``l, r``: rids, the one with the smaller id first), every pair once.

    Parameters
    ----------
    con
        Holds the tables ``key_<i>`` and ``record``.
    rules : tuple of Rule
        Those of the keys.
    limit : int
        Of the training; blocks that have grown to ``GROWTH`` times as many records are left out.
    changed : str, optional
        A table ``rid``: only pairs in which at least one record is of it. Without it rids are in the order of ids.
    fitting : collection of int
        Rules whose blocks are known to be small enough; of the others they are counted.

    Returns
    -------
    int
        Pairs.
    """
    most = limit * GROWTH
    con.execute("CREATE OR REPLACE TEMP TABLE found (l INTEGER, r INTEGER)")
    for i in range(len(rules)):
        if changed is None:
            con.execute(
                f"INSERT INTO found WITH c AS (SELECT h FROM key_{i} GROUP BY h HAVING count(*) BETWEEN 2 AND {most}), "
                f"block AS (SELECT k.rid, k.h FROM key_{i} k SEMI JOIN c ON c.h = k.h) "
                "SELECT a.rid, b.rid FROM block a JOIN block b ON a.h = b.h AND a.rid < b.rid"
            )
        else:
            counted = "" if i in fitting else f"WHERE k.h NOT IN ({_overfull(i, changed, most)})"
            con.execute(
                f"INSERT INTO found SELECT least(a.rid, b.rid), greatest(a.rid, b.rid) "
                f"FROM (SELECT k.rid, k.h FROM key_{i} k SEMI JOIN {changed} c ON c.rid = k.rid {counted}) a "
                f"JOIN key_{i} b ON a.h = b.h AND a.rid <> b.rid"
            )
    once = "SELECT DISTINCT l, r FROM found"
    if changed is not None:
        once = (
            "SELECT CASE WHEN a.id < b.id THEN f.l ELSE f.r END AS l, CASE WHEN a.id < b.id THEN f.r ELSE f.l END AS r "
            f"FROM ({once}) f JOIN record a ON a.rid = f.l JOIN record b ON b.rid = f.r"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {once}")
    con.execute("DROP TABLE found")
    return int(scalar(con, "SELECT count(*) FROM candidate"))
