"""Columns that say again what others say: a greeting beside a name, a code beside the town that it stands for.

Belongs here: finding them by their values.
Does not belong here: what is done with them (``selection``, ``comparisons``).

Evidence is multiplied, as if columns were wrong independently of each other. One that is made of others is equal
whenever they are, and would count them twice. That two columns go together in the records is no sign of it: a number
and a birthday do, since both are one person's. So either the letters of the one must be in the other, or the one must
follow from a value that many people share, or change whenever that changes.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from ml.identity.linkage.kinds import Column, is_sex

_NAMES = ("given_name", "middle_name", "family_name", "full_name")
_TEXTS = (*_NAMES, "organisation", "text", "email")
# What is left out rather than the other, where each says the other again.
_LEAST_FIRST = ("category", "id_number", "text", "email", "organisation", "middle_name", "given_name", "family_name")
_CODES = ("category", "id_number", "text", "organisation")
_DETERMINING = (*_CODES, "city", "region", "postcode", "address")
_SAMPLE = 4_000
_FEWEST = 20  # records that a column is judged by
_MADE_OF = 0.8  # of the records, whose spelling may differ by a slip; judged on 2026-11-28 by tables with repeats
# A mailbox is its owner's alone although it is made of names: namesakes have a number in it. Where nobody has, there
# are no namesakes, or several people use one.
_MAILBOX_MADE_OF = 0.98
_FOLLOWS = 0.98
_ONE_TO_ONE = 0.8  # as many values as those that they follow from: both stand for one thing
_BEYOND_CHANCE = 0.75  # of what chance leaves open
_BY_CHANCE = 0.3
_SEXES = 4  # values that a column has at most that says what a given name says, too
_EVERYWHERE = 0.5  # of the values hold a word that says nothing: dear, com
_LONGEST, _MOST_WORDS = 40, 6  # letters and words that are tried as beginnings put together
_FILLED = 0.98  # of the records with the one have the other, too: then it may go


def with_repeats(columns: tuple[Column, ...], texts: pd.DataFrame, declared: frozenset[str]) -> tuple[Column, ...]:
    """The columns, those that say others again with ``repeats``; declared ones are as they were declared."""
    kept = {column.name: column for column in columns}

    def repeat(column: Column, sources: tuple[str, ...]) -> None:
        kept[column.name] = replace(column, repeats=sources)

    def others(column: Column, kinds: tuple[str, ...]) -> list[Column]:
        return [one for one in kept.values() if one.name != column.name and one.kind in kinds and not one.repeats]

    distinct = {column.name: texts[column.name].nunique() for column in columns}
    some = texts.iloc[:: max(1, len(texts) // (10 * _SAMPLE))]
    free = sorted(
        (column for column in columns if column.name not in declared),
        key=lambda one: (
            _LEAST_FIRST.index(one.kind) if one.kind in _LEAST_FIRST else len(_LEAST_FIRST),
            is_sex(one.name),
            distinct[one.name],
            -len(one.name),
            one.name,
        ),
    )
    parts = tuple(one.name for one in columns if one.kind in ("given_name", "family_name"))
    for column in free:
        has_parts = {kept[part].kind for part in parts} == {"given_name", "family_name"}
        if column.kind == "full_name" and has_parts and _made_of(some, column, parts):
            repeat(column, parts)
    for column in free:
        if kept[column.name].repeats or column.kind not in (*_TEXTS, "category", "id_number") or column.lifelong:
            continue
        kinds = _NAMES if column.kind in _NAMES else _TEXTS
        sources = tuple(sorted(one.name for one in others(column, kinds)))
        for found in ((one,) for one in sources):
            if _made_of(some, column, found):
                repeat(column, found)
                break
        else:
            if len(sources) > 1 and column.kind not in _NAMES and _made_of(some, column, sources):
                repeat(column, sources)
    who = [one.name for one in kept.values() if one.kind in (*_NAMES, "birth_date") and not one.repeats]
    for column in free:
        if kept[column.name].repeats or column.kind not in _CODES or column.lifelong:
            continue
        for other in others(column, _DETERMINING):
            if distinct[other.name] >= distinct[column.name] and _follows(texts, some, column, other, distinct, who):
                repeat(column, (other.name,))
                break
    for column in free:
        if column.kind == "category" and distinct[column.name] <= _SEXES and not kept[column.name].repeats:
            for given in others(column, ("given_name", "full_name"))[:1]:
                if is_sex(column.name) or (given.kind == "given_name" and _seen_following(some, column, given)):
                    kept[column.name] = replace(kept[column.name], follows=given.name)
    return tuple(kept[column.name] for column in columns)


def is_always_repeated(column: Column, texts: pd.DataFrame) -> bool:
    """Whether hardly a record has the column without what it repeats."""
    present = texts[column.name].notna()
    sources = texts.loc[present, list(column.repeats)].notna().all(axis=1)
    return bool(sources.mean() >= _FILLED)


def _made_of(texts: pd.DataFrame, column: Column, sources: tuple[str, ...]) -> bool:
    """Whether the values consist of words, initials or beginnings of the sources' of the same record.

    Against chance, the sources of another record are tried.
    """
    both = texts.loc[texts[column.name].notna(), [column.name, *sources]]
    both = both[both[list(sources)].notna().all(axis=1)]
    both = both.iloc[:: max(1, len(both) // _SAMPLE)].iloc[:_SAMPLE]
    if len(both) < _FEWEST:
        return False
    values = [_words(text) for text in both[column.name]]
    held = pd.Series([word for words in values for word in set(words)]).value_counts()
    idle = set(held[held > _EVERYWHERE * len(values)].index) if held.size > 1 else set()
    told = [_words(" ".join(text.split("@")[0] for text in row)) for row in both[list(sources)].itertuples(index=False)]
    idle -= {word for words in told for word in words}
    values = [[word for word in words if word not in idle] for words in values]
    least = _MAILBOX_MADE_OF if column.kind == "email" else _MADE_OF
    seen = _share(values, told)
    by_chance = _share(values, told[len(told) // 2 :] + told[: len(told) // 2])
    return seen >= least and seen - by_chance >= _BEYOND_CHANCE * (1 - by_chance)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _share(values: list[list[str]], told: list[list[str]]) -> float:
    return float(np.mean([_is_told(value, words) for value, words in zip(values, told, strict=True)]))


def _is_told(value: list[str], words: list[str]) -> bool:
    known = set(words)
    if not value:
        return False
    if all(word in known for word in value):
        return True
    return len("".join(value)) <= _LONGEST and _is_put_together("".join(value), words[:_MOST_WORDS])


def _is_put_together(text: str, words: list[str]) -> bool:
    """Whether a text can be put together from beginnings of different words.

    What is left after some letters by some words is looked at once: of letters that are all alike there are millions of
    ways.
    """
    seen, open_ = {(0, 0)}, [(0, 0)]
    while open_:
        at, used = open_.pop()
        if at == len(text):
            return True
        for place, word in enumerate(words):
            if used >> place & 1:
                continue
            for length in range(1, min(len(word), len(text) - at) + 1):
                if text[at + length - 1] != word[length - 1]:
                    break
                step = (at + length, used | 1 << place)
                if step not in seen:
                    seen.add(step)
                    open_.append(step)
    return False


def _follows(
    texts: pd.DataFrame, some: pd.DataFrame, column: Column, other: Column, distinct: dict[str, int], who: list[str]
) -> bool:
    """Whether a value follows from one that many people share, or from one that changes only together with it.

    From a value that hardly anybody shares everything follows that is a person's.
    """
    if 10 * distinct[other.name] <= texts[other.name].notna().sum():
        return _seen_following(some, column, other)
    if is_sex(column.name) or not _seen_following(texts, column, other):
        return False
    return distinct[column.name] >= _ONE_TO_ONE * distinct[other.name] or _changes_with(texts, column, other, who)


def _seen_following(texts: pd.DataFrame, column: Column, other: Column) -> bool:
    """Whether records that share the one value nearly always share the other."""
    both = texts[[column.name, other.name]].dropna().set_axis(["code", "from"], axis=1)
    if len(both) < _FEWEST:
        return False
    # All records of some values: a sample of records would tear apart those that share one.
    some = pd.util.hash_array(both["from"].to_numpy(object)) % max(1, len(both) // (5 * _SAMPLE)) == 0
    both = both[some] if some.sum() >= _FEWEST else both
    counted = both.groupby(["from", "code"]).size().groupby("from").agg(["sum", "max"])
    counted = counted[counted["sum"] > 1]
    if counted["sum"].sum() < _FEWEST:
        return False
    seen = counted["max"].sum() / counted["sum"].sum()
    by_chance = both["code"].value_counts(normalize=True).iloc[0]
    return bool(seen >= _FOLLOWS and seen - by_chance >= _BEYOND_CHANCE * (1 - by_chance))


def _changes_with(texts: pd.DataFrame, column: Column, other: Column, who: list[str]) -> bool:
    """Whether people of one name and birthday for whom the one has changed have the other of a stranger.

    A person's occupation stays at a move; the code of the town does not.
    """
    known = texts[[*who, column.name, other.name]].dropna()
    if not who or known.empty:
        return False
    known = known.sort_values([*who, other.name, column.name])
    is_same = (known[who] == known[who].shift()).all(axis=1) & (known[other.name] != known[other.name].shift())
    if is_same.sum() < _FEWEST:
        return False
    kept = float((known[column.name] == known[column.name].shift())[is_same].mean())
    by_chance = float((known[column.name].value_counts(normalize=True) ** 2).sum())
    return kept - by_chance < _BY_CHANCE * (1 - by_chance)
