"""Learning without labels: how often levels occur among matches and among others, and how many matches there are.

Belongs here: expectation maximisation over patterns of levels, its starting values, its guards.
Does not belong here: SQL.

Three kinds of pairs are told apart: the same person, two of a household (or otherwise close), and strangers. Those of a
household agree in what a household shares as much as a person agrees with itself, and in what is personal hardly more
than strangers. Without that third kind, twins and couples look like matches: the usual model multiplies surname,
address and telephone as if they were independent.
"""

from dataclasses import dataclass

import numpy as np

from ml.identity.linkage.bounds import (
    NAME_KINDS,
    bounded,
    differs,
    most_of,
    number_held,
    number_of,
    per_slip,
    same_name_and_birthday,
    start_of,
    tell_apart,
)
from ml.identity.linkage.levels import Comparison

_ROUNDS = 3
_FIRST_MATCHES = 0.2  # per record, to start from
_STEPS = 60
_PRIOR_PAIRS = 40.0  # the starting values of m weigh as much as this many matches
_LEAST_M = 0.002
# Pairs of a household, as a share of the pairs of one person: some are in any data, even where too few to be learned.
# In the first round they have an even start: once matches have taught themselves that twins are one person, no later
# round finds out.
_LEAST_HOUSEHOLD = 0.25
_FIRST_HOUSEHOLD = 1.0
# Where fewer pairs of a household than this, as a share of the pairs of one person, have different given names, nobody
# lives with anybody: the other birthday beside one name and telephone is a wrong one, not that of the father.
_LEAST_HOMES = 0.02
# After the first round matches may differ in something personal so much more often than is usual: in careless data they
# do, and by then the pairs of households are known for what they are.
_LATER_SLACK = 2.5

# Share of the pairs of a household that agree in something personal after all: twins, namesakes, a shared mailbox.
# It is learned, from pairs that something else tells apart, where there are so many pairs of households to each of one
# person, and kept between two bounds. Where there are fewer, those are pairs of one person with many errors.
_LEARNED_KIN = {
    "given_name": (0.1, 0.03, 0.2), "full_name": (0.1, 0.01, 0.2), "birth_date": (0.1, 0.03, 0.2),
    "phone": (_LEAST_HOUSEHOLD, 0.1, 0.98), "email": (_LEAST_HOUSEHOLD, 0.1, 0.98),
}  # fmt: skip
_KIN = {
    "given_name": 0.03, "middle_name": 0.03, "birth_date": 0.03, "id_number": 0.002, "email": 0.1, "phone": 0.6,
    "text": 0.01, "organisation": 0.01, "category": 0.0,
}  # fmt: skip
_KIN_LIFELONG = 0.0005  # of numbers that a person has one of: a spouse's is noted by mistake


@dataclass(frozen=True)
class Learned:
    """Parameters by comparison and level, best first; probabilities of two random records being of one person or
    household; ``cluster_size`` is how many records a record's person has on average."""

    m: list[np.ndarray]
    u: list[np.ndarray]
    is_personal: list[bool]
    kin: list[float]
    prior_match: float
    prior_household: float
    cluster_size: float

    def matches(self, comparisons: tuple[Comparison, ...], levels: np.ndarray) -> np.ndarray:
        """Probability, by pattern, of being one person."""
        priors = self.prior_match, self.prior_household
        return posterior(comparisons, levels, self.m, self.u, self.is_personal, self.kin, *priors)[0]


def kinship(comparison: Comparison) -> float:
    """Share of household pairs that agree as if they were one person, before anything is learned."""
    if comparison.kind == "id_number" and any(comparison.differing):
        return _KIN_LIFELONG
    return _KIN.get(comparison.kind, 0.01)


def household_levels(comparison: Comparison, is_personal: bool, m: np.ndarray, u: np.ndarray, kin: float) -> np.ndarray:
    """Probability of the levels among two people of one household, of whom ``kin`` agree as if they were one."""
    if not is_personal:
        return m
    if comparison.kind == "full_name":
        common = np.array(["in common" in level.label for level in comparison.levels])
        return (1 - kin) * (0.2 * u + 0.8 * common / common.sum()) + kin * m
    return (1 - kin) * u + kin * m


