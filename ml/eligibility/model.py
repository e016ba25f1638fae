"""A trained eligibility model: what it holds, how it is written as text and read back.

The artifact is one JSON text. No pickle: reading a model runs no code.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.encoding import Encoder
from ml.delinquency.errors import ArtifactError
from ml.eligibility.calibration import Calibrator
from ml.eligibility.errors import EligibilityInputError
from ml.eligibility.facts import (
    Feature,
    cautious_contributions,
    column_contributions,
    column_numbers,
    features_of,
    merged,
)
from ml.eligibility.piecewise import PiecewiseMember
from ml.eligibility.policy import Policy
from ml.eligibility.reading import ID
from ml.eligibility.soundness import check_sound
from ml.eligibility.thresholds import Thresholds
from ml.explain.additive import Contributions
from ml.fairness import protected_columns

FORMAT = "assay.eligibility_model/1"
MODEL_NAME = "eligibility"
_VERSION_DIGITS = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EligibilityModel:
    """An eligibility model, ready to score.

    Attributes
    ----------
    target : str
        Column that was learnt; 1 needs support.
    algorithm : str
        Name of the chosen candidate.
    policy : Policy
        Facts, their directions, words, evidence and merges.
    encoder : Encoder or None
        How the values of any table become numbers; None: by the policy.
    member : PiecewiseMember
    calibrator : Calibrator
    thresholds : Thresholds
    usual : tuple of float or None
        Median of each column, the most frequent level; None where training had no value.
    plausible : tuple of tuple of float
        Values of each feature that occur, to look for the ones that would change a decision.
    max_missing_share : float
        A row that lacks more of the facts goes to review; a merged pair is one.
    seed : int
    metadata : dict
        What is told of the model but decides nothing: figures, gates, fairness, refused columns, configuration.
    out_of_fold : pandas.DataFrame or None
        Right after training: ``target, probability, decision`` of every row by a model that has not learnt from it
        (index: application id). It is not stored.
    """

    target: str
    algorithm: str
    policy: Policy
    encoder: Encoder | None
    member: PiecewiseMember
    calibrator: Calibrator
    thresholds: Thresholds
    usual: tuple[float | None, ...]
    plausible: tuple[tuple[float, ...], ...]
    max_missing_share: float
    seed: int
    metadata: dict[str, Any] = field(default_factory=dict, compare=False)
    out_of_fold: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    model_name = MODEL_NAME

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Features of the model; a merged pair is one."""
        return features_of(self.policy)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns a row must have, in order."""
        return self.policy.columns

    @cached_property
    def artifact(self) -> str:
        """The model as text; equal data and seed give equal text."""
        body = {
            "format": FORMAT,
            "model_name": self.model_name,
            "target": self.target,
            "algorithm": self.algorithm,
            "policy": self.policy.to_dict(),
            "encoder": None if self.encoder is None else self.encoder.to_dict(),
            "member": self.member.to_dict(),
            "calibrator": self.calibrator.to_dict(),
            "thresholds": {"approve": self.thresholds.approve, "review": self.thresholds.review},
            "usual": list(self.usual),
            "plausible": [list(values) for values in self.plausible],
            "max_missing_share": self.max_missing_share,
            "seed": self.seed,
        }
        return json.dumps(body, allow_nan=False, indent=1, ensure_ascii=False)

    @cached_property
    def sha256(self) -> str:
        """Checksum of the artifact."""
        return hashlib.sha256(self.artifact.encode()).hexdigest()

    @property
    def version(self) -> str:
        """First twelve digits of the checksum, as the registry gives."""
        return self.sha256[:_VERSION_DIGITS]

    @cached_property
    def rule_version(self) -> str:
        """Name of the policy and a checksum of what turns a probability into a decision."""
        rule = [self.policy.name, self.thresholds.approve, self.thresholds.review, self.max_missing_share]
        return f"{self.policy.name}-{hashlib.sha256(json.dumps(rule).encode()).hexdigest()[:8]}"

    @classmethod
    def from_artifact(cls, artifact: str, sha256: str, metadata: Mapping[str, Any] | None = None) -> "EligibilityModel":
        """Read a model; its checksum is verified before it is parsed.

        Raises
        ------
        ArtifactError
            If it was changed, is not one of ours, or its parts do not fit together.
        """
        found = hashlib.sha256(artifact.encode()).hexdigest()
        if found != sha256:
            raise ArtifactError(
                f"the artifact was changed: its sha256 is {found}, expected {sha256}. It was not read. "
                "Restore it from a backup or train anew."
            )
        try:
            body = json.loads(artifact)
            stated = body.get("format"), body.get("model_name")
            if stated != (FORMAT, MODEL_NAME):
                raise ArtifactError(
                    f"the artifact has the format {stated[0]!r} of a model {stated[1]!r}; this version of Assay reads "
                    f"{FORMAT!r} of {MODEL_NAME!r}"
                )
            model = cls._parsed(body, dict(metadata or {}))
            check_sound(model)
        except ArtifactError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # What can't be read is not repeated: nobody knows what it is.
            raise ArtifactError(
                f"the artifact is no eligibility model: reading it ended in a {type(error).__name__}. Train anew."
            ) from error
        return model

    @classmethod
    def _parsed(cls, body: Mapping[str, Any], metadata: dict[str, Any]) -> "EligibilityModel":
        return cls(
            target=body["target"],
            algorithm=body["algorithm"],
            policy=Policy.from_dict(body["policy"]),
            encoder=None if body["encoder"] is None else Encoder.from_dict(body["encoder"]),
            member=PiecewiseMember.from_dict(body["member"]),
            calibrator=Calibrator.from_dict(body["calibrator"]),
            thresholds=Thresholds(**{name: float(value) for name, value in body["thresholds"].items()}),
            usual=tuple(None if value is None else float(value) for value in body["usual"]),
            plausible=tuple(tuple(float(value) for value in values) for values in body["plausible"]),
            max_missing_share=float(body["max_missing_share"]),
            seed=int(body["seed"]),
            metadata=metadata,
        )

    def numbers(self, frame: pd.DataFrame, source: str = "rows") -> Floats:
        """Columns of a table of applications, shape (n, k).

        Application id, target and protected columns may be there and are not looked at.

        Raises
        ------
        EligibilityInputError
            If a column is absent or unknown, or a value is not allowed.
        """
        columns = [str(column) for column in frame.columns]
        known = {ID, self.target, *self.columns, *self.metadata.get("set_aside", ())}
        extra = [name for name in columns if name not in known]
        extra = [name for name in extra if name not in protected_columns(extra)]
        missing = [name for name in self.columns if name not in columns]
        if missing or extra:
            found = "; ".join(
                part for part in (
                    f"no column {', '.join(missing[:10])}" if missing else "",
                    f"the unknown column {', '.join(extra[:10])}" if extra else "",
                ) if part
            )  # fmt: skip
            raise EligibilityInputError(source, found, f"exactly the columns {', '.join(self.columns)}")
        return column_numbers(frame, self.policy, self.encoder, source)

    @cached_property
    def usual_row(self) -> Floats:
        """Usual value of each column, shape (k,)."""
        return np.array([np.nan if value is None else value for value in self.usual], dtype=float)

    def raw_log_odds(self, X: Floats) -> Floats:
        """Log-odds before calibration, shape (n,), of columns (n, k)."""
        return self.member.contributions(merged(X, self.features)).log_odds

    def probability(self, X: Floats) -> Floats:
        """Calibrated probability of need, shape (n,), of columns (n, k)."""
        return self.calibrator.probability(self.raw_log_odds(X))

    def missing_share(self, X: Floats) -> Floats:
        """Share of the facts that each row lacks, shape (n,); a pair is one fact, which one of its columns tells.

        A fact that training never saw a value of says nothing about how much is known of a row.
        """
        in_use = np.array([any(self.usual[at] is not None for at in feature.columns) for feature in self.features])
        gaps = np.isnan(merged(X, self.features))[:, in_use]
        return np.asarray(gaps.mean(axis=1) if in_use.any() else np.zeros(len(X)), dtype=float)

    def cautious_log_odds(self, X: Floats) -> tuple[Floats, Floats]:
        """Raw log-odds for an approval and for a decline, shape (n,) each; gaps count as in ``facts``."""
        low, high = cautious_contributions(self.member, self.features, self.policy, X, self.usual_row)
        # Summed as contributions are: without gaps all three are the same to the last bit.
        return Contributions(low, self.member.intercept).log_odds, Contributions(high, self.member.intercept).log_odds

    def contributions(self, X: Floats) -> Contributions:
        """What each column adds to the log-odds beyond its usual value, shape (n, k).

        With Platt's calibration base and sum are the calibrated log-odds; with isotonic steps, the log-odds before
        them.
        """
        return column_contributions(
            self.member, self.features, X, self.usual_row, self.calibrator.slope, self.calibrator.intercept
        )
