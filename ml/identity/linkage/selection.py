"""Which columns count as evidence: none that says again what another says, and no more than are compared.

Belongs here: leaving columns out, with a note for each.
Does not belong here: guessing kinds (``kinds``).
"""

import re

import pandas as pd

from ml.identity.linkage.comparisons import MAX_COMPARISONS, build
from ml.identity.linkage.config import LinkageConfig
from ml.identity.linkage.kinds import Column, Kinds, is_sex, words_of
from ml.identity.linkage.repeats import is_always_repeated, with_repeats

_DATE_PART = re.compile(r"(^|_)(day|month|year|age|yob|birth_?year|year_of_birth|tag|monat|jahr|alter)($|_)")
_FEWEST = 20  # values that can tell whether any is there twice


def independent(kinds: Kinds, texts: pd.DataFrame, config: LinkageConfig) -> Kinds:
    """Leave out parts of a date that is there, what repeats other columns, and what goes beyond the limit."""
    notes = list(kinds.notes)
    has_date = any(column.formats for column in kinds.columns)
    kept: list[Column] = []
    for column in kinds.columns:
        is_free = column.name not in config.columns
        if is_free and has_date and column.kind == "category" and _DATE_PART.search(words_of(column.name)):
            notes.append(f"column {column.name!r} is ignored: a part of a date that is there")
        else:
            kept.append(column)
    kept = [column for column in kept if not _numbers_records(column, texts, config, notes)]
    columns = with_repeats(tuple(kept), texts, frozenset(config.columns))
    has_parts = {"given_name", "family_name"} <= {column.kind for column in kept}
    kept = []
    for column in columns:
        if column.kind == "full_name" and has_parts and not column.repeats and column.name not in config.columns:
            notes.append(
                f"column {column.name!r} is ignored: the parts of the person's name are there, it holds another name"
            )
            continue
        always = bool(column.repeats) and is_always_repeated(column, texts)
        if column.repeats:
            what = "is ignored" if always else "counts only where they are missing"
            notes.append(
                f"column {column.name!r} {what}: its values follow from {', '.join(map(repr, column.repeats))}; "
                "declare its kind if it tells more"
            )
        if not always:
            kept.append(column)
    made = build(kept)
    while len(made) > MAX_COMPARISONS:
        # The least telling go first: categories with few values, then texts, then whatever comes last.
        rank = {"category": 0, "text": 1, "date": 2, "middle_name": 3, "organisation": 4}
        last = min(
            kept,
            key=lambda one: (
                9 if is_sex(one.name) else rank.get(one.kind, 9),
                texts[one.name].nunique(),
                str(one.name),
            ),
        )
        notes.append(f"column {last.name!r} is ignored: {MAX_COMPARISONS} comparisons are made, others tell more")
        kept.remove(last)
        made = build(kept)
    return Kinds(tuple(kept), tuple(notes))


def _numbers_records(column: Column, texts: pd.DataFrame, config: LinkageConfig, notes: list[str]) -> bool:
    """Whether a number is the record's own, with a note: none is there twice, so that no two records agree in it.

    A person's number for life is one also where nobody is recorded twice: it tells namesakes apart.
    """
    values = texts[column.name].dropna()
    is_own = (
        column.kind == "id_number"
        and not column.lifelong
        and column.name not in config.columns
        and len(values) >= _FEWEST
        and values.is_unique
    )
    if is_own:
        notes.append(
            f"column {column.name!r} is ignored: each of {len(values)} records has a number of its own there; declare "
            "it as id_number if it is the person's or thing's"
        )
    return is_own
