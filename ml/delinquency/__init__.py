"""Default models on any table: calibrated probabilities, reasons in words, artifacts without pickle.

>>> model = train(frame, "is_bad", time="granted_on", group="gr_id")
>>> scored = score(model, frame[list(model.features)])

The way through the modules: ``encoding`` and ``outcome`` make numbers of a table; ``parts`` divides it;
``logistic``, ``scorecard`` (with ``binning``) and ``trees`` (with ``clipping``) are the members; ``validation``
measures small tables, ``heldout`` large ones, with ``choosing``, ``interactions`` and ``ensemble``; ``learning`` puts
either together; ``training`` is the door.

Belongs here: learning from a frame of features and scoring one. Where the frame comes from and where scores
go is the caller's business; storing models is ``ml.registry``.
"""

from ml.delinquency.config import Candidate, LogisticSettings, ScorecardSettings, TrainingConfig, TreeSettings
from ml.delinquency.errors import ArtifactError, FeatureError, OneClassError, SchemaMismatchError
from ml.delinquency.model import Link, TrainedModel
from ml.delinquency.scoring import score
from ml.delinquency.training import train

__all__ = [
    "ArtifactError",
    "Candidate",
    "FeatureError",
    "Link",
    "LogisticSettings",
    "OneClassError",
    "SchemaMismatchError",
    "ScorecardSettings",
    "TrainedModel",
    "TrainingConfig",
    "TreeSettings",
    "score",
    "train",
]
