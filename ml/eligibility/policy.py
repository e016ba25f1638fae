"""What the programme says of each fact: its words, its direction, what proves it, and which facts are one.

Belongs here: policy as data. How facts become a probability is learnt; how a probability becomes a decision is in
``ml.eligibility.thresholds`` and ``ml.eligibility.decision``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ml.delinquency.encoding import Encoder

Kind = Literal["amount", "count", "score", "level", "number"]


@dataclass(frozen=True)
class Fact:
    """One column that an application states.

    Attributes
    ----------
    name : str
        Column.
    kind : str
        ``count`` and ``score`` are whole; ``number`` is anything, also negative; the others are 0 or more.
    label : str
        In words, for reasons.
    sign : int
        1: more of it never lowers the probability of need; -1: never raises it; 0: not known, the data decide.
    minimum : float or None
        Least value that is possible.
    levels : tuple of str
        Of a ``level``, where they are fixed.
    evidence : str
        What proves the fact, and so corrects it.
    """

    name: str
    kind: Kind = "number"
    label: str = ""
    sign: int = 0
    minimum: float | None = None
    levels: tuple[str, ...] = ()
    evidence: str = "a document that shows the right value"

    @property
    def words(self) -> str:
        """Label, or the column's name without underscores."""
        return self.label or self.name.replace("_", " ")

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense."""
        return self.kind in ("count", "score")


@dataclass(frozen=True)
class Merge:
    """Columns that say the same and count as one fact: the mean of those that are known.

    Collinear columns learnt apart get coefficients of opposite signs that explain nothing. ``reason`` is recorded with
    the model. Where the largest known value is more than ``tolerance`` times the smallest, the evidence is said to
    disagree.
    """

    name: str
    columns: tuple[str, ...]
    reason: str
    tolerance: float = 2.0


@dataclass(frozen=True)
class Policy:
    """Facts in their order, merges, and the name of this set of rules."""

    name: str
    facts: tuple[Fact, ...]
    merges: tuple[Merge, ...] = ()

    def __post_init__(self) -> None:
        names = self.columns
        merged = [column for merge in self.merges for column in merge.columns]
        if unknown := sorted(set(merged) - set(names)):
            raise ValueError(f"policy {self.name} merges the columns {unknown}, which are no facts of it")
        if len(set(names)) < len(names) or len(set(merged)) < len(merged):
            raise ValueError(f"policy {self.name}: a column stands twice among the facts or the merges")
        if one := [merge.name for merge in self.merges if len(merge.columns) != 2]:
            raise ValueError(f"policy {self.name}: merges {one} do not name two columns")
        for merge in self.merges:
            signs = {self.fact(column).sign for column in merge.columns}
            if len(signs) > 1:
                raise ValueError(f"policy {self.name}: the columns of {merge.name} have different signs {signs}")
            if any(self.fact(column).kind == "level" for column in merge.columns):
                raise ValueError(f"policy {self.name}: {merge.name} merges levels; expected numbers")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the facts."""
        return tuple(fact.name for fact in self.facts)

    def fact(self, column: str) -> Fact:
        """The fact of a column."""
        return next(fact for fact in self.facts if fact.name == column)

    def merge_of(self, column: str) -> Merge | None:
        """The merge that a column is part of."""
        return next((merge for merge in self.merges if column in merge.columns), None)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Policy":
        """Inverse of :meth:`to_dict`."""
        facts = tuple(Fact(**{**fact, "levels": tuple(fact["levels"])}) for fact in stored["facts"])
        merges = tuple(Merge(**{**merge, "columns": tuple(merge["columns"])}) for merge in stored["merges"])
        return cls(stored["name"], facts, merges)


_BANK = "bank statements of the last three months"
SUPPORT_POLICY = Policy(
    "support/1",
    (
        Fact("declared_monthly_income", "amount", "Declared monthly income", -1, 0.0,
             evidence="payslips or a letter of the employer"),
        Fact("family_size", "count", "Members of the household", 1, 1.0,
             evidence="the family register or birth certificates"),
        Fact("employment_status", "level", "Employment", 0, None, ("Employed", "Self-Employed", "Unemployed"),
             evidence="a work contract, a trade licence or a certificate of unemployment"),
        Fact("avg_monthly_income", "amount", "Monthly income seen at the bank", -1, 0.0, evidence=_BANK),
        Fact("avg_monthly_expenses", "amount", "Monthly expenses seen at the bank", 1, 0.0, evidence=_BANK),
        Fact("credit_score", "score", "Credit score", -1, 0.0, evidence="a report of the credit bureau"),
        Fact("total_debt", "amount", "Debt", 1, 0.0, evidence="statements of all lenders"),
        Fact("asset_value", "amount", "Assets", -1, 0.0, evidence="title deeds or valuations"),
        Fact("liabilities_value", "amount", "Liabilities", 1, 0.0, evidence="contracts of what is owed"),
    ),
    (
        Merge("monthly_income", ("declared_monthly_income", "avg_monthly_income"),
              "declared and observed income measure the same"),
        Merge("debt", ("total_debt", "liabilities_value"), "debt is most of what liabilities are"),
    ),
)  # fmt: skip


def policy_of_table(encoder: Encoder, signs: Mapping[str, int], merges: Sequence[Merge]) -> Policy:
    """The policy of any table: a fact a column, with the signs and merges that were given."""
    facts = tuple(
        Fact(
            column.name,
            "level" if column.kind == "level" else "number",
            sign=int(signs.get(column.name, 0)),
            levels=column.levels,
        )
        for column in encoder.columns
    )
    return Policy("any_table/1", facts, tuple(merges))
