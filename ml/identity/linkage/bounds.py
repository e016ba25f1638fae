"""How often levels may occur among matches, whatever the candidates show.

Belongs here: bounds on m, which keep pairs of strangers and relatives from teaching that matches differ.
Does not belong here: the levels' own figures (``names``, ``facts``), learning (``training``).
"""

import numpy as np

from ml.identity.linkage.levels import Comparison

NAME_KINDS = ("given_name", "middle_name", "family_name", "full_name")
_CARELESS = ("given_name", "full_name", "birth_date")
_ENOUGH = 10  # pairs that a number is judged by
_HARDLY = 0.1
_OWN_AGREES = 0.05  # of matches, in what is hardly ever equal, before anything is learned


def differs(one: Comparison, levels: np.ndarray) -> np.ndarray:
    """By pattern: whether the level says "another person"; one that is missing (-1) says nothing."""
    return np.append(one.differing, False)[levels]


def number_of(comparisons: tuple[Comparison, ...], k: int, levels: np.ndarray, pairs: np.ndarray) -> str:
    """What a number is of, by the pairs that agree in all names and birthdays: ``person``, ``record`` or ``unknown``.

    A person's number agrees in most of them. One that agrees in hardly any tells records apart, not people. Of things,
    which have neither names nor birthdays, it is ``unproven``.
    """
    if comparisons[k].kind != "id_number":
        return "person"
    proof = [i for i, one in enumerate(comparisons) if one.kind in (*NAME_KINDS, "birth_date")]
    if not proof:
        return "unproven" if (np.delete(levels, k, axis=1) >= 0).any() and (levels[:, k] >= 0).any() else "person"
    known = (levels[:, proof] >= 0).sum(axis=1)
    equal = np.zeros(len(levels), dtype=int)
    for i in proof:
        has_term = [level.tf is not None for level in comparisons[i].levels]
        equal += np.append(has_term, False)[levels[:, i]]
    asked = (known >= 2) & (equal == known)
    return number_held(comparisons[k], levels[:, k], pairs * asked)


def number_held(one: Comparison, levels: np.ndarray, matches: np.ndarray) -> str:
    """What a number is of, by how many of the pairs of each pattern are matches."""
    same = matches[levels == 0].sum()
    other = matches[levels == len(one.levels) - 1].sum()
    if other >= _ENOUGH and same < _HARDLY * other:
        return "record"
    return "person" if same >= other else "unknown"


def start_of(one: Comparison, held: str) -> np.ndarray:
    """Where m starts: matches differ in what is the record's own."""
    m = np.array([level.m for level in one.levels])
    if held == "record":
        m = np.full(len(m), _OWN_AGREES / len(m))
        m[-1] = 1 - _OWN_AGREES
    return m / m.sum()


def most_of(one: Comparison, held: str, slack: float) -> np.ndarray:
    """What m is at most, by level; ``slack`` is for people, who may be written down carelessly, not for things."""
    if held == "record":
        return np.ones(len(one.levels))
    most = np.array([level.most for level in one.levels])
    return np.minimum(most * slack, 1.0) if one.kind in _CARELESS else most


def bounded(m: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Levels above their bound are set to it, the others share what is left."""
    over = np.zeros(len(m), dtype=bool)
    while True:
        rest = m[~over].sum()
        made = np.where(over, most, m * ((1 - most[over].sum()) / rest))
        grown = ~over & (made > most)
        if not grown.any():
            return made
        over |= grown


def tell_apart(comparisons: tuple[Comparison, ...], levels: np.ndarray) -> np.ndarray:
    """By pattern: whether a person's given or whole name says "another person"."""
    names = [k for k, one in enumerate(comparisons) if one.kind in ("given_name", "full_name")]
    return np.logical_or.reduce([differs(comparisons[k], levels[:, k]) for k in names] or [np.zeros(len(levels), bool)])


def same_name_and_birthday(comparisons: tuple[Comparison, ...], levels: np.ndarray) -> np.ndarray:
    """By pattern: whether given name and birthday are equal; names that are merely alike are those of twins, too.

    Namesakes of a family are born on different days, and twins have different names.
    """
    equal = []
    for kinds in (("given_name", "full_name"), ("birth_date",)):
        of_kind = [
            (k, [level.tf is not None for level in one.levels])
            for k, one in enumerate(comparisons)
            if one.kind in kinds
        ]
        found = [np.append(has_term, False)[levels[:, k]] for k, has_term in of_kind]
        equal.append(np.logical_or.reduce(found or [np.zeros(len(levels), bool)]))
    return equal[0] & equal[1]


def per_slip(one: Comparison, m: np.ndarray, most: np.ndarray) -> np.ndarray:
    """The bounds, with those that follow from how many slips there are among matches."""
    slipped = m[np.array(one.slips)].sum()
    share = np.array([np.inf if level.most_per_slip is None else level.most_per_slip for level in one.levels])
    return np.minimum(most, share * slipped)
