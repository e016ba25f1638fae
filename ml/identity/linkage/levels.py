"""What a comparison is: columns, levels from best to worst, and what of a record they read.

Belongs here: the two values and their form for Splink.
Does not belong here: the comparisons of the kinds (``names``, ``facts``).
"""

from dataclasses import dataclass, field
from typing import Any


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
    most : float
        What ``m`` is at most, whatever the candidates show: without it, pairs of strangers that are alike teach that
        matches differ.
    most_per_slip : float, optional
        Of a level that says "another person": what ``m`` is at most, as a multiple of that of all slips, which are the
        levels between agreement and these. Whoever writes down something altogether different by mistake also mistypes;
        where nobody mistypes, those who differ are others.
    """

    label: str
    sql: str
    m: float
    u: float
    tf: str | None = None
    most: float = 1.0
    most_per_slip: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Evidence of one kind; ``is_personal`` tells that people of one household differ in it, ``follows`` is the key of
    a comparison of names from which equality in this one follows, as that of the sex."""

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
    follows: str = ""

    @property
    def differing(self) -> tuple[bool, ...]:
        """By level: whether it says "another person"."""
        return tuple(level.most_per_slip is not None for level in self.levels)

    @property
    def alike(self) -> tuple[bool, ...]:
        """By level of a comparison of names: whether they may be one name."""
        labels = [level.label for level in self.levels]
        return tuple(k < labels.index("somewhat alike") for k in range(len(labels)))

    @property
    def slips(self) -> tuple[bool, ...]:
        """By level: whether one value may be the other, mistyped or written in another way."""
        return tuple(level.most_per_slip is None and level.tf is None for level in self.levels)

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
