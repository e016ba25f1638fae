"""How dates, numbers, contacts, addresses and categories are compared.

Belongs here: all kinds that are no names.
Does not belong here: names and texts (``names``).
"""

from ml.identity.linkage import cleaning
from ml.identity.linkage import conditions as sql
from ml.identity.linkage.kinds import Column, is_sex
from ml.identity.linkage.levels import Comparison, Level

_GENERATION = 13  # years: more than a slip in the last digit of a year makes, less than parents and children are apart


def date_comparison(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    one, other = sql.left(value), sql.right(value)
    turned = f"{one} = left({other}, 4) || right({other}, 2) || substr({other}, 5, 2)"
    same_month = f"left({one}, 6) = left({other}, 6)"
    one_part = f"{same_month} OR (left({one}, 4) = left({other}, 4) AND right({one}, 2) = right({other}, 2))"
    born = column.kind == "birth_date"
    rarely = 0.06 if born else 1.0
    years = f'abs("{key}_year_l" - "{key}_year_r")'
    levels = [
        Level("exact", sql.equal(value), 0.84, 1e-5, value),
        Level("day and month exchanged", turned, 0.01, 1e-6),
        Level("one digit off", f"{sql.ends_agree(value)} AND {sql.edit(value)}", 0.08, 1e-4),
        Level("same month and day", f"right({one}, 4) = right({other}, 4)", 0.01, 1e-4),
        Level("same year and month, or day", one_part, 0.01, 1e-4),
        Level("within a year", f"{years} <= 1", 0.01, 1e-3, most=rarely),
    ]
    if born:
        # Parents and children are so far apart; a slip that leaves no other trace hardly ever makes that.
        near = f"coalesce({years} < {_GENERATION}, true)"
        levels.append(Level("different", near, 0.03, 1e-2, most=rarely, most_per_slip=0.5))
        levels.append(Level("a generation apart", "ELSE", 0.01, 1e-2, most=0.005, most_per_slip=0.1))
    else:
        levels.append(Level("different", "ELSE", 0.04, 1e-2))
    record = {value: f"f{j}_v", f"{key}_year": f"try_cast(left(f{j}_v, 4) AS INTEGER)"}
    return Comparison(
        key, column.name, column.kind, (column.name,), born, sql.missing(value), tuple(levels), record, 0.1
    )


def number_comparison(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("exact", sql.equal(value), 0.86, 1e-8, value),
        Level(
            "one sign off",
            f"length({sql.left(value)}) > 4 AND {sql.ends_agree(value)} AND {sql.edit(value)}",
            0.08,
            1e-7,
        ),
        Level(
            "two signs off",
            f"length({sql.left(value)}) > 6 AND {sql.ends_agree(value)} AND levenshtein({sql.left(value)}, "
            f"{sql.right(value)}) <= 2",
            0.02,
            1e-6,
        ),
        Level("different", "ELSE", 0.04, 1e-2, most=0.1, most_per_slip=1.0 if column.lifelong else None),
    )
    personal = not column.shared
    return Comparison(
        key, column.name, column.kind, (column.name,), personal, sql.missing(value), levels, {value: f"f{j}_v"}, 0.01
    )


def phone_comparison(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (
        Level("same last digits", sql.equal(value), 0.75, 1e-7, value),
        Level(
            "one digit off",
            f"length({sql.left(value)}) > 5 AND {sql.ends_agree(value)} AND {sql.edit(value)}",
            0.06,
            1e-6,
        ),
        Level("different", "ELSE", 0.19, 1e-2),
    )
    return Comparison(
        key, column.name, column.kind, (column.name,), True, sql.missing(value), levels, {value: f"f{j}_v"}, 0.02
    )


def email_comparison(key: str, j: int, column: Column, names: list[str]) -> Comparison:
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
    mistyped = f"{sql.jaro(local, 0.75)} AND {sql.equal(digits)} AND {sql.edit(value)}"
    by_name = f"{sql.left(named)} AND {sql.right(named)}"
    by_names = (
        f"({by_name} AND {sql.jaro(local, 0.75)} AND {sql.left(value)} <> {sql.right(value)} AND NOT ({mistyped}))"
    )
    missing = f"({sql.missing(value)} OR {by_names})"
    levels = (
        Level("exact", sql.equal(value), 0.72, 1e-7, value),
        Level("one sign off", mistyped, 0.06, 1e-7),
        Level("same before the @", f"length({sql.left(local)}) > 4 AND {sql.equal(local)}", 0.04, 1e-6, local),
        Level("alike before the @", sql.jaro(local, 0.92), 0.04, 1e-5),
        Level("different", "ELSE", 0.14, 1e-2, most=0.5),
    )
    return Comparison(
        key, column.name, column.kind, (column.name,), True, missing, levels, record, 0.02, sql.alike(local, 0.75)
    )


def address_comparison(key: str, lines: list[tuple[int, Column]]) -> Comparison:
    whole, numbers, names, tokens = f"{key}_v", f"{key}_n", f"{key}_w", f"{key}_t"
    joined = "nullif(concat_ws(' ', " + ", ".join(f"f{j}_v" for j, _ in lines) + "), '')"
    street = cleaning.street_words(joined)
    found = f"string_split({street}, ' ')"
    is_number = "regexp_matches(x, '^[0-9]')"
    street_words = f"list_filter({found}, lambda x: NOT {is_number})"
    record = {
        whole: street,
        numbers: f"list_filter({found}, lambda x: {is_number})[1]",
        names: f"nullif(array_to_string(list_sort(list_distinct({street_words})), ' '), '')",
        tokens: f"list_distinct({street_words})[:12]",
    }
    same_number = f"coalesce({sql.equal(numbers)}, false)"
    most = f"({sql.shared_tokens(tokens)} >= 2 AND {sql.shared_tokens(tokens)} >= 0.75 * {sql.fewer_tokens(tokens)})"
    alike = f"({sql.jaro(names, 0.92)} OR {most})"
    partly = (
        f"({sql.jaro(names, 0.85)} OR {sql.shared_tokens(tokens)} >= greatest(1, 0.5 * {sql.fewer_tokens(tokens)}))"
    )
    levels = (
        Level("exact", sql.equal(whole), 0.5, 1e-6, whole),
        Level("same number, names alike", f"{same_number} AND {alike}", 0.15, 1e-6),
        Level("same number, names partly alike", f"{same_number} AND {partly}", 0.08, 1e-5),
        Level("names alike", alike, 0.08, 1e-5),
        Level("names partly alike", partly, 0.06, 1e-3),
        Level("different", "ELSE", 0.13, 1e-2),
    )
    columns = tuple(column.name for _, column in lines)
    measures = sql.alike(names, 0.85) | sql.shared(tokens)
    return Comparison(
        key, "+".join(columns), "address", columns, False, sql.missing(whole), levels, record, 0.1, measures
    )


def place_comparison(key: str, places: list[tuple[int, Column]]) -> Comparison:
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
        levels.append(Level("same postcode and place", f"{sql.equal(post)} AND {sql.jaro(city, 0.9)}", 0.6, 1e-5, post))
    if has_post:
        levels.append(Level("same postcode", sql.equal(post), 0.1, 1e-4, post))
    if has_city:
        levels.append(Level("same place", sql.equal(city), 0.1, 1e-4, city))
        levels.append(Level("place alike", sql.jaro(city, 0.9), 0.05, 1e-4))
    if has_post:
        begins = f"left({sql.left(post)}, 3) = left({sql.right(post)}, 3)"
        near = f"length({sql.left(post)}) > 3 AND ({sql.edit(post)} OR {begins})"
        levels.append(Level("postcode alike", near, 0.05, 1e-3))
    if has_region:
        levels.append(Level("same region", sql.equal(region), 0.05, 1e-2, region))
    levels.append(Level("different", "ELSE", 0.05, 1e-2))
    columns = tuple(column.name for _, column in places)
    measures = sql.alike(city, 0.9) if has_city else {}
    return Comparison(
        key, "+".join(columns), "place", columns, False, sql.missing(*record), tuple(levels), record, 0.3, measures
    )


def category_comparison(key: str, j: int, column: Column) -> Comparison:
    value = f"{key}_v"
    levels = (Level("equal", sql.equal(value), 0.9, 1e-3, value), Level("different", "ELSE", 0.1, 1e-2))
    personal = is_sex(column.name)
    return Comparison(
        key, column.name, column.kind, (column.name,), personal, sql.missing(value), levels, {value: f"f{j}_v"}, 1.0
    )
