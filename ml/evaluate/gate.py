"""The native quality gate: may a candidate become champion? Pure, so that it runs as an asset check and in a
test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GateConfig:
    """Thresholds of the gate, with where they come from.

    Attributes
    ----------
    auc_margin : float
        The lower end of the AUC's 95 % interval must exceed 0.5 by this much. 0.10 (2026-11-22): the loan
        date alone reaches 0.65 on the real bank, so a model must be surely better than a weak accident.
    calibration_slope_low, calibration_slope_high : float
        Allowed calibration slope. 0.5 to 1.6 (2026-11-22): with 30 bad loans the slope of a sound model moved
        between 0.7 and 1.1 from one repeat to the next. Besides, the slope's 95 % interval must contain 1: with few
        bad rows it is wide and these bounds decide, with many it is narrow and decides by itself (2026-11-28).
    calibration_intercept_limit : float
        Largest allowed distance of the calibration in the large from 0. 0.5 is a factor of 1.65 in the odds.
    brier_skill_above : float
        The Brier skill must exceed this; 0 is "better than telling everyone the base rate".
    """

    auc_margin: float = 0.10
    calibration_slope_low: float = 0.5
    calibration_slope_high: float = 1.6
    calibration_intercept_limit: float = 0.5
    brier_skill_above: float = 0.0


@dataclass(frozen=True)
class GateResult:
    """One rule: its name, whether it passed, the value found and what was expected, as a sentence."""

    name: str
    passed: bool
    value: float | str | None
    expected: str

    @property
    def message(self) -> str:
        """One line for a check result or an error."""
        found = f"{self.value:.4f}" if isinstance(self.value, float) else str(self.value)
        return f"{self.name}: {'passed' if self.passed else 'FAILED'}, found {found}, expected {self.expected}"


def gate(
    metrics: Mapping[str, Any],
    config: GateConfig | None = None,
    *,
    features: Sequence[str] | None = None,
    expected_features: Sequence[str] | None = None,
) -> list[GateResult]:
    """Judge a candidate by its cross-validated figures and its feature schema.

    Parameters
    ----------
    metrics : mapping
        As :func:`ml.evaluate.summarise` gives, from out-of-fold predictions (``model.metrics["overall"]``). A
        figure that is missing fails its rule.
    config : GateConfig, optional
        Thresholds.
    features, expected_features : sequences of str, optional
        What the model was trained on, and what the features table holds now: must agree in names and order.

    Returns
    -------
    list of GateResult
        In a fixed order; the gate is passed when all are.
    """
    config = config or GateConfig()

    def figure(name: str) -> float | None:
        value = metrics.get(name)
        return None if value is None else float(value)

    floor = 0.5 + config.auc_margin
    low, slope = figure("auc_low"), figure("calibration_slope")
    intercept, skill = figure("calibration_intercept"), figure("brier_skill")
    limit = config.calibration_intercept_limit
    results = [
        GateResult("auc_lower_bound", low is not None and low > floor, low, f"above {floor:.2f}"),
        _slope_rule(slope, figure("calibration_slope_low"), figure("calibration_slope_high"), config),
        GateResult(
            "calibration_intercept",
            intercept is not None and abs(intercept) <= limit,
            intercept,
            f"{-limit} to {limit}",
        ),
        GateResult(
            "brier_skill",
            skill is not None and skill > config.brier_skill_above,
            skill,
            f"above {config.brier_skill_above}",
        ),
    ]
    if expected_features is not None:
        difference = _schema_difference(list(features or []), list(expected_features))
        results.append(GateResult("feature_schema", difference is None, difference or "same", "same names, same order"))
    return results


def _slope_rule(slope: float | None, low: float | None, high: float | None, config: GateConfig) -> GateResult:
    """The slope within its bounds, and 1 within the slope's interval."""
    bounds = f"{config.calibration_slope_low} to {config.calibration_slope_high}"
    inside = slope is not None and config.calibration_slope_low <= slope <= config.calibration_slope_high
    if low is None or high is None:
        # A version of before 2026-11-28 has no interval; it is judged as it was then.
        return GateResult("calibration_slope", inside, slope, bounds)
    return GateResult(
        "calibration_slope", inside and low <= 1.0 <= high, slope, f"{bounds}, and 1 within [{low:.3f}, {high:.3f}]"
    )


def _schema_difference(found: list[str], expected: list[str]) -> str | None:
    """First difference in words; None where there is none."""
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing or extra:
        return f"missing {missing}, unexpected {extra}"
    if found != expected:
        at = next(i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b)
        return f"order differs at position {at + 1}: {found[at]!r} instead of {expected[at]!r}"
    return None
