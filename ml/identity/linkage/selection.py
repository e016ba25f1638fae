"""Which columns count as evidence: none that says again what another says, and no more than are compared.

Belongs here: leaving columns out, with a note for each.
Does not belong here: guessing kinds (``kinds``).
"""

import re

import pandas as pd

from ml.identity.linkage.comparisons import MAX_COMPARISONS, build
from ml.identity.linkage.config import LinkageConfig
from ml.identity.linkage.kinds import Column, Kinds, is_sex, words_of

_DATE_PART = re.compile(r"(^|_)(day|month|year|age|yob|birth_?year|year_of_birth|tag|monat|jahr|alter)($|_)")


def independent(kinds: Kinds, texts: pd.DataFrame, config: LinkageConfig) -> Kinds:
    """Leave out parts of a date that is there, a whole name beside its parts, and what goes beyond the limit."""
    columns, notes = kinds.columns, list(kinds.notes)
    present = {column.kind for column in columns}
    has_date = any(column.formats for column in columns)
    kept: list[Column] = []
    for column in columns:
        again = None
        if column.name not in config.columns:
            if has_date and column.kind == "category" and _DATE_PART.search(words_of(column.name)):
                again = "a part of a date that is there"
            elif column.kind == "full_name" and {"given_name", "family_name"} <= present:
                again = "the parts of the name are there"
        if again:
            notes.append(f"column {column.name!r} is ignored: {again}")
        else:
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
