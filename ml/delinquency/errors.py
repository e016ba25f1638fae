"""Errors of training, storing and scoring; each says what was found and what was expected."""


class OneClassError(ValueError):
    """The target holds one class only, or too few of one, so nothing can be learned."""


class FeatureError(ValueError):
    """A feature can't be used as it stands: missing column, text, infinite value, or nothing varies."""


class FeatureWarning(UserWarning):
    """Values of a feature could not be read when scoring and count as missing."""


class SchemaMismatchError(ValueError):
    """The frame to score is not what the model was trained on."""


class ArtifactError(ValueError):
    """A stored model was changed, is not one of ours, or names something unknown."""
