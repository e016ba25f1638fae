"""Conditions on two records, in SQL: the pieces that levels are made of.

Belongs here: what compares ``<column>_l`` with ``<column>_r``, and the measures that several levels read.
Does not belong here: which levels a kind has (``names``, ``facts``).
"""


def left(name: str) -> str:
    """A column of the one record."""
    return f'"{name}_l"'


def right(name: str) -> str:
    """The same column of the other."""
    return f'"{name}_r"'


def missing(*names: str) -> str:
    """No value that both have."""
    return " AND ".join(f"({left(name)} IS NULL OR {right(name)} IS NULL)" for name in names)


def equal(name: str) -> str:
    """The values are the same."""
    return f"{left(name)} = {right(name)}"


def jaro(name: str, least: float) -> str:
    """The likeness that ``alike`` works out."""
    return f'"{name}_jaro" >= {least}'


def alike(name: str, least: float) -> dict[str, str]:
    """Jaro-Winkler, null below what any level asks for: the search ends early for most pairs."""
    return {f"{name}_jaro": f"jaro_winkler_similarity({left(name)}, {right(name)}, {least})"}


def edit(name: str) -> str:
    """One sign put in, left out or changed, or two neighbours exchanged."""
    one, other = left(name), right(name)
    # The cheap distance first: the other costs twelve times as much.
    exchanged = (
        f"CASE WHEN levenshtein({one}, {other}) = 2 AND length({one}) = length({other}) "
        f"THEN damerau_levenshtein({one}, {other}) = 1 ELSE false END"
    )
    return f"(levenshtein({one}, {other}) <= 1 OR {exchanged})"


def ends_agree(name: str) -> str:
    """Three signs at the beginning or at the end: one slip leaves one of them, and it is cheap to see."""
    one, other = left(name), right(name)
    return f"(left({one}, 3) = left({other}, 3) OR right({one}, 3) = right({other}, 3))"


def begins(name: str) -> str:
    """One is the beginning of the other."""
    one, other = left(name), right(name)
    return f"(starts_with({one}, {other}) OR starts_with({other}, {one}))"


def either_way(template: str) -> str:
    """A condition with sides A and B, and the same with the sides exchanged."""
    return f"({template.format(A='l', B='r')} OR {template.format(A='r', B='l')})"


def shared_tokens(name: str) -> str:
    """The number that ``shared`` works out."""
    return f'"{name}_shared"'


def shared(name: str) -> dict[str, str]:
    """How many words two lists have in common."""
    return {f"{name}_shared": f"len(list_intersect({left(name)}, {right(name)}))"}


def fewer_tokens(name: str) -> str:
    """How many words the shorter list has."""
    return f"least(len({left(name)}), len({right(name)}))"


def tokens_of(text: str, limit: int = 30) -> str:
    """The different words of a text, sorted."""
    return f"list_sort(list_distinct(string_split({text}, ' ')))[:{limit}]"