def learn(
    comparisons: tuple[Comparison, ...],
    records: int,
    levels: np.ndarray,
    pairs: np.ndarray,
    random_levels: np.ndarray,
    random_pairs: np.ndarray,
    term_counts: list[list[tuple[np.ndarray, int]]],
) -> Learned:
    """Fit all parameters.

    Parameters
    ----------
    comparisons, records
        What was compared, how many records there are.
    levels, pairs : array of shape (patterns, comparisons) and (patterns,)
        Of the candidates.
    random_levels, random_pairs : array
        Of pairs drawn at random.
    term_counts : list
        By comparison and term column: how many records hold each term, terms of one record left out; how many hold any.
    """
    total = max(records * (records - 1) / 2, 1.0)
    held_by = [number_of(comparisons, k, levels, pairs) for k in range(len(comparisons))]
    if unproven := [k for k, held in enumerate(held_by) if held == "unproven"]:
        rest = _without(unproven, levels)
        first = learn(comparisons, records, rest, pairs, _without(unproven, random_levels), random_pairs, term_counts)
        matches = first.matches(comparisons, rest) * pairs
        for k in unproven:
            held_by[k] = number_held(comparisons[k], levels[:, k], matches)
    start = [start_of(one, held) for one, held in zip(comparisons, held_by, strict=True)]
    m = observed = start  # `m` is monotone in evidence, `observed` is not
    personal = [one.is_personal for one in comparisons]
    kin = [kinship(one) for one in comparisons]
    prior_match = prior_household = _FIRST_MATCHES * records / total
    cluster_size = 1.0
    u: list[np.ndarray] = []
    # With a single comparison nothing else tells what is of strangers: the first view of them is kept. A name alone is
    # no proof, however rare.
    telling = [k for k, held in enumerate(held_by) if held != "record" and (levels[:, k] >= 0).any()]
    is_alone = len(telling) == 1 and comparisons[telling[0]].kind not in NAME_KINDS
    others = tell_apart(comparisons, levels)
    present = {one.kind for one in comparisons}
    shows_homes = bool(present & {"given_name", "full_name"}) and bool(present & {"phone", "email", "address"})
    has_homes = True  # until the first round has shown that there are none
    for round_ in range(_ROUNDS):
        is_first = is_alone or not round_
        least_household = _LEAST_HOUSEHOLD if round_ else _FIRST_HOUSEHOLD
        slack = _LATER_SLACK if round_ else 1.0
        most = [most_of(one, held, slack) for one, held in zip(comparisons, held_by, strict=True)]
        # Nearly equal values among random pairs of a small table may all be matches. At first as many are allowed for
        # as there could be; what turns out to be of strangers is given back in the next round.
        among = 2 * records / total if is_first else prior_match
        u = [
            _among_strangers(
                one,
                k,
                records,
                observed[k],
                among,
                random_levels,
                random_pairs,
                term_counts[k],
                of_one(one, max(cluster_size, 2.0) if is_alone else cluster_size),
                is_first,
            )
            for k, one in enumerate(comparisons)
        ]
        for _ in range(_STEPS):
            match, household = posterior(comparisons, levels, m, u, personal, kin, prior_match, prior_household)
            before = prior_match
            weight = match * pairs
            prior_match = max(weight.sum(), 0.25) / total
            seen_household = (household * pairs).sum() / total
            prior_household = max(seen_household, least_household * prior_match)
            observed = [_weighed(levels[:, k], weight, start[k]) for k in range(len(comparisons))]
            bounds = [
                per_slip(one, seen, bound) if held == "person" and (has_homes or one.kind != "birth_date") else bound
                for one, held, seen, bound in zip(comparisons, held_by, observed, most, strict=True)
            ]
            observed = [bounded(one, bound) for one, bound in zip(observed, bounds, strict=True)]
            m = [
                bounded(_monotone(one, strangers), bound)
                for one, strangers, bound in zip(observed, u, bounds, strict=True)
            ]
            households = seen_household / prior_match
            kin = _kin(comparisons, levels, household * pairs, m, u, personal, kin, households if has_homes else 0.0)
            if abs(prior_match - before) < 1e-9 * before:
                break
        # Only what is a home for sure: a little doubt in each of very many pairs adds up to homes that are not there.
        homes = pairs[others & (household > 0.5)].sum()
        has_homes = not shows_homes or bool(homes >= _LEAST_HOMES * weight.sum())
        cluster_size = 1 + 2 * prior_match * total / max(records, 1)
        personal = _personal(comparisons, levels, pairs, personal)
    return Learned(m, u, personal, kin, prior_match, prior_household, cluster_size)


