"""How two records are compared: one comparison per kind of evidence, each with levels from best to worst.

Belongs here: which columns make a comparison, its levels in SQL, where their probabilities start, its term frequencies.
Does not belong here: what is learned (``training``) and which pairs are compared (``blocking``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ml.identity.linkage import cleaning
from ml.identity.linkage.kinds import Column, is_sex

MAX_COMPARISONS = 15  # the levels of a pair are packed into one 64-bit integer, four bits each


@dataclass(frozen=True)
class Level:
    """A degree of agreement.

    Attributes
    ----------
    label : str
        What it means.
    sql : str
        Condition on ``<column>_l`` and ``<column>_r``; levels are tried in order, the last is ``ELSE``.
    m, u : float
        Where the probability among matches starts, and the least that it is among others.
    tf : str, optional
        The record column whose value is the term that agrees.
    """

    label: str
    sql: str
    m: float
    u: float
    tf: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Evidence of one kind; ``is_personal`` tells that people of one household differ in it."""

    key: str
    title: str
    kind: str
    columns: tuple[str, ...]
    is_personal: bool
    null_sql: str
    levels: tuple[Level, ...]
    record_sql: dict[str, str]
    rare: float  # what counts as the frequency of a term that was never seen twice, in records
    measures: dict[str, str] = field(default_factory=dict)  # worked out once per pair, read by several levels
    rare_words: dict[str, str] = field(default_factory=dict)  # record column by the list of words it is taken from

    @property
    def terms(self) -> tuple[str, ...]:
        """Record columns with term frequencies."""
        return tuple(dict.fromkeys(level.tf for level in self.levels if level.tf))

    def splink(self, *, with_measures: bool = False) -> dict[str, Any]:
        """The comparison as Splink writes it; without measures each condition stands for itself."""

        def whole(sql: str) -> str:
            for name, measure in () if with_measures else self.measures.items():
                sql = sql.replace(f'"{name}"', f"({measure})")
            return sql

        null = {"sql_condition": whole(self.null_sql), "label_for_charts": "missing", "is_null_level": True}
        levels = [{"sql_condition": whole(level.sql), "label_for_charts": level.label} for level in self.levels]
        return {"output_column_name": self.key, "comparison_levels": [null, *levels]}


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
        add(_given, j, column, f"f{family[0][0]}_v" if family and position == 0 else None)
    for position, (j, column) in enumerate(family):
        add(_family, j, column, f"f{given[0][0]}_v" if given and position == 0 else None)
    for j, column in of("middle_name"):
        add(_middle, j, column)
    for j, column in of("full_name"):
        add(_full, j, column)
    for j, column in of("birth_date", "date"):
        add(_date, j, column)
    for j, column in of("id_number"):
        add(_number, j, column)
    for j, column in of("phone"):
        add(_phone, j, column)
    for j, column in of("email"):
        names = [f"f{i}_v" for i, _ in given + family] + [f"f{i}_w" for i, _ in of("full_name")]
        add(_email, j, column, names)
    if lines := of("address"):
        add(_address, lines)
    if places := of("postcode", "city", "region"):
        add(_place, places)
    for j, column in of("organisation", "text"):
        add(_text, j, column)
    for j, column in of("category"):
        add(_category, j, column)
    return tuple(made)


def _l(name: str) -> str:
    return f'"{name}_l"'


def _r(name: str) -> str:
    return f'"{name}_r"'


def _missing(*names: str) -> str:
    """No value that both have."""
    return " AND ".join(f"({_l(name)} IS NULL OR {_r(name)} IS NULL)" for name in names)


def _equal(name: str) -> str:
    return f"{_l(name)} = {_r(name)}"


def _jaro(name: str, least: float) -> str:
    """The likeness that ``_alike`` works out."""
    return f'"{name}_jaro" >= {least}'


def _alike(name: str, least: float) -> dict[str, str]:
    """Jaro-Winkler, null below what any level asks for: the search ends early for most pairs."""
    return {f"{name}_jaro": f"jaro_winkler_similarity({_l(name)}, {_r(name)}, {least})"}


def _edit(name: str) -> str:
    """One sign put in, left out or changed, or two neighbours exchanged."""
    l, r = _l(name), _r(name)
    # The cheap distance first: the other costs twelve times as much.
    exchanged = f"CASE WHEN levenshtein({l}, {r}) = 2 AND length({l}) = length({r}) THEN damerau_levenshtein({l}, {r}) = 1 ELSE false END"
    return f"(levenshtein({l}, {r}) <= 1 OR {exchanged})"


