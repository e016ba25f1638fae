"""Default models: nested cross-validation, calibrated probabilities, reasons in words, artifacts without
pickle.

>>> model = train(frame, "is_bad", features=names, time="granted_on", group="gr_id", catalogue=catalogue)
>>> scored = score(model, frame[names], catalogue=catalogue)

Belongs here: learning from a frame of features and scoring one. Where the frame comes from and where scores
go is the caller's business; storing models is ``ml.registry``.
"""

from ml.delinquency.config import Candidate, LogisticSettings, TrainingConfig, TreeSettings
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
    "TrainedModel",
    "TrainingConfig",
    "TreeSettings",
    "score",
    "train",
]