def posterior(
    comparisons: tuple[Comparison, ...],
    levels: np.ndarray,
    m: list[np.ndarray],
    u: list[np.ndarray],
    personal: list[bool],
    kin: list[float],
    prior_match: float,
    prior_household: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Probability, by pattern, of being one person, and of being two of one household."""
    match, household = factors(comparisons, levels, m, u, personal, kin)
    scale = prior_match * match + prior_household * household + 1.0
    return prior_match * match / scale, prior_household * household / scale


def factors(
    comparisons: tuple[Comparison, ...],
    levels: np.ndarray,
    m: list[np.ndarray],
    u: list[np.ndarray],
    personal: list[bool],
    kin: list[float],
) -> tuple[np.ndarray, np.ndarray]:
    """Bayes factors, by pattern, of one person and of one household against strangers."""
    match, household = np.zeros(len(levels)), np.zeros(len(levels))
    moved = moves(comparisons)
    at_home: list[np.ndarray] = []
    for k, one in enumerate(comparisons):
        close = household_levels(one, personal[k], m[k], u[k], kin[k])
        # The last entry is read for level -1: missing says nothing.
        evidence = np.append(np.log(m[k] / u[k]), 0.0)[levels[:, k]]
        telling = ~follows(comparisons, k, levels)
        match += evidence * telling
        household += np.append(np.log(close / u[k]), 0.0)[levels[:, k]] * telling
        if k in moved:
            at_home.append(evidence)
    if at_home:
        # Neither is personal, so that it is the same for a household.
        again = said_again(*at_home)
        match, household = match - again, household - again
    return np.exp(np.minimum(match, 600.0)), np.exp(np.minimum(household, 600.0))


def _without(some: list[int], levels: np.ndarray) -> np.ndarray:
    """Patterns in which some comparisons are missing."""
    left = levels.copy()
    left[:, some] = -1
    return left


def follows(comparisons: tuple[Comparison, ...], k: int, levels: np.ndarray) -> np.ndarray:
    """By pattern: whether equality follows from names that are alike, and says nothing more than they do."""
    for i, one in enumerate(comparisons):
        if one.key == comparisons[k].follows:
            return np.append(one.alike, False)[levels[:, i]] & (levels[:, k] == 0)
    return np.zeros(len(levels), dtype=bool)


def moves(comparisons: tuple[Comparison, ...]) -> tuple[int, ...]:
    """The comparisons of street and of town, where there are both: who moves changes both at once."""
    found = tuple(k for k, one in enumerate(comparisons) if one.kind in ("address", "place"))
    return found if len(found) > 1 else ()


def said_again(street: np.ndarray, town: np.ndarray) -> np.ndarray:
    """What of the evidence (logarithms) of street and town is there twice.

    Of a person who lives at another address, the town is that of a stranger: it says nothing more against the match.
    """
    return np.where((street < 0) & (town < 0), np.maximum(street, town), 0.0)


def _among_strangers(
    one: Comparison,
    k: int,
    records: int,
    m: np.ndarray,
    prior_match: float,
    random_levels: np.ndarray,
    random_pairs: np.ndarray,
    term_counts: list[tuple[np.ndarray, int]],
    cluster_size: float,
    is_first: bool,
) -> np.ndarray:
    """Probability of the levels among strangers: random pairs without the matches that are among them.

    The best levels of an id number never occur in a sample; theirs follows from how often terms occur.
    """
    present = random_levels[:, k] >= 0
    counted = np.bincount(random_levels[present, k], weights=random_pairs[present], minlength=len(m)).astype(float)
    drawn = max(counted.sum(), 1.0)
    least = np.array([level.u for level in one.levels])
    u = np.maximum(counted / drawn - prior_match * m, np.maximum(least, 0.3 / drawn))
    if is_first:
        u = np.maximum(u, np.sqrt(least * counted / drawn))
    for (held, holders), name in zip(term_counts, one.terms, strict=True):
        at = [i for i, level in enumerate(one.levels) if level.tf == name]
        if at[0] == min(i for i, level in enumerate(one.levels) if level.tf):
            shares = term_shares(held, holders, cluster_size, one.rare)
            single = max(holders - held.sum(), 0)
            agree = (float((held * shares).sum()) + single * one.rare / max(holders, 1)) / max(holders, 1)
            u[at[0]] = max(agree, least[at[0]])
    return u / u.sum()


def of_one(one: Comparison, cluster_size: float) -> float:
    """How many records that hold a term are taken for those of one person: of a number or a mailbox, all of a few."""
    return max(3.0, 2 * cluster_size) if one.kind in ("id_number", "email", "phone") else cluster_size


def term_shares(held: np.ndarray, present: int, cluster_size: float, rare: float) -> np.ndarray:
    """Share of *other people's* records that hold a term which ``held`` records of ``present`` hold.

    The records of the person itself don't count: a number that two records of one person hold is not a number that
    every fifth hundred of strangers share.
    """
    return np.maximum(held - cluster_size, rare) / max(present, 1)


def _kin(
    comparisons: tuple[Comparison, ...],
    levels: np.ndarray,
    weight: np.ndarray,
    m: list[np.ndarray],
    u: list[np.ndarray],
    personal: list[bool],
    kin: list[float],
    households: float,
) -> list[float]:
    """Shares of household pairs that agree as one person does, of those that something else tells apart.

    Pairs that differ in nothing personal are left out, and those that differ in a number alone: they are of one person,
    and say nothing about households.
    """
    proof = [k for k, one in enumerate(comparisons) if personal[k] and any(one.differing)]
    differ = {k: differs(comparisons[k], levels[:, k]) for k in proof}
    is_one = same_name_and_birthday(comparisons, levels)
    made = [kinship(one) for one in comparisons]
    for k, one in enumerate(comparisons):
        others = [differ[other] for other in proof if other != k]
        least, low, high = _LEARNED_KIN.get(one.kind, (np.inf, 0.0, 1.0))
        if not personal[k] or households < least or not others:
            continue
        asked = np.logical_or.reduce(others) & (levels[:, k] >= 0) & ~is_one
        close = household_levels(one, True, m[k], u[k], kin[k])
        as_one = (kin[k] * m[k] / close)[levels[asked, k]]
        share = (_PRIOR_PAIRS * made[k] + (weight[asked] * as_one).sum()) / (_PRIOR_PAIRS + weight[asked].sum())
        made[k] = float(np.clip(share, low, high))
    return made


def _weighed(levels: np.ndarray, weight: np.ndarray, start: np.ndarray) -> np.ndarray:
    present = levels >= 0
    seen = np.bincount(levels[present], weights=weight[present], minlength=len(start))
    m = seen + _PRIOR_PAIRS * start
    m = np.maximum(m / m.sum(), _LEAST_M * np.minimum(start * 50, 1.0))
    return m / m.sum()


def _monotone(m: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A better level is never weaker evidence: neighbours that are the wrong way round share their evidence."""
    blocks: list[list[float]] = []
    for one_m, one_u in zip(m, u, strict=True):
        blocks.append([one_m, one_u, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] < blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], blocks[-1][2] + last[2]]
    ratios = np.concatenate([np.full(int(size), one_m / one_u) for one_m, one_u, size in blocks])
    made = ratios * u
    return made / made.sum()


def _personal(
    comparisons: tuple[Comparison, ...], levels: np.ndarray, pairs: np.ndarray, personal: list[bool]
) -> list[bool]:
    """Numbers that people with different names and birth dates have in common belong to a household after all."""
    proof = [k for k, one in enumerate(comparisons) if one.kind in ("given_name", "birth_date", "full_name")]
    if not proof:
        return personal
    known = (levels[:, proof] >= 0).sum(axis=1)
    differing = sum(differs(comparisons[k], levels[:, k]).astype(int) for k in proof)
    apart = (known > 0) & (differing == known)
    decided = list(personal)
    for k, one in enumerate(comparisons):
        if one.kind in ("id_number", "email"):
            same = (levels[:, k] == 0) & (known > 0)
            seen = pairs[same].sum()
            # A single name that differs may be a mistyped one; several do not all differ by mistake.
            several, any_ = pairs[same & apart & (known > 1)].sum(), pairs[same & apart].sum()
            if seen >= 10 and (several > 0.1 * seen or any_ > 0.5 * seen):
                decided[k] = False
    return decided
