"""Eligibility for social support: APPROVE, REVIEW or SOFT_DECLINE by a calibrated logistic regression, with reasons.

>>> model = train("training_features_support_v2.csv")
>>> score(model, {"eid": "784198765432104", "declared_monthly_income": 2500, ...})
>>> decide(model, applications)

Belongs here: learning from applications, deciding and explaining them, whatever table they come in. The same from day
to day in the warehouse is in ``applications`` (which ones), ``lifecycle`` (training), ``days`` (deciding), ``record``,
``registered`` and ``realised``. Storing models is ``ml.registry``, fairness ``ml.fairness``.
"""

from ml.eligibility.answers import explain, health, score, thresholds, top_features, trained
from ml.eligibility.config import EligibilityConfig
from ml.eligibility.decision import decide
from ml.eligibility.errors import EligibilityInputError, ProtectedColumnError
from ml.eligibility.model import EligibilityModel
from ml.eligibility.people import appeal, final_decision, override
from ml.eligibility.piecewise import PiecewiseSettings
from ml.eligibility.policy import SUPPORT_POLICY, Fact, Merge, Policy
from ml.eligibility.report import report_markdown
from ml.eligibility.storing import load, save
from ml.eligibility.thresholds import APPROVE, REVIEW, SOFT_DECLINE, ThresholdTargets
from ml.eligibility.training import train

__all__ = [
    "APPROVE",
    "REVIEW",
    "SOFT_DECLINE",
    "SUPPORT_POLICY",
    "EligibilityConfig",
    "EligibilityInputError",
    "EligibilityModel",
    "Fact",
    "Merge",
    "PiecewiseSettings",
    "Policy",
    "ProtectedColumnError",
    "ThresholdTargets",
    "appeal",
    "decide",
    "explain",
    "final_decision",
    "health",
    "load",
    "override",
    "report_markdown",
    "save",
    "score",
    "thresholds",
    "top_features",
    "train",
    "trained",
]
