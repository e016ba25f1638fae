"""How names and texts are compared.

Belongs here: given, middle, family and whole names, organisations, free text.
Does not belong here: dates, numbers, addresses (``facts``).
"""

from ml.identity.linkage import cleaning
from ml.identity.linkage import conditions as sql
from ml.identity.linkage.kinds import Column
from ml.identity.linkage.levels import Comparison, Level


def _crossed(given: str, family: str) -> str:
    """The given name of one is the family name of the other, and nothing speaks against the rest."""
    one = (
        f'("{given}_{{A}}" = "{family}_{{B}}" AND ("{family}_{{A}}" IS NULL OR "{given}_{{B}}" IS NULL OR '
        f'jaro_winkler_similarity("{family}_{{A}}", "{given}_{{B}}") >= 0.85))'
    )
    apart = f"({sql.left(given)} IS NULL OR {sql.right(given)} IS NULL OR {sql.left(given)} <> {sql.right(given)})"
    return f"({apart} AND coalesce({sql.either_way(one)}, false))"


def given_comparison(key: str, j: int, column: Column, family: str | None) -> Comparison:
    value, root = f"{key}_v", f"{key}_root"
    record = {value: f"f{j}_v", root: f"coalesce(n{j}.root, f{j}_v)"}
    missing = sql.missing(value)
    levels = [
        Level("exact", sql.equal(value), 0.78, 1e-4, value),
        Level("short or pet name", sql.equal(root), 0.03, 1e-5),
        Level(
            "one letter off",
            f"length({sql.left(value)}) > 3 AND {sql.jaro(value, 0.75)} AND {sql.edit(value)}",
            0.07,
            1e-5,
        ),
        Level("initial or beginning", sql.begins(value), 0.03, 1e-4),
        Level("alike", sql.jaro(value, 0.88), 0.03, 1e-4),
        Level("somewhat alike", sql.jaro(value, 0.75), 0.015, 1e-3, most=0.05),
        Level("different", "ELSE", 0.03, 1e-2, most=0.06, most_per_slip=0.5),
    ]
    measures = sql.alike(value, 0.75)
    if family is not None:
        other, crossed = f"{key}_other", f"{key}_crossed"
        record[other] = family
        measures[crossed] = _crossed(value, other)
        levels.insert(0, Level("given and family name exchanged", f'"{crossed}"', 0.02, 1e-6))
        missing = f'(({missing}) AND NOT "{crossed}")'
    return Comparison(
        key, column.name, column.kind, (column.name,), True, missing, tuple(levels), record, 0.5, measures
    )


def family_comparison(key: str, j: int, column: Column, given: str | None) -> Comparison:
    value = f"{key}_v"
    record = {value: f"f{j}_v", f"{key}_sound": cleaning.phonetic(f"f{j}_v")}
    missing = sql.missing(value)
    measures = sql.alike(value, 0.75)
    if given is not None:
        # What was exchanged is counted once, with the given name.
        other = f"{key}_other"
        record[other] = given
        measures[f"{key}_crossed"] = _crossed(other, value)
        missing = f'({missing} OR "{key}_crossed")'
    part = sql.either_way(f"""contains(' ' || "{value}_{{A}}" || ' ', ' ' || "{value}_{{B}}" || ' ')""")
    levels = (
        Level("exact", sql.equal(value), 0.83, 1e-5, value),
        Level(
            "one letter off",
            f"length({sql.left(value)}) > 3 AND {sql.jaro(value, 0.75)} AND {sql.edit(value)}",
            0.07,
            1e-5,
        ),
        Level("a part of it", part, 0.01, 1e-5),
        Level("alike", sql.jaro(value, 0.88), 0.03, 1e-4),
        Level("somewhat alike", sql.jaro(value, 0.75), 0.02, 1e-3),
        Level("different", "ELSE", 0.04, 1e-2),
    )
    return Comparison(key, column.name, column.kind, (column.name,), False, missing, levels, record, 0.3, measures)


def middle_comparison(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("exact", sql.equal(value), 0.75, 1e-4, value),
        Level("initial or beginning", sql.begins(value), 0.1, 1e-4),
        Level(
            "one letter off",
            f"length({sql.left(value)}) > 3 AND {sql.jaro(value, 0.75)} AND {sql.edit(value)}",
            0.06,
            1e-4,
        ),
        Level("different", "ELSE", 0.09, 1e-2),
    )
    return Comparison(
        key,
        column.name,
        column.kind,
        (column.name,),
        True,
        sql.missing(value),
        levels,
        {value: f"f{j}_v"},
        0.5,
        sql.alike(value, 0.75),
    )


