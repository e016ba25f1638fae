"""The report of a version in words and tables, for those who answer for the programme."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.eligibility.model import EligibilityModel


def report_markdown(model: EligibilityModel) -> str:
    """The report as Markdown; the same model gives the same text."""
    told = model.metadata
    found = told.get("metrics") or {}
    parts = [
        f"# Eligibility model {model.version}",
        f"{model.algorithm}; rules {model.rule_version}; {told['n_rows']:,} applications, "
        f"{_number(told['base_rate'])} of them in need; {told['n_features']} columns. "
        "All figures are of rows that the model had not learnt from.",
        "## Quality",
        _table(("figure", "value", "95 % interval"), [
            (label, _number(found.get(name)), _interval(found.get(f"{name}_low"), found.get(f"{name}_high")))
            for label, name in (
                ("ROC-AUC", "auc"), ("average precision", "average_precision"), ("Brier skill", "brier_skill"),
                ("calibration slope (1 is right)", "calibration_slope"),
                ("calibration intercept (0 is right)", "calibration_intercept"), ("calibration error", "ece"),
            )
        ]),
        f"Calibrated by {told['calibration']['kind']}; held-out log loss: {_pairs(told['calibration']['log_loss'])}. "
        f"Candidates: {_pairs(told['candidate_log_loss'])}.",
        "## Thresholds, from the precision-recall curve",
        _table(("decision from", "threshold", "target", "precision", "recall", "share"), [
            (name, f"{at['threshold']:.4f}", at["target"], _number(at["precision"]), _number(at["recall"]),
             _number(at["share"]))
            for name, at in ((name, told["thresholds"][name]) for name in ("approve", "review"))
        ]),
        told["thresholds"]["note"],
        "## What moves the probability",
        "Spread of the contribution between the least and the greatest point of each line, in log-odds.",
        _table(("feature", "columns", "policy's direction", "spread"), _spreads(model)),
        _listed("Counted as one", [f"{name}: {', '.join(m['columns'])} ({m['reason']})"
                                   for name, m in told["merged_columns"].items()]),
        _listed("Never seen by the model", list(told["refused_columns"])),
        _listed("Left out", [f"{name}: {why}" for name, why in told["dropped_columns"].items()]),
        _listed("Can hardly be told apart", [" and ".join(p["columns"]) for p in told["collinear_columns"]]),
        "## Fairness",
        *fairness_tables(told["fairness"]),
        "## Gates",
        _table(("gate", "passed", "found", "expected"), [
            (g["name"], "yes" if g["passed"] else "**no**", _number(g["found"]), g["expected"]) for g in told["gates"]
        ]),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _spreads(model: EligibilityModel) -> list[tuple[str, ...]]:
    words = {1: "raises", -1: "lowers", 0: "not stated"}
    rows = []
    for feature, heights in zip(model.features, model.member.heights, strict=True):
        spread = float(heights.max() - heights.min()) if len(heights) else 0.0
        columns = ", ".join(model.columns[at] for at in feature.columns)
        rows.append((spread, (feature.name, columns, words[feature.sign], f"{spread:.2f}")))
    return [row for _, row in sorted(rows, key=lambda pair: (-pair[0], pair[1]))]


def fairness_tables(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """A paragraph and a table for each way of being selected: rates of every group with intervals."""
    if not tables:
        return ["Not measured: the table has no column that names a characteristic."]
    said = []
    for name, rows in tables.items():
        said.append(f"Selected is who was {name.replace('_', ' ')}. Small groups have their count only.")
        said.append(_table(
            ("characteristic", "group", "n", "false negatives", "false positives", "selected"),
            [(r["characteristic"], r["group"], str(r["n"]), *(
                f"{_number(r[rate])} {_interval(r[f'{rate}_low'], r[f'{rate}_high'])}"
                for rate in ("false_negative_rate", "false_positive_rate", "selection_rate")
            )) for r in rows],
        ))  # fmt: skip
    return said


def _listed(title: str, entries: Sequence[str]) -> str:
    return f"{title}: {'; '.join(entries)}." if entries else ""


def _pairs(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
