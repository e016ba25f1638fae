"""A trained income model: one predictor a fold for those who declared, one of all for the others; as text and back."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.income.bands import BandScale
from ml.income.calibration import BandLink
from ml.income.evidence import Evidence
from ml.income.ordinal import OrdinalMember
from ml.income.trees import TreesMember

FORMAT = "assay.income_band/1"
MODEL_NAME = "income_band"
TARGET = "declared_income_band"
Floats = NDArray[np.float64]
Member = OrdinalMember | TreesMember
_READERS: dict[str, Any] = {"ordinal": OrdinalMember.from_dict, "trees": TreesMember.from_dict}


@dataclass(frozen=True)
class Predictor:
    """Members whose log-odds are averaged, and the calibration of the average.

    Attributes
    ----------
    candidate : str
        Name of what was chosen.
    members : tuple
    link : BandLink
    """

    candidate: str
    members: tuple[Member, ...]
    link: BandLink

    def probabilities(self, evidence: Evidence) -> Floats:
        """Calibrated probabilities of the bands, shape (n, bands)."""
        return self.link.probabilities(mean_log_odds(self.members, evidence))

    def contributions(self, evidence: Evidence) -> Floats:
        """What each concept adds to the mean calibrated log-odds of lying above a bound, shape (n, concepts).

        Exact: they add up to that mean log-odds less that of the average person.
        """
        parts = np.mean([member.contributions(evidence) for member in self.members], axis=0)
        return np.asarray(np.einsum("b,bnc->nc", np.asarray(self.link.slope), parts) / len(self.link.slope))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "candidate": self.candidate,
            "members": [member.to_dict() for member in self.members],
            "link": {"intercept": list(self.link.intercept), "slope": list(self.link.slope)},
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Predictor":
        """Inverse of :meth:`to_dict`."""
        members = tuple(_READERS[member["kind"]](member) for member in stored["members"])
        link = BandLink(tuple(stored["link"]["intercept"]), tuple(stored["link"]["slope"]))
        return cls(stored["candidate"], members, link)


def mean_log_odds(members: Sequence[Member], evidence: Evidence) -> Floats:
    """Mean of the members' log-odds of lying above each bound, shape (n, bands - 1)."""
    return np.asarray(np.mean([member.log_odds(evidence) for member in members], axis=0))


@dataclass(frozen=True)
class IncomeModel:
    """Ready to infer.

    Attributes
    ----------
    scale : BandScale
    concepts : tuple of str
        Evidence by name, in order.
    by_fold : tuple of Predictor
        Number f has seen nobody of fold f: neither in its members, nor in its calibration, nor in its choice.
    of_all : Predictor
        For people who have declared nothing.
    alike : dict
        How many of those learnt from had each pattern of known things (``Evidence.pattern``).
    config : dict
        Settings of the training.
    metadata : dict
        What is told of the model but decides nothing: figures, days, counts.
    """

    scale: BandScale
    concepts: tuple[str, ...]
    by_fold: tuple[Predictor, ...]
    of_all: Predictor
    alike: dict[str, int]
    config: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict, compare=False)

    model_name = MODEL_NAME
    target = TARGET

    @property
    def algorithm(self) -> str:
        """Candidate of the predictor of all."""
        return self.of_all.candidate

    @property
    def artifact(self) -> str:
        """The model as text; equal data and settings give equal text."""
        body = {
            "format": FORMAT,
            "bounds": list(self.scale.bounds),
            "bands": list(self.scale.bands),
            "concepts": list(self.concepts),
            "by_fold": [predictor.to_dict() for predictor in self.by_fold],
            "of_all": self.of_all.to_dict(),
            "alike": self.alike,
            "config": self.config,
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_artifact(cls, artifact: str, metadata: dict[str, Any] | None = None) -> "IncomeModel":
        """Read a model back from its verified text.

        Raises
        ------
        ValueError
            If the text is of another format.
        """
        body = json.loads(artifact)
        stated = body.get("format") if isinstance(body, dict) else type(body).__name__
        if stated != FORMAT:
            raise ValueError(f"the artifact of {MODEL_NAME} has the format {stated!r}; this version reads {FORMAT!r}")
        return cls(
            scale=BandScale(tuple(body["bounds"]), tuple(body["bands"])),
            concepts=tuple(body["concepts"]),
            by_fold=tuple(Predictor.from_dict(stored) for stored in body["by_fold"]),
            of_all=Predictor.from_dict(body["of_all"]),
            alike=body["alike"],
            config=body["config"],
            metadata=dict(metadata or {}),
        )


def fold_of(group: Sequence[str], folds: int) -> NDArray[np.int64]:
    """Fold of each household (or person without one) by a hash of its id: the same in every process and order."""
    digests = {name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % folds for name in set(group)}
    return np.array([digests[name] for name in group], dtype=np.int64)