def full_comparison(key: str, j: int, column: Column) -> Comparison:
    tokens, line = f"{key}_t", f"{key}_v"
    record = {tokens: sql.tokens_of(f"f{j}_w"), line: f"array_to_string({sql.tokens_of(f'f{j}_w')}, ' ')"}
    # Ivanov Ivan P. and Petr Ivan Ivanov: the parts in any order, an initial for a name.
    initials = sql.either_way(
        f'len(list_filter("{tokens}_{{A}}", lambda x: list_contains("{tokens}_{{B}}", x) OR '
        f'(length(x) = 1 AND len(list_filter("{tokens}_{{B}}", lambda y: starts_with(y, x))) > 0))) = '
        f'len("{tokens}_{{A}}")'
    )
    levels = (
        Level("exact, in any order", sql.equal(line), 0.7, 1e-6, line),
        Level(
            "one within the other",
            f"{sql.shared_tokens(tokens)} >= 2 AND {sql.shared_tokens(tokens)} = {sql.fewer_tokens(tokens)}",
            0.05,
            1e-6,
        ),
        Level(
            "one letter off", f"length({sql.left(line)}) > 5 AND {sql.jaro(line, 0.8)} AND {sql.edit(line)}", 0.08, 1e-6
        ),
        Level(
            "initials agree",
            f"{sql.fewer_tokens(tokens)} >= 2 AND {sql.shared_tokens(tokens)} >= 1 AND {initials}",
            0.03,
            1e-5,
        ),
        Level("alike", sql.jaro(line, 0.93), 0.05, 1e-5),
        Level(
            "a name in common, the rest alike",
            f"{sql.shared_tokens(tokens)} >= 1 AND {sql.jaro(line, 0.85)}",
            0.03,
            1e-4,
        ),
        Level("a name in common", f"{sql.shared_tokens(tokens)} >= 1", 0.03, 1e-3, most=0.1, most_per_slip=1.0),
        Level("somewhat alike", sql.jaro(line, 0.8), 0.01, 1e-3, most=0.05, most_per_slip=0.5),
        Level("different", "ELSE", 0.02, 1e-2, most=0.05, most_per_slip=0.5),
    )
    measures = sql.alike(line, 0.8) | sql.shared(tokens)
    return Comparison(
        key, column.name, column.kind, (column.name,), True, sql.missing(line), levels, record, 0.1, measures
    )


def text_comparison(key: str, j: int, column: Column, is_personal: bool = True) -> Comparison:
    """Words that few records hold decide: two cameras of one make share all words but the number of the model."""
    tokens, line, rare = f"{key}_t", f"{key}_v", f"{key}_rare"
    record = {tokens: sql.tokens_of(f"f{j}_w"), line: f"array_to_string({sql.tokens_of(f'f{j}_w')}, ' ')"}
    shared, fewer, rarely = sql.shared_tokens(tokens), sql.fewer_tokens(tokens), sql.shared_tokens(rare)
    all_ = f"(len({sql.left(tokens)}) + len({sql.right(tokens)}) - {shared})"
    half = f"{shared} >= 0.5 * {fewer}"
    differ = f"({rarely} = 0 AND len({sql.left(rare)}) > 0 AND len({sql.right(rare)}) > 0)"
    levels = (
        Level("exact, in any order", sql.equal(line), 0.4, 1e-6, line),
        Level("rare words agree", f"{rarely} >= 1 AND {rarely} = {sql.fewer_tokens(rare)} AND {half}", 0.25, 1e-6),
        Level("spelled alike", f"{sql.jaro(line, 0.95)} AND NOT {differ}", 0.05, 1e-6),
        Level("a rare word in common, and others", f"{rarely} >= 1 AND {half}", 0.1, 1e-6),
        Level("nearly all words", f"{shared} >= 0.75 * {all_} AND NOT {differ}", 0.03, 1e-5),
        Level("a rare word in common", f"{rarely} >= 1", 0.04, 1e-5),
        Level("spelled alike, rare words differ", sql.jaro(line, 0.93), 0.04, 1e-4, most=0.08),
        Level("half of the words", f"{half} AND NOT {differ}", 0.03, 1e-4),
        Level("half of the words, rare ones differ", half, 0.02, 1e-3, most=0.05),
        Level("some words", f"{shared} >= 0.3 * {fewer}", 0.02, 1e-3, most=0.05),
        Level("different", "ELSE", 0.02, 1e-2, most=0.05),
    )
    measures = sql.alike(line, 0.93) | sql.shared(tokens) | sql.shared(rare)
    return Comparison(
        key,
        column.name,
        column.kind,
        (column.name,),
        is_personal,
        sql.missing(line),
        levels,
        record,
        0.02,
        measures,
        {rare: tokens},
    )
