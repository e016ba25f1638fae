"""A trained model: what it holds, how it is written as text and read back.

The artifact is one JSON text; tree members stand in it as LightGBM text. No pickle: reading a model runs no
code.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.encoding import Encoder
from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.delinquency.logistic import LogisticMember
from ml.delinquency.scorecard import ScorecardMember
from ml.delinquency.trees import TreeMember
from ml.delinquency.validation import Link, Member, probability_of
from ml.explain.additive import Contributions, combine

FORMAT = "assay.default_model/2"
# Written before tables with text, dates and levels could be learnt from: every feature is a number there.
NUMBERS_ONLY = "assay.default_model/1"
_READERS: dict[str, Callable[[dict[str, Any]], Member]] = {
    "logistic": LogisticMember.from_dict,
    "trees": TreeMember.from_dict,
    "scorecard": ScorecardMember.from_dict,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A default model, ready to score.

    Attributes
    ----------
    model_name : str
        What it predicts for whom, such as ``origination_pd``.
    target : str
        Definition of the outcome.
    algorithm : str
        Name of the chosen candidate.
    features : tuple of str
        Names in order; scoring accepts nothing else.
    catalogue_version : str or None
        Version of the feature catalogue the model was trained with.
    members : tuple
        Fitted members; their log-odds are averaged.
    link : Link
        Calibration of that average.
    bands : tuple of (float, str)
        Upper bounds of the probability and their bands.
    usual : dict
        Training median of each feature, for the wording of reasons.
    max_missing_share : float
        Rows with a larger share of missing features are not scored.
    seed : int
    metadata : dict
        Data window, metrics, configuration: what is told about the model but does not enter a score.
    encoder : Encoder or None
        How the values of a frame become numbers; None: they are numbers.
    out_of_fold : pandas.DataFrame or None
        Right after training: one row a training row (index of the frame) with target, vintage, mean
        out-of-fold probability, and one column a repeat. It is not stored. None where parts were held out.
    outcomes : pandas.DataFrame or None
        Right after training: rows that were judged by a model that had not seen them (index of the frame), with
        target, probability, time, group, part ("test" or "out_of_fold") and ``probability_scorecard``,
        ``probability_logistic``, ``probability_lightgbm``. It is not stored.
    training_probability : ndarray or None
        Right after training: probabilities of the rows that were learnt from, to compare later scores with. It is
        not stored.
    """

    model_name: str
    target: str
    algorithm: str
    features: tuple[str, ...]
    catalogue_version: str | None
    members: tuple[Member, ...]
    link: Link
    bands: tuple[tuple[float, str], ...]
    usual: dict[str, float | None]
    max_missing_share: float
    seed: int
    metadata: dict[str, Any] = field(default_factory=dict, compare=False)
    out_of_fold: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    encoder: Encoder | None = None
    outcomes: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    training_probability: Floats | None = field(default=None, compare=False, repr=False)

    @property
    def metrics(self) -> dict[str, Any]:
        """``overall`` (see ``ml.evaluate.summarise``), ``by_vintage``, ``chosen``; or empty."""
        return dict(self.metadata.get("metrics", {}))

    def __eq__(self, other: object) -> bool:
        """Whether both score alike: their artifacts are the same text."""
        return self.artifact == other.artifact if isinstance(other, TrainedModel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def artifact(self) -> str:
        """The model as text; equal data and seed give equal text."""
        body = {
            "format": FORMAT,
            "model_name": self.model_name,
            "target": self.target,
            "algorithm": self.algorithm,
            "features": list(self.features),
            "catalogue_version": self.catalogue_version,
            "members": [member.to_dict() for member in self.members],
            "link": {"intercept": self.link.intercept, "slope": self.link.slope},
            "bands": [list(band) for band in self.bands],
            "usual": self.usual,
            "max_missing_share": self.max_missing_share,
            "seed": self.seed,
            "encoder": None if self.encoder is None else self.encoder.to_dict(),
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """Checksum of the artifact's UTF-8 bytes, hexadecimal."""
        return checksum(self.artifact)

    @classmethod
    def from_artifact(cls, artifact: str, sha256: str, metadata: Mapping[str, Any] | None = None) -> "TrainedModel":
        """Read a model back; the checksum is verified before anything is parsed.

        Raises
        ------
        ArtifactError
            If the checksum differs, or the text is not a model of this format.
        """
        found = checksum(artifact)
        if found != sha256:
            raise ArtifactError(
                f"the model's artifact was changed: its sha256 is {found}, expected {sha256}. "
                "It was not read. Restore it from a backup or train anew."
            )
        try:
            model = cls._parsed(json.loads(artifact), metadata)
            # One row of it: parts that do not fit each other are refused before anybody is scored.
            model.contributions(model.usual_row())
            model.log_odds(model.usual_row())
            return model
        except ArtifactError:
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ArtifactError(
                f"the artifact cannot be read ({type(error).__name__}: {error}); its checksum is right, so it was "
                "written so. Train anew."
            ) from error

    @classmethod
    def _parsed(cls, body: Any, metadata: Mapping[str, Any] | None) -> "TrainedModel":
        if not isinstance(body, dict) or body.get("format") not in (FORMAT, NUMBERS_ONLY):
            stated = body.get("format") if isinstance(body, dict) else type(body).__name__
            raise ArtifactError(
                f"the artifact has the format {stated!r}; this version of Assay reads {FORMAT!r} and {NUMBERS_ONLY!r}"
            )
        unknown = [member["kind"] for member in body["members"] if member["kind"] not in _READERS]
        if unknown:
            raise ArtifactError(f"the artifact has members of kind {unknown}; known are {sorted(_READERS)}")
        return cls(
            model_name=body["model_name"],
            target=body["target"],
            algorithm=body["algorithm"],
            features=tuple(body["features"]),
            catalogue_version=body["catalogue_version"],
            members=tuple(_READERS[member["kind"]](member) for member in body["members"]),
            link=Link(**body["link"]),
            bands=tuple((float(bound), str(band)) for bound, band in body["bands"]),
            usual=body["usual"],
            max_missing_share=float(body["max_missing_share"]),
            seed=int(body["seed"]),
            metadata=dict(metadata or {}),
            encoder=Encoder.from_dict(body["encoder"]) if body.get("encoder") else None,
        )

    def check_schema(self, columns: Sequence[str], catalogue_version: str | None) -> None:
        """Refuse any other features, any other order, any other catalogue version.

        Raises
        ------
        SchemaMismatchError
            With expected against found.
        """
        expected, found = list(self.features), list(columns)
        missing = [name for name in expected if name not in found]
        extra = [name for name in found if name not in expected]
        if missing or extra:
            raise SchemaMismatchError(
                f"{self.model_name} expects {len(expected)} features, found {len(found)} columns: "
                f"missing {missing[:10]}, unexpected {extra[:10]}. "
                "Score frame[list(model.features)], or train anew."
            )
        if found != expected:
            at = next(i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b)
            raise SchemaMismatchError(
                f"{self.model_name} expects feature {expected[at]!r} at position {at + 1}, "
                f"found {found[at]!r}. "
                "Score frame[list(model.features)]."
            )
        if catalogue_version != self.catalogue_version:
            raise SchemaMismatchError(
                f"{self.model_name} was trained with catalogue version {self.catalogue_version!r}, "
                f"found {catalogue_version!r}. Train anew with the current catalogue."
            )

    def contributions(self, X: Floats) -> Contributions:
        """Exact additive contributions to the calibrated log-odds; ``X`` has shape (n, k)."""
        parts = [member.contributions(X) for member in self.members]
        share = 1.0 / len(parts)
        return combine(parts, [share] * len(parts), slope=self.link.slope, intercept=self.link.intercept)

    def numbers(self, frame: pd.DataFrame, days: NDArray[np.datetime64] | None = None) -> Floats:
        """Feature values of a frame as the members read them, shape (n, k); see ``Encoder.numbers``."""
        return (self.encoder or Encoder.of_numbers(self.features)).numbers(frame, days)

    def usual_row(self) -> Floats:
        """The row whose every feature has its usual value, shape (1, k); missing where training had none."""
        usual = [self.usual[name] for name in self.features]
        return np.array([[np.nan if value is None else value for value in usual]], dtype=float)

    def log_odds(self, X: Floats) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        raw = np.mean([member.log_odds(X) for member in self.members], axis=0)
        return np.asarray(self.link.intercept + self.link.slope * raw)

    def probability(self, X: Floats) -> Floats:
        """Calibrated probability, shape (n,)."""
        return probability_of(self.log_odds(X))

    def band(self, probability: Floats) -> NDArray[np.object_]:
        """Risk band of each probability; a bound belongs to the band above it."""
        bounds = np.array([bound for bound, _ in self.bands[:-1]])
        names = np.array([band for _, band in self.bands], dtype=object)
        return names[np.searchsorted(bounds, probability, side="right")]


def checksum(artifact: str) -> str:
    """Sha256 of the text's UTF-8 bytes, hexadecimal."""
    return hashlib.sha256(artifact.encode()).hexdigest()
