"""Is a decision as good for every group: rates with intervals, the gate, and a sample that keeps labels honest.

Belongs here: figures on decisions, outcomes and groups that the caller hands over. No model is known here, and no
model ever sees a group.
"""

from ml.fairness.gate import FairnessConfig, fairness_gate
from ml.fairness.rates import UNKNOWN, group_rates, rates_of_many, wilson_interval
from ml.fairness.sampling import random_review_sample

__all__ = [
    "UNKNOWN",
    "FairnessConfig",
    "fairness_gate",
    "group_rates",
    "random_review_sample",
    "rates_of_many",
    "wilson_interval",
]
