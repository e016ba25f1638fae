"""How good a probability is: discrimination, calibration, gains, stability, each with intervals, and the gate.

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
from ml.evaluate.gains import decile_table, flagged_table
from ml.evaluate.gate import GateConfig, GateResult, gate
from ml.evaluate.health import health_score
from ml.evaluate.intervals import auc_differences, intervals
from ml.evaluate.reliability import expected_calibration_error, reliability_curve
from ml.evaluate.report import by_vintage, summarise
from ml.evaluate.resampling import Interval
from ml.evaluate.slices import by_slice, segment_labels, time_labels
from ml.evaluate.stability import Psi, feature_stability, population_stability

__all__ = [
    "AucDifference",
    "AucEstimate",
    "Calibration",
    "GateConfig",
    "GateResult",
    "Interval",
    "Psi",
    "auc",
    "auc_difference",
    "auc_differences",
    "bootstrap_auc",
    "brier_score",
    "brier_skill",
    "by_slice",
    "by_vintage",
    "calibration",
    "decile_table",
    "expected_calibration_error",
    "feature_stability",
    "flagged_table",
    "gate",
    "gini",
    "health_score",
    "intervals",
    "ks_statistic",
    "log_loss",
    "population_stability",
    "reliability_curve",
    "segment_labels",
    "summarise",
    "time_labels",
]
