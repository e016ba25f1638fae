"""Experiments of models in MLflow: a run a version, with parameters, figures, the card and the model's text.

Belongs here: what is recorded, and how it is read back. Where the server is, and what happens when it can't be
reached, is the caller's business. Scoring never asks MLflow: the versions it loads are those of ``ml.registry``.
"""

from ml.tracking.tracker import TrackedRun, Tracker

__all__ = ["TrackedRun", "Tracker"]
