"""What was learned, as one frozen value that can be written down and read again.

Belongs here: the parameters, their JSON form, the version that is their content's hash.
Does not belong here: learning or applying them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from ml.identity.linkage.blocking import Rule
from ml.identity.linkage.comparisons import build
from ml.identity.linkage.config import LinkageError
from ml.identity.linkage.kinds import Column
from ml.identity.linkage.levels import Comparison

FORMAT = 3


@dataclass(frozen=True)
class LinkageModel:
    """All that decides whether two records are the same person or thing.

    The terms of ``term_shares`` and of the rules' ``stopped`` are values that many records hold; a model is as
    confidential as a list of the most frequent values.

    Attributes
    ----------
    columns : tuple of Column
        Kinds, formats of dates.
    m, u : tuple of tuple of float
        By comparison, then level from best to worst.
    is_personal : tuple of bool
        By comparison: people of one household differ in it.
    kin : tuple of float
        By comparison: the share of household pairs that agree in something personal as if they were one person.
    prior_match, prior_household : float
        Probability that two random records are of one person, or of two of one household.
    term_shares : mapping
        By record column: the share of other people's records that hold a term; ``rare_shares`` for all other terms.
    common_words : mapping
        By record column of texts: words that are not rare.
    rules : tuple of Rule
        Of blocking.
    block_limit : int
        Records that may share a key.
    threshold, least_probability : float
        A pair is a match from ``threshold``; pairs below ``least_probability`` are not kept.
    """

    columns: tuple[Column, ...]
    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]
    is_personal: tuple[bool, ...]
    kin: tuple[float, ...]
    prior_match: float
    prior_household: float
    term_shares: Mapping[str, Mapping[str, float]]
    rare_shares: Mapping[str, float]
    common_words: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    threshold: float
    least_probability: float
    block_limit: int
    trained_on: int
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """In the order of the parameters."""
        return build(self.columns)

    def checked(self, records: pd.DataFrame) -> pd.DataFrame:
        """The columns that the model reads.

        Raises
        ------
        LinkageError
            One is missing.
        """
        names = {str(name): name for name in records.columns}
        absent = [column.name for column in self.columns if column.name not in names]
        if absent:
            raise LinkageError(f"the model reads the columns {absent}, which the records lack; they have {list(names)}")
        return records[[names[column.name] for column in self.columns]].set_axis(
            [column.name for column in self.columns], axis=1
        )

    def to_json(self) -> str:
        """As text; equal models give equal texts."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, ensure_ascii=False)

    @cached_property
    def version(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, text: str) -> "LinkageModel":
        """Read what ``to_json`` wrote.

        Raises
        ------
        LinkageError
            It is no model, or of another format.
        """
        try:
            given: dict[str, Any] = json.loads(text)
            if given.pop("format") != FORMAT:
                raise LinkageError(f"the linkage model is not of format {FORMAT}; train it again")
            given["columns"] = tuple(
                Column(**one | {name: tuple(one.get(name, ())) for name in ("formats", "fillers", "repeats")})
                for one in given["columns"]
            )
            given["rules"] = tuple(
                Rule(tuple(one["atoms"]), one["pairs"], tuple(one["stopped"])) for one in given["rules"]
            )
            given["common_words"] = {name: tuple(words) for name, words in given["common_words"].items()}
            for name in ("m", "u"):
                given[name] = tuple(tuple(levels) for levels in given[name])
            for name in ("is_personal", "kin", "notes"):
                given[name] = tuple(given[name])
            return cls(**given)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise LinkageError(f"no linkage model: {error!r}; expected what LinkageModel.to_json wrote") from None