def _ends_agree(name: str) -> str:
    """Three signs at the beginning or at the end: one slip leaves one of them, and it is cheap to see."""
    l, r = _l(name), _r(name)
    return f"(left({l}, 3) = left({r}, 3) OR right({l}, 3) = right({r}, 3))"


def _begins(name: str) -> str:
    l, r = _l(name), _r(name)
    return f"(starts_with({l}, {r}) OR starts_with({r}, {l}))"


def _either_way(template: str) -> str:
    """A condition with sides A and B, and the same with the sides exchanged."""
    return f"({template.format(A='l', B='r')} OR {template.format(A='r', B='l')})"


def _crossed(given: str, family: str) -> str:
    """The given name of one is the family name of the other, and nothing speaks against the rest."""
    one = (
        f'("{given}_{{A}}" = "{family}_{{B}}" AND ("{family}_{{A}}" IS NULL OR "{given}_{{B}}" IS NULL OR '
        f'jaro_winkler_similarity("{family}_{{A}}", "{given}_{{B}}") >= 0.85))'
    )
    apart = f"({_l(given)} IS NULL OR {_r(given)} IS NULL OR {_l(given)} <> {_r(given)})"
    return f"({apart} AND coalesce({_either_way(one)}, false))"


def _given(key: str, j: int, column: Column, family: str | None) -> Comparison:
    value, root = f"{key}_v", f"{key}_root"
    record = {value: f"f{j}_v", root: f"coalesce(n{j}.root, f{j}_v)"}
    missing = _missing(value)
    levels = [
        Level("exact", _equal(value), 0.78, 1e-4, value),
        Level("short or pet name", _equal(root), 0.03, 1e-5),
        Level("one letter off", f"length({_l(value)}) > 3 AND {_jaro(value, 0.75)} AND {_edit(value)}", 0.07, 1e-5),
        Level("initial or beginning", _begins(value), 0.03, 1e-4),
        Level("alike", _jaro(value, 0.88), 0.03, 1e-4),
        Level("somewhat alike", _jaro(value, 0.75), 0.015, 1e-3),
        Level("different", "ELSE", 0.03, 1e-2),
    ]
    measures = _alike(value, 0.75)
    if family is not None:
        other, crossed = f"{key}_other", f"{key}_crossed"
        record[other] = family
        measures[crossed] = _crossed(value, other)
        levels.insert(0, Level("given and family name exchanged", f'"{crossed}"', 0.02, 1e-6))
        missing = f'(({missing}) AND NOT "{crossed}")'
    return Comparison(
        key, column.name, column.kind, (column.name,), True, missing, tuple(levels), record, 0.5, measures
    )


def _family(key: str, j: int, column: Column, given: str | None) -> Comparison:
    value = f"{key}_v"
    record = {value: f"f{j}_v", f"{key}_sound": cleaning.phonetic(f"f{j}_v")}
    missing = _missing(value)
    measures = _alike(value, 0.75)
    if given is not None:
        # What was exchanged is counted once, with the given name.
        other = f"{key}_other"
        record[other] = given
        measures[f"{key}_crossed"] = _crossed(other, value)
        missing = f'({missing} OR "{key}_crossed")'
    part = _either_way(f"""contains(' ' || "{value}_{{A}}" || ' ', ' ' || "{value}_{{B}}" || ' ')""")
    levels = (
        Level("exact", _equal(value), 0.83, 1e-5, value),
        Level("one letter off", f"length({_l(value)}) > 3 AND {_jaro(value, 0.75)} AND {_edit(value)}", 0.07, 1e-5),
        Level("a part of it", part, 0.01, 1e-5),
        Level("alike", _jaro(value, 0.88), 0.03, 1e-4),
        Level("somewhat alike", _jaro(value, 0.75), 0.02, 1e-3),
        Level("different", "ELSE", 0.04, 1e-2),
    )
    return Comparison(key, column.name, column.kind, (column.name,), False, missing, levels, record, 0.3, measures)


def _middle(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("exact", _equal(value), 0.75, 1e-4, value),
        Level("initial or beginning", _begins(value), 0.1, 1e-4),
        Level("one letter off", f"length({_l(value)}) > 3 AND {_jaro(value, 0.75)} AND {_edit(value)}", 0.06, 1e-4),
        Level("different", "ELSE", 0.09, 1e-2),
    )
    return Comparison(
        key,
        column.name,
        column.kind,
        (column.name,),
        True,
        _missing(value),
        levels,
        {value: f"f{j}_v"},
        0.5,
        _alike(value, 0.75),
    )


