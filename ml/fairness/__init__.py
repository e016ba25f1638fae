"""Is a decision as good for every group: rates with intervals, the gate, protected columns.

Belongs here: figures on decisions, outcomes and groups that the caller hands over. No model is known here, and no
model ever sees a group.
"""

from ml.fairness.gate import FairnessConfig, fairness_gate, fairness_measured, fairness_rules
from ml.fairness.protected import protected_columns, stand_ins
from ml.fairness.rates import UNKNOWN, group_rates, rates_of_many, wilson_interval

__all__ = [
    "UNKNOWN",
    "FairnessConfig",
    "fairness_gate",
    "fairness_measured",
    "fairness_rules",
    "group_rates",
    "protected_columns",
    "rates_of_many",
    "stand_ins",
    "wilson_interval",
]
