"""Evidence of people: the frame that the warehouse gives, with its kinds of evidence and what is known of whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.income.concepts import CONCEPTS, Concept

Floats = NDArray[np.float64]
# Kinds of things known, by which people are alike; and those without which evidence is thin.
PATTERN = ("is_activity_covered", "has_occupation", "has_employment", "has_purchases", "has_age")
SUBSTANTIAL = PATTERN[:4]


@dataclass(frozen=True)
class Evidence:
    """Evidence of n people.

    Attributes
    ----------
    frame : pandas.DataFrame
        Indexed by ``gr_id``; columns of the concepts that the portfolio has, and ``party_type, status, family_id``.
    concepts : tuple of Concept
        Those with a value of somebody; the others take no part.
    """

    frame: pd.DataFrame
    concepts: tuple[Concept, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Evidence":
        """Take the concepts whose columns the frame has; numbers become floats, missing words None."""
        kept = tuple(concept for concept in CONCEPTS if set(concept.columns) <= set(frame.columns))
        frame = frame.copy()
        for concept in kept:
            for column in concept.columns:
                values = frame[column]
                if concept.kind == "category":
                    frame[column] = values.astype(object).where(values.notna(), None)
                else:
                    frame[column] = pd.to_numeric(values).astype("Float64").to_numpy(float, na_value=np.nan)
        return cls(frame, kept)

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Evidence":
        """Some of the people."""
        return Evidence(self.frame.iloc[np.flatnonzero(chosen) if chosen.dtype == bool else chosen], self.concepts)

    def only(self, concepts: Sequence[str]) -> "Evidence":
        """The same people by the concepts named, in their order.

        Raises
        ------
        KeyError
            Naming the concepts that the evidence lacks.
        """
        have = {concept.name: concept for concept in self.concepts}
        if lacking := [name for name in concepts if name not in have]:
            raise KeyError(f"the evidence lacks {lacking}; it has {sorted(have)}")
        return Evidence(self.frame, tuple(have[name] for name in concepts))

    def number(self, column: str) -> Floats:
        """A numeric column."""
        return self.frame[column].to_numpy(float)

    def pattern(self) -> NDArray[np.str_]:
        """Which kinds of things are known of each person: a letter y or n for each of ``PATTERN``."""
        known = [np.where(self._has(name), "y", "n") for name in PATTERN]
        return np.array(["".join(row) for row in zip(*known, strict=True)], dtype="U8")

    def is_thin(self) -> NDArray[np.bool_]:
        """Nothing but age and address: neither covered accounts or purchases, nor an occupation or employment."""
        return ~np.any([self._has(name) for name in SUBSTANTIAL], axis=0)

    def _has(self, name: str) -> NDArray[np.bool_]:
        frame, none = self.frame, np.zeros(len(self.frame), dtype=bool)
        match name:
            case "is_activity_covered":
                return frame[name].to_numpy(bool) if name in frame else none
            case "has_occupation":
                return frame["occupation"].notna().to_numpy() if "occupation" in frame else none
            case "has_employment":
                return frame["employment_status"].notna().to_numpy() if "employment_status" in frame else none
            case "has_purchases":
                column = "retail_spending_monthly_amount"
                return frame[column].notna().to_numpy() if column in frame else none
            case _:
                return frame["age_group"].notna().to_numpy() if "age_group" in frame else none
