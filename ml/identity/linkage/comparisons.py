"""Which comparisons are made of the columns of a table.

Belongs here: one comparison per kind of evidence, in a fixed order; columns of one address are one comparison.
Does not belong here: how kinds are compared (``names``, ``facts``), what is learned (``training``).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ml.identity.linkage import conditions as sql
from ml.identity.linkage import facts, names
from ml.identity.linkage.kinds import Column
from ml.identity.linkage.levels import Comparison

MAX_COMPARISONS = 15  # the levels of a pair are packed into one 64-bit integer, four bits each


def build(columns: Iterable[Column]) -> tuple[Comparison, ...]:
    """Comparisons of the columns, in a fixed order.

    ``record_sql`` of each reads the features ``f<j>_<feature>`` of column ``j``.
    """
    listed = list(enumerate(columns))
    made: list[Comparison] = []

    def of(*kinds: str) -> list[tuple[int, Column]]:
        return [(j, column) for j, column in listed if column.kind in kinds]

    def add(make: Callable[..., Comparison], *arguments: Any) -> None:
        made.append(make(f"c{len(made)}", *arguments))

    given, family = of("given_name"), of("family_name")
    for position, (j, column) in enumerate(given):
        # Names in each other's place are looked for between the first two name columns.
        add(names.given_comparison, j, column, f"f{family[0][0]}_v" if family and position == 0 else None)
    for position, (j, column) in enumerate(family):
        add(names.family_comparison, j, column, f"f{given[0][0]}_v" if given and position == 0 else None)
    for j, column in of("middle_name"):
        add(names.middle_comparison, j, column)
    for j, column in of("full_name"):
        add(names.full_comparison, j, column)
    for j, column in of("birth_date", "date"):
        add(facts.date_comparison, j, column)
    for j, column in of("id_number"):
        add(facts.number_comparison, j, column)
    for j, column in of("phone"):
        add(facts.phone_comparison, j, column)
    for j, column in of("email"):
        known = [f"f{i}_v" for i, _ in given + family] + [f"f{i}_w" for i, _ in of("full_name")]
        add(facts.email_comparison, j, column, known)
    if lines := of("address"):
        add(facts.address_comparison, lines)
    if places := of("postcode", "city", "region"):
        add(facts.place_comparison, places)
    has_people = bool(of("given_name", "family_name", "full_name", "birth_date"))
    for j, column in of("organisation", "text"):
        # Colleagues share an employer as a household shares its home.
        add(names.text_comparison, j, column, column.kind == "text" or not has_people)
    for j, column in of("category"):
        add(facts.category_comparison, j, column)
    return _without_repeats(made, [column for _, column in listed])


def _without_repeats(made: list[Comparison], columns: list[Column]) -> tuple[Comparison, ...]:
    """What follows from other columns is missing where those are compared."""
    single: dict[tuple[str, ...], Column] = {(column.name,): column for column in columns}
    by_column = {name: one for one in made for name in one.columns}

    def quiet(one: Comparison) -> Comparison:
        column = single.get(one.columns)
        if column is None:
            return one
        if column.follows:
            one = replace(one, follows=by_column[column.follows].key)
        if not column.repeats:
            return one
        said = " AND ".join(f"NOT ({sql.missing(by_column[name].terms[0])})" for name in column.repeats)
        return replace(one, null_sql=f"({one.null_sql} OR ({said}))")

    return tuple(quiet(one) for one in made)