def _shared_tokens(name: str) -> str:
    return f'"{name}_shared"'


def _shared(name: str) -> dict[str, str]:
    """How many words two lists have in common."""
    return {f"{name}_shared": f"len(list_intersect({_l(name)}, {_r(name)}))"}


def _fewer_tokens(name: str) -> str:
    return f"least(len({_l(name)}), len({_r(name)}))"


def _tokens(text: str, limit: int = 30) -> str:
    return f"list_sort(list_distinct(string_split({text}, ' ')))[:{limit}]"


def _full(key: str, j: int, column: Column) -> Comparison:
    tokens, line = f"{key}_t", f"{key}_v"
    record = {tokens: _tokens(f"f{j}_w"), line: f"array_to_string({_tokens(f'f{j}_w')}, ' ')"}
    # Ivanov Ivan P. and Petr Ivan Ivanov: the parts in any order, an initial for a name.
    initials = _either_way(
        f'len(list_filter("{tokens}_{{A}}", lambda x: list_contains("{tokens}_{{B}}", x) OR '
        f'(length(x) = 1 AND len(list_filter("{tokens}_{{B}}", lambda y: starts_with(y, x))) > 0))) = len("{tokens}_{{A}}")'
    )
    levels = (
        Level("exact, in any order", _equal(line), 0.7, 1e-6, line),
        Level("one within the other", f"{_shared_tokens(tokens)} >= 2 AND {_shared_tokens(tokens)} = {_fewer_tokens(tokens)}", 0.05, 1e-6),
        Level("one letter off", f"length({_l(line)}) > 5 AND {_jaro(line, 0.8)} AND {_edit(line)}", 0.08, 1e-6),
        Level("initials agree", f"{_fewer_tokens(tokens)} >= 2 AND {_shared_tokens(tokens)} >= 1 AND {initials}", 0.03, 1e-5),
        Level("alike", _jaro(line, 0.93), 0.05, 1e-5),
        Level("a name in common, the rest alike", f"{_shared_tokens(tokens)} >= 1 AND {_jaro(line, 0.85)}", 0.03, 1e-4),
        Level("a name in common", f"{_shared_tokens(tokens)} >= 1", 0.03, 1e-3),
        Level("somewhat alike", _jaro(line, 0.8), 0.01, 1e-3),
        Level("different", "ELSE", 0.02, 1e-2),
    )  # fmt: skip
    measures = _alike(line, 0.8) | _shared(tokens)
    return Comparison(
        key, column.name, column.kind, (column.name,), True, _missing(line), levels, record, 0.1, measures
    )


