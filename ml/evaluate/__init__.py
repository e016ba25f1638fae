"""How good a probability is: discrimination, calibration, both by vintage, and the gate that decides.

Belongs here: pure functions on arrays of outcomes and probabilities. What made the probabilities is none of
its business, and nothing here reads or writes a table.
"""

from ml.evaluate.calibration import Calibration, brier_score, brier_skill, calibration, log_loss
from ml.evaluate.discrimination import (
    AucDifference,
    AucEstimate,
    auc,
    auc_difference,
    bootstrap_auc,
    gini,
    ks_statistic,
)
from ml.evaluate.gate import GateConfig, GateResult, gate
from ml.evaluate.report import by_vintage, summarise

__all__ = [
    "AucDifference",
    "AucEstimate",
    "Calibration",
    "GateConfig",
    "GateResult",
    "auc",
    "auc_difference",
    "bootstrap_auc",
    "brier_score",
    "brier_skill",
    "by_vintage",
    "calibration",
    "gate",
    "gini",
    "ks_statistic",
    "log_loss",
    "summarise",
]
