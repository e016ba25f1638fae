"""Sections of a model card that say how good a model is: validation, and what is watched over time."""

from ml.delinquency.card_text import bullets, cell, escape, figure_text, table
from ml.delinquency.report import Report

_HEADLINES = {
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "brier_skill": "Brier skill (above 0: better than the base rate)",
    "ece": "Expected calibration error",
    "calibration_slope": "Calibration slope (1 is right)",
    "calibration_intercept": "Calibration intercept (0 is right)",
    "recall_at_5_pct": "Recall at 5 % flagged",
    "precision_at_5_pct": "Precision at 5 % flagged",
    "recall_at_10_pct": "Recall at 10 % flagged",
    "precision_at_10_pct": "Precision at 10 % flagged",
}


def validation(report: Report, pictures: dict[str, str]) -> str:
    """Figures with intervals, gate, reliability, gains, challengers, parts and segments."""
    drawn = report.figures["intervals"]
    lines = [f"| {title} | {figure_text(report.interval(name))} |" for name, title in _HEADLINES.items()]
    gate = [
        f"{rule['rule']}: {'passed' if rule['passed'] else '**failed**'}, found {cell(rule['found'])}, expected "
        f"{escape(rule['expected'])}"
        for rule in report.figures["gate"]
    ]
    deciles = {
        "decile": "decile",
        "n": "rows",
        "n_bad": "defaults",
        "bad_rate": "default rate",
        "lift": "lift",
        "capture": "capture",
    }
    reliability = {
        "bin": "bin",
        "n": "rows",
        "told": "told",
        "observed": "came true",
        "observed_low": "low",
        "observed_high": "high",
    }
    rivals = report.tables["challengers"]
    against = "No challenger was scored beside it."
    if len(rivals):
        against = table(rivals, {
            "challenger": "challenger", "rows": "rows", "auc_gain": "AUC gained", "auc_gain_low": "low",
            "auc_gain_high": "high", "verdict": "verdict"})  # fmt: skip
    segments = "No segments were given." if "segments" not in report.tables else _slices(report, "segments")
    return f"""## 4. Validation: outcomes

Bootstrap with {drawn["resamples"]:,} resamples by {drawn["unit"]} (vintages and segments {drawn["slice_resamples"]:,}),
seed {drawn["seed"]}.

| figure | value [95 % interval] |
| --- | --- |
{chr(10).join(lines)}

### Gate

{bullets(gate)}

### Reliability

{pictures["reliability.png"]}

{table(report.tables["reliability"], reliability)}

### Lift and capture

{pictures["gains.png"]}

{table(report.tables["deciles"], deciles)}

### Against challengers, paired on the same people

{against}

### By part of the data

{_slices(report, "parts")}

### By segment

{segments}"""


def monitoring(report: Report, pictures: dict[str, str]) -> str:
    """By time, and how far score and features moved."""
    score = report.figures["stability"]
    told = "Stability of the score was not measured: no later rows to compare with."
    if score is not None:
        told = (
            f"PSI of the score between {score['between']}: {score['psi']:.4f}, {score['reading']} (chance alone "
            f"gives {score['by_chance']:.4f})."
        )
    features = "Stability of features was not measured here."
    if "features" in report.tables:
        features = table(report.tables["features"].head(15), {
            "feature": "feature", "psi": "PSI", "by_chance": "by chance", "reading": "reading"})  # fmt: skip
    vintages = "The outcomes carry no dates."
    if "vintages" in report.tables:
        vintages = f"{pictures.get('vintages.png', '')}\n\n{_slices(report, 'vintages')}".strip()
    return f"""## 5. Monitoring: time and stability

### By {report.figures["vintage_unit"] or "vintage"}

{vintages}

### Stability

{told} Usual reading: below 0.1 stable, below 0.25 watch, else shifted.

{features}"""


def _slices(report: Report, name: str) -> str:
    columns = {"segment": "segment"} if name == "segments" else {}
    columns |= {
        "part": "part",
        "n": "rows",
        "n_bad": "defaults",
        "bad_rate": "default rate",
        "mean_probability": "told",
        "auc": "AUC",
        "auc_low": "low",
        "auc_high": "high",
        "calibration_slope": "slope",
        "calibration_slope_low": "low",
        "calibration_slope_high": "high",
    }
    return table(report.tables[name], columns)