def _date(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    l, r = _l(value), _r(value)
    turned = f"{l} = left({r}, 4) || right({r}, 2) || substr({r}, 5, 2)"
    born = column.kind == "birth_date"
    levels = (
        Level("exact", _equal(value), 0.84, 1e-5, value),
        Level("day and month exchanged", turned, 0.01, 1e-6),
        Level("one digit off", f"{_ends_agree(value)} AND {_edit(value)}", 0.08, 1e-4),
        Level("same month and day", f"right({l}, 4) = right({r}, 4)", 0.01, 1e-4),
        Level("same year and month, or day", f"left({l}, 6) = left({r}, 6) OR (left({l}, 4) = left({r}, 4) AND right({l}, 2) = right({r}, 2))", 0.01, 1e-4),
        Level("within a year", f'abs("{key}_year_l" - "{key}_year_r") <= 1', 0.01, 1e-3),
        Level("different", "ELSE", 0.04, 1e-2),
    )  # fmt: skip
    record = {value: f"f{j}_v", f"{key}_year": f"try_cast(left(f{j}_v, 4) AS INTEGER)"}
    return Comparison(key, column.name, column.kind, (column.name,), born, _missing(value), levels, record, 0.1)


def _number(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("exact", _equal(value), 0.86, 1e-8, value),
        Level("one sign off", f"length({_l(value)}) > 4 AND {_ends_agree(value)} AND {_edit(value)}", 0.08, 1e-7),
        Level(
            "two signs off",
            f"length({_l(value)}) > 6 AND {_ends_agree(value)} AND levenshtein({_l(value)}, {_r(value)}) <= 2",
            0.02,
            1e-6,
        ),
        Level("different", "ELSE", 0.04, 1e-2),
    )
    personal = not column.shared
    return Comparison(
        key, column.name, column.kind, (column.name,), personal, _missing(value), levels, {value: f"f{j}_v"}, 0.01
    )


def _phone(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("same last digits", _equal(value), 0.75, 1e-7, value),
        Level("one digit off", f"length({_l(value)}) > 5 AND {_ends_agree(value)} AND {_edit(value)}", 0.06, 1e-6),
        Level("different", "ELSE", 0.19, 1e-2),
    )
    return Comparison(
        key, column.name, column.kind, (column.name,), False, _missing(value), levels, {value: f"f{j}_v"}, 0.02
    )


def _email(key: str, j: int, column: Column, names: list[str]) -> Comparison:
    """An address made of the person's names tells nothing that the names do not, unless it is the same address."""
    value, local, digits, named = f"{key}_v", f"{key}_local", f"{key}_digits", f"{key}_named"
    before = f"split_part(split_part(f{j}_v, '@', 1), '+', 1)"
    within = [
        f"len(list_filter(string_split({name}, ' '), lambda x: length(x) > 2 AND contains({before}, x))) > 0"
        for name in names
    ]
    record = {
        value: f"f{j}_v",
        local: f"nullif({before}, '')",
        digits: f"regexp_replace({before}, '[^0-9]+', '', 'g')",
        named: f"coalesce({', '.join(f'nullif({one}, false)' for one in within)}, false)" if within else "false",
    }
    mistyped = f"{_jaro(local, 0.75)} AND {_equal(digits)} AND {_edit(value)}"
    by_name = f"{_l(named)} AND {_r(named)}"
    missing = f"({_missing(value)} OR ({by_name} AND {_jaro(local, 0.75)} AND {_l(value)} <> {_r(value)} AND NOT ({mistyped})))"
    levels = (
        Level("exact", _equal(value), 0.72, 1e-7, value),
        Level("one sign off", mistyped, 0.06, 1e-7),
        Level("same before the @", f"length({_l(local)}) > 4 AND {_equal(local)}", 0.04, 1e-6, local),
        Level("alike before the @", _jaro(local, 0.92), 0.04, 1e-5),
        Level("different", "ELSE", 0.14, 1e-2),
    )
    return Comparison(
        key, column.name, column.kind, (column.name,), True, missing, levels, record, 0.02, _alike(local, 0.75)
    )


def _address(key: str, lines: list[tuple[int, Column]]) -> Comparison:
    whole, numbers, names, tokens = f"{key}_v", f"{key}_n", f"{key}_w", f"{key}_t"
    joined = "nullif(concat_ws(' ', " + ", ".join(f"f{j}_v" for j, _ in lines) + "), '')"
    street = cleaning.street_words(joined)
    found = f"string_split({street}, ' ')"
    is_number = "regexp_matches(x, '^[0-9]')"
    record = {
        whole: street,
        numbers: f"list_filter({found}, lambda x: {is_number})[1]",
        names: f"nullif(array_to_string(list_sort(list_distinct(list_filter({found}, lambda x: NOT {is_number}))), ' '), '')",
        tokens: f"list_distinct(list_filter({found}, lambda x: NOT {is_number}))[:12]",
    }
    same_number = f"coalesce({_equal(numbers)}, false)"
    alike = f"({_jaro(names, 0.92)} OR ({_shared_tokens(tokens)} >= 2 AND {_shared_tokens(tokens)} >= 0.75 * {_fewer_tokens(tokens)}))"
    partly = f"({_jaro(names, 0.85)} OR {_shared_tokens(tokens)} >= greatest(1, 0.5 * {_fewer_tokens(tokens)}))"
    levels = (
        Level("exact", _equal(whole), 0.5, 1e-6, whole),
        Level("same number, names alike", f"{same_number} AND {alike}", 0.15, 1e-6),
        Level("same number, names partly alike", f"{same_number} AND {partly}", 0.08, 1e-5),
        Level("names alike", alike, 0.08, 1e-5),
        Level("names partly alike", partly, 0.06, 1e-3),
        Level("different", "ELSE", 0.13, 1e-2),
    )
    columns = tuple(column.name for _, column in lines)
    measures = _alike(names, 0.85) | _shared(tokens)
    return Comparison(key, "+".join(columns), "address", columns, False, _missing(whole), levels, record, 0.1, measures)


def _place(key: str, places: list[tuple[int, Column]]) -> Comparison:
    """One comparison: postcode, town and state of an address follow from each other and count once."""
    record: dict[str, str] = {}
    for kind, name in (("postcode", f"{key}_p"), ("city", f"{key}_c"), ("region", f"{key}_s")):
        found = [f"f{j}_v" for j, column in places if column.kind == kind]
        if found:
            record[name] = found[0] if kind != "region" else f"nullif(concat_ws(' ', {', '.join(found)}), '')"
    post, city, region = f"{key}_p", f"{key}_c", f"{key}_s"
    has_post, has_city, has_region = (name in record for name in (post, city, region))
    levels: list[Level] = []
    if has_post and has_city:
        levels.append(Level("same postcode and place", f"{_equal(post)} AND {_jaro(city, 0.9)}", 0.6, 1e-5, post))
    if has_post:
        levels.append(Level("same postcode", _equal(post), 0.1, 1e-4, post))
    if has_city:
        levels.append(Level("same place", _equal(city), 0.1, 1e-4, city))
        levels.append(Level("place alike", _jaro(city, 0.9), 0.05, 1e-4))
    if has_post:
        levels.append(Level("postcode alike", f"length({_l(post)}) > 3 AND ({_edit(post)} OR left({_l(post)}, 3) = left({_r(post)}, 3))", 0.05, 1e-3))  # fmt: skip
    if has_region:
        levels.append(Level("same region", _equal(region), 0.05, 1e-2, region))
    levels.append(Level("different", "ELSE", 0.05, 1e-2))
    columns = tuple(column.name for _, column in places)
    measures = _alike(city, 0.9) if has_city else {}
    return Comparison(
        key, "+".join(columns), "place", columns, False, _missing(*record), tuple(levels), record, 0.3, measures
    )


def _text(key: str, j: int, column: Column) -> Comparison:
    """Words that few records hold decide: two cameras of one make share all words but the number of the model."""
    tokens, line, rare = f"{key}_t", f"{key}_v", f"{key}_rare"
    record = {tokens: _tokens(f"f{j}_w"), line: f"array_to_string({_tokens(f'f{j}_w')}, ' ')"}
    shared, fewer, rarely = _shared_tokens(tokens), _fewer_tokens(tokens), _shared_tokens(rare)
    all_ = f"(len({_l(tokens)}) + len({_r(tokens)}) - {shared})"
    half = f"{shared} >= 0.5 * {fewer}"
    differ = f"({rarely} = 0 AND len({_l(rare)}) > 0 AND len({_r(rare)}) > 0)"
    levels = (
        Level("exact, in any order", _equal(line), 0.4, 1e-6, line),
        Level("rare words agree", f"{rarely} >= 1 AND {rarely} = {_fewer_tokens(rare)} AND {half}", 0.25, 1e-6),
        Level("spelled alike", f"{_jaro(line, 0.95)} AND NOT {differ}", 0.05, 1e-6),
        Level("a rare word in common, and others", f"{rarely} >= 1 AND {half}", 0.1, 1e-6),
        Level("nearly all words", f"{shared} >= 0.75 * {all_} AND NOT {differ}", 0.03, 1e-5),
        Level("a rare word in common", f"{rarely} >= 1", 0.04, 1e-5),
        Level("spelled alike, rare words differ", _jaro(line, 0.93), 0.04, 1e-4),
        Level("half of the words", f"{half} AND NOT {differ}", 0.03, 1e-4),
        Level("half of the words, rare ones differ", half, 0.02, 1e-3),
        Level("some words", f"{shared} >= 0.3 * {fewer}", 0.02, 1e-3),
        Level("different", "ELSE", 0.02, 1e-2),
    )
    measures = _alike(line, 0.93) | _shared(tokens) | _shared(rare)
    return Comparison(
        key,
        column.name,
        column.kind,
        (column.name,),
        True,
        _missing(line),
        levels,
        record,
        0.02,
        measures,
        {rare: tokens},
    )


def _category(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (Level("equal", _equal(value), 0.9, 1e-3, value), Level("different", "ELSE", 0.1, 1e-2))
    personal = is_sex(column.name)
    return Comparison(
        key, column.name, column.kind, (column.name,), personal, _missing(value), levels, {value: f"f{j}_v"}, 1.0
    )
