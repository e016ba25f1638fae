"""Watching a model: have its inputs, its scores or its sources moved since training, and how good is it likely to be
now.

A plain library: :func:`reference_of` keeps the training window in small, :func:`compare` holds a later day against it,
:func:`expected_performance` tells how good calibrated probabilities are before outcomes are there. What is read from
and written to the warehouse is in ``store`` and ``daily``.
"""

from ml.drift.comparing import ALERT_FROM, COLUMNS, WARN_FROM, alerts, compare
from ml.drift.performance import expected_performance, realised_performance
from ml.drift.reference import Reference, reference_of
from ml.drift.supply import late_sources, volume

__all__ = [
    "ALERT_FROM",
    "COLUMNS",
    "WARN_FROM",
    "Reference",
    "alerts",
    "compare",
    "expected_performance",
    "late_sources",
    "realised_performance",
    "reference_of",
    "volume",
]
