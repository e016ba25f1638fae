"""What records can be blocked by: the keys that each kind of evidence offers.

Belongs here: keys as SQL on ``record``.
Does not belong here: which of them are used (``blocking``).
"""

from dataclasses import dataclass

from ml.identity.linkage.levels import Comparison


@dataclass(frozen=True)
class Atom:
    """Something to agree in: an SQL expression on ``record``; several in one record where it is a list.

    ``agrees`` is how often two records of one person agree in it, as far as one can say of unseen data.
    """

    name: str
    group: str
    kind: str
    sql: str
    agrees: float
    is_list: bool = False

    @property
    def is_whole(self) -> bool:
        """The value itself, not a part of it, and one that tells people apart."""
        return ": " not in self.name and self.kind != "category"


def atoms_of(comparisons: tuple[Comparison, ...]) -> dict[str, Atom]:
    """What records can be blocked by, by name."""
    made: list[Atom] = []
    for one in comparisons:
        key, title = one.key, one.title
        value = f"{key}_v"

        def add(
            what: str,
            sql: str,
            agrees: float,
            is_list: bool = False,
            key: str = key,
            title: str = title,
            kind: str = one.kind,
        ) -> None:
            made.append(Atom(f"{title}: {what}" if what else title, key, kind, sql, agrees, is_list))

        if one.kind == "given_name":
            add("", f"{key}_root", 0.8)
            add("initial", f"left({value}, 1)", 0.93)
        elif one.kind == "family_name":
            add("sound", f"{key}_sound", 0.88)
            add("first letters", f"left({value}, 4)", 0.88)
        elif one.kind in ("birth_date", "date"):
            add("", value, 0.85 if one.kind == "birth_date" else 0.3)
            if one.kind == "birth_date":
                add("year", f"left({value}, 4)", 0.93)
                add("day", f"right({value}, 4)", 0.91)
        elif one.kind == "id_number":
            add("", value, 0.88)
            add("first signs", f"CASE WHEN length({value}) >= 6 THEN left({value}, 4) END", 0.93)
            add("last signs", f"CASE WHEN length({value}) >= 6 THEN right({value}, 4) END", 0.93)
        elif one.kind == "phone":
            add("", value, 0.75)
        elif one.kind == "email":
            add("", value, 0.75)
            add("before the @", f"{key}_local", 0.8)
        elif one.kind == "address":
            add("", value, 0.5)
            add("number and street", f"{key}_n || ' ' || left({key}_w, 4)", 0.65)
            add("words", f"{key}_t", 0.88, True)
        elif one.kind == "place":
            if f"{key}_p" in one.record_sql:
                add("postcode", f"{key}_p", 0.85)
            if f"{key}_c" in one.record_sql:
                add("place", f"{key}_c", 0.8)
        elif one.kind == "full_name":
            add("", value, 0.7)
            add("names", f"list_filter({key}_t, lambda x: length(x) > 1)", 0.92, True)
            add("first letters", f"array_to_string(list_transform({key}_t, lambda x: left(x, 3)), ' ')", 0.8)
        elif one.kind in ("organisation", "text"):
            add("", value, 0.5)
            add("words", f"list_filter({key}_t, lambda x: length(x) > 1)", 0.92, True)
            add("first letters", f"left({value}, 5)", 0.7)
        else:
            add("", value, 0.85)
    return {atom.name: atom for atom in made}


def key_table(atoms: list[Atom], source: str = "record") -> str:
    """SQL: ``rid, id, key`` of a rule, one row per key of a record."""
    parts = [f"unnest({atom.sql})" if atom.is_list else atom.sql for atom in atoms]
    named = ", ".join(f"{part} AS a{i}" for i, part in enumerate(parts))
    known = " AND ".join(f"a{i} IS NOT NULL" for i in range(len(parts)))
    text = " || '|' || ".join(f"a{i}" for i in range(len(parts)))
    return (
        f"SELECT DISTINCT rid, id, {text} AS key FROM (SELECT rid, id, {named} FROM {source}) WHERE {known}"
        if any(atom.is_list for atom in atoms)
        else f"SELECT rid, id, {text} AS key FROM (SELECT rid, id, {named} FROM {source}) WHERE {known}"
    )
