"""Figures of a trained model on rows it has not learnt from: quality, fairness, gates."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.eligibility.config import EligibilityConfig
from ml.eligibility.thresholds import APPROVE, SOFT_DECLINE
from ml.evaluate.gate import GateResult, gate
from ml.evaluate.intervals import intervals
from ml.evaluate.slices import segment_labels
from ml.fairness import FairnessConfig, fairness_measured, fairness_rules, group_rates, rates_of_many

Floats = NDArray[np.float64]

# What counts as selected when fairness is measured: not to be declined unseen, which the gate judges, and to be
# approved without review, which is shown.
NOT_DECLINED, APPROVED = "not_declined", "approved"


def judge(
    y: Floats,
    probability: Floats,
    decision: NDArray[np.object_],
    people: NDArray[np.intp],
    characteristics: pd.DataFrame,
    config: EligibilityConfig,
) -> dict[str, Any]:
    """``metrics, fairness, gates`` in plain JSON types; what could not be measured is None.

    Parameters
    ----------
    y, probability, decision, people : ndarray of shape (n,)
        Of rows that the model has not learnt from; rows of one person or household belong together.
    characteristics : pandas.DataFrame of n rows
        Protected columns; numbers with many values are judged in ranges of about equal counts.
    config : EligibilityConfig
        Limits of the gates, number of resamples.
    """
    measured = intervals(y, probability, group=people, resamples=config.resamples, seed=config.seed)
    metrics: dict[str, float | None] = {}
    for name, found in measured.items():
        metrics |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    # In the field's word; the intervals' name is that of the figure it is measured by.
    metrics |= {"roc_auc": metrics["auc"], "average_precision": average_precision(y, probability)}
    metrics |= {f"share_{name.lower()}": float((decision == name).mean()) for name in np.unique(decision).tolist()}
    groups = pd.DataFrame({name: segment_labels(_typed(values)) for name, values in characteristics.items()})
    size = config.fairness.min_group_size
    tables = {
        NOT_DECLINED: group_rates(y, decision != SOFT_DECLINE, groups, min_group_size=size, people=people),
        APPROVED: group_rates(y, decision == APPROVE, groups, min_group_size=size, people=people),
    } if len(groups.columns) else {}  # fmt: skip
    gates = gate(metrics, config.gate)
    if tables:
        gates += judge_fairness(
            y, decision != SOFT_DECLINE, groups, config.fairness, config.required_characteristics, people
        )
    return {
        "metrics": {name: _known(value) for name, value in metrics.items()},
        "fairness": {name: rate_records(table) for name, table in tables.items()},
        "gates": [_gate(result) for result in gates],
    }


def judge_fairness(
    target: ArrayLike,
    selected: ArrayLike,
    groups: pd.DataFrame,
    config: FairnessConfig,
    required: tuple[str, ...] | None = None,
    people: ArrayLike | None = None,
) -> list[GateResult]:
    """The fairness gate on the characteristics that can be judged, and on those that must be.

    Parameters
    ----------
    target, selected : array_like of shape (n,)
        1 where there is need, and where the decision selects.
    groups : pandas.DataFrame of n rows
        A column a characteristic.
    config : FairnessConfig
        Limits.
    required : tuple of str, optional
        Characteristics that fail the gate where they are not measured; all where not given. One that the table lacks
        fails too.
    people : array_like of shape (n,), optional
        Person or household of each row, which group sizes and intervals count; without it each row is one.
    """
    size = config.min_group_size
    found = group_rates(target, selected, groups, min_group_size=size, people=people)
    large = found.groupby("characteristic")["is_large_enough"].sum()
    wanted = set(large.index) if required is None else set(required)
    judged = [name for name in large.index if name in wanted or large[name] >= 2]
    rates = rates_of_many(target, selected, groups[judged], min_group_size=size, people=people)
    rules = fairness_rules(rates, config)
    return [*rules, *fairness_measured(found, config, required)]


def average_precision(y: Floats, probability: Floats) -> float:
    """Area under the precision-recall curve as the step-wise sum over its points."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(y, probability))


def _typed(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers in text as numbers, so that ages become ranges."""
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers if numbers.notna().equals(values.notna()) else values


def _gate(result: GateResult) -> dict[str, Any]:
    value = result.value if isinstance(result.value, str) or result.value is None else _known(float(result.value))
    return {"name": result.name, "passed": result.passed, "found": value, "expected": result.expected}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def rate_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table of rates in plain JSON types; what could not be measured is None."""
    return [{str(name): _known(value) for name, value in row.items()} for row in table.to_dict("records")]
