"""What is told of a model to compare trainings by: figures and parameters by name, of each kind of model."""

from collections.abc import Mapping
from typing import Any

from ml.delinquency.model import TrainedModel
from ml.delinquency.report import Report
from ml.eligibility.model import EligibilityModel

Figures = dict[str, float | None]
_SETTINGS = ("gate", "fairness", "targets")


def figures_of(report: Report) -> Figures:
    """Figures of a default model by metric name: headline values, their ends as ``_low`` and ``_high``, stability."""
    told = report.figures
    found: Figures = {name: told[name] for name in ("rows", "bad", "base_rate", "people")}
    for name, ends in told["headline"].items():
        found |= {name: ends["value"], f"{name}_low": ends["low"], f"{name}_high": ends["high"]}
    found["health_score"] = told["health"]["score"]
    found["score_psi"] = (told["stability"] or {}).get("psi")
    found["gate_passed"] = float(all(rule["passed"] for rule in told["gate"]))
    return found


def params_of(model: TrainedModel) -> dict[str, Any]:
    """What decided the training, by parameter name: algorithm, data window, and the configuration's plain values."""
    return {
        "algorithm": model.algorithm,
        "target": model.target,
        "features": len(model.features),
        "catalogue_version": model.catalogue_version,
        "seed": model.seed,
        **_named("window", model.metadata.get("data_window")),
        **_named("config", model.metadata.get("config")),
    }


def eligibility_figures_of(model: EligibilityModel) -> Figures:
    """Figures of an eligibility model on rows it had not learnt from, with their ends, and its thresholds."""
    told = model.metadata
    return {
        "rows": told["n_rows"],
        "base_rate": told["base_rate"],
        **told["metrics"]["overall"],
        "approve_threshold": model.thresholds.approve,
        "review_threshold": model.thresholds.review,
        "gate_passed": float(all(gate["passed"] for gate in told["gates"])),
    }


def eligibility_params_of(model: EligibilityModel) -> dict[str, Any]:
    """What decided the training of an eligibility model; see :func:`params_of`."""
    config: Mapping[str, Any] = model.metadata.get("config") or {}
    found = {
        "algorithm": model.algorithm,
        "target": model.target,
        "features": len(model.columns),
        "policy": model.policy.name,
        "rule_version": model.rule_version,
        "calibration": model.calibrator.kind,
        "seed": model.seed,
        **_named("window", model.metadata.get("data_window")),
        **_named("config", config),
    }
    for name in _SETTINGS:
        found |= _named(f"config_{name}", config.get(name))
    return found


def _named(prefix: str, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Plain values of a mapping, each under a name of its own."""
    plain = (values or {}).items()
    return {f"{prefix}_{name}": value for name, value in plain if isinstance(value, str | int | float | bool)}
