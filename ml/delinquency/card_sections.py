"""Sections of a model card that say what a model is, how it was made and used. Its figures are in ``card_figures``."""

import json
from collections import Counter
from typing import Any

from ml.delinquency.card_text import bullets, cell, escape, percent, table
from ml.delinquency.model import TrainedModel
from ml.delinquency.report import Report
from ml.explain.catalogue import entries_of, entry_field

_USES = {
    "predelinquency_30d": "Rank and choose people with a running loan, not past due, who may be helped before they "
    "miss an instalment. It decides whom to contact, never whom to refuse.",
    "origination_pd": "Tell a risk officer the probability that a loan asked for goes bad, with reasons, before it is "
    "granted. A person decides.",
}
_POPULATIONS = {
    "predelinquency_30d": "Exposures not past due at the as-of date. Outcomes mature 35 days later.",
    "origination_pd": "Applicants who were granted a loan, as of the day before. Refused applicants have no outcome "
    "and nothing is inferred for them: a score outside the granted population is an extrapolation.",
}

# What training records in the metadata or in its notes, under any of these names.
_RECORDED = {
    "Labels of the outcome": ("labels",),
    "How the rows were divided": ("design", "parts"),
    "How it was chosen": ("choice",),
    "Challengers": ("challengers",),
    "Left out": ("dropped",),
    "Pruned": ("pruned",),
    "Clipped": ("clipped_at", "clipped"),
    "Missing values": ("missing_values",),
    "Interactions": ("interactions",),
    "Ensemble": ("ensemble",),
    "Warnings": ("warnings",),
}


def overview(report: Report, model: TrainedModel) -> str:
    """What it is for, whom it is about, on which data."""
    figures, name = report.figures, report.figures["model_name"]
    window = model.metadata.get("data_window") or {}
    held_out = figures["window"]
    lines = [
        f"Rows of the training table: {cell(window.get('rows'))}, defaults {cell(window.get('bad'))}, people "
        f"{cell(window.get('groups'))}, from {cell(window.get('first'))} to {cell(window.get('last'))}.",
        f"Figures are of the part `{escape(figures['part'])}`, from {cell(held_out['first'])} to "
        f"{cell(held_out['last'])}.",
    ]
    return f"""## 1. Model risk: purpose and population

### Purpose

{_USES.get(name, "Not recorded for this model: state it before it is used.")}

How much rests on it (its materiality) depends on the exposures it is used for; the user states it in the inventory.

### Population

{_POPULATIONS.get(name, "Rows of the training table; nothing further is recorded.")}

### Data window

{bullets(lines)}"""


def development(report: Report, model: TrainedModel, catalogue: Any) -> str:
    """Label, features, method, and what was left out or tried."""
    entries = entries_of(catalogue)
    counts = Counter(str(entry_field(entries.get(name), "category", "not in the catalogue")) for name in model.features)
    by_category = ", ".join(f"{escape(name)} {count}" for name, count in sorted(counts.items()))
    if not entries:
        by_category = "categories not known: no catalogue was given"
    told = [f"{title}: {_told(_noted(model, *names))}" for title, names in _RECORDED.items()]
    others = model.metadata.get("notes")
    if isinstance(others, dict):
        known = {name for names in _RECORDED.values() for name in names}
        others = {name: value for name, value in others.items() if name not in known}
    return f"""## 2. Model development

### Label

{escape(report.figures["target"])}

### Features

{len(model.features)} features: {by_category}. Catalogue version {cell(model.catalogue_version)}. Meaning, window, null
policy and expected sign of each stand in the catalogue.

### Method

{escape(report.figures["algorithm"])}, calibrated by a line on the log-odds (intercept {model.link.intercept:.3f}, slope
{model.link.slope:.3f}). No class weights and no resampling: costs enter the decision, not the probability. Seed
{model.seed}.

### What was left out, clipped, and tried

{bullets(told)}

Further notes: {_told(others)}"""


def use(report: Report) -> str:
    """The decision, the health score, the meaning of reasons."""
    settings = report.figures["decision"]
    columns = {
        "rule": "rule",
        "threshold": "probability above",
        "recall": "recall",
        "precision": "precision",
        "share_flagged": "share of people flagged",
        "status": "status",
    }
    shown = report.tables["decision"].copy()
    for name in ("recall", "precision", "share_flagged"):
        shown[name] = [percent(value) for value in shown[name]]
    health = report.figures["health"]
    score = "Not decided" if health["score"] is None else f"{health['score']:.1f} of 100"
    return f"""## 3. Model use: the decision

Contact where `p * success * LGD * EAD > cost`, ranked by expected gain, then as many people as can be reached.
Settings: success {settings["success_rate"]:g}, LGD {settings["lgd"]:g}, cost {settings["contact_cost"]:g} in the
currency of the amounts, capacity {settings["capacity"]:,} people a day. They are assumptions until outcomes are
measured against a hold-out group. The other rows are the readings of the document that the engine comes from. Base
rate {percent(settings["base_rate"])} ({settings["base_rate_is"]}); counted in people a day.

{table(shown, columns)}

A cost ratio says nothing of the amount at stake or of what a contact achieves. With a calibrated probability it flags
nearly everyone as soon as the base rate exceeds `1 / (1 + ratio)`.

### Health score

{score}: `{health["formula"]}`, at the threshold of the wanted recall (recall
{percent(health["recall"])}, precision {percent(health["precision"])}). Precision follows the base rate, so scores of
populations with other base rates can't be compared. No rule uses it.

### What the reasons mean

The log-odds are an exact sum: a start and one contribution a feature. A contribution of +0.69 doubles the odds. A
reason is a feature whose value is not the usual one (the training median) and that pulls the score the way it went.
Reasons say what moved this score in this model. They are no causes: to change a value need not change the outcome."""


def governance(report: Report, model: TrainedModel) -> str:
    """Checksum, versions, configuration, and what the user has to state."""
    lines = [
        f"Checksum of the artifact: `{report.figures['sha256']}`. Stored as text, verified before it is read.",
        "Scoring loads a recorded version by its alias; only a version that passes the gate becomes champion.",
        "Every score keeps its version, its as-of date and its knowledge cut-off, so that a decision can be replayed.",
        "Not recorded here, and the user's to state: owner, approver, independent validator, date of the next review.",
    ]
    config = json.dumps(model.metadata.get("config", {}), indent=2, sort_keys=True, default=str)
    return f"""## 6. Governance and controls

{bullets(lines)}

<details><summary>Configuration of the training</summary>

```json
{config}
```

</details>"""


def third_parties() -> str:
    """Whose products it rests on."""
    return """## 7. Vendor and other third-party products

No vendor's model or score is used. Open-source libraries fit it (LightGBM, scikit-learn, SciPy); their versions and
hashes stand in the lock file."""


def limitations(report: Report) -> str:
    """What it does not tell, the worst first."""
    figures = report.figures
    lines = [
        "Measured on one portfolio and window; another one needs its own figures before use.",
        "People who were contacted may have been kept from defaulting: rows of treated people understate the risk "
        "unless training left them out.",
        "Amounts, success and LGD of the decision are not modelled.",
        "Features outside a source's coverage are missing, not 0; a row with too few of them is not scored.",
    ]
    if figures["bad"] < 100:
        lines.insert(0, f"**Only {figures['bad']:,} defaults: every figure here is uncertain, see the intervals.**")
    if not figures["calibrated"]["slope_interval_contains_1"]:
        lines.insert(0, "**The interval of the calibration slope does not contain 1: probabilities are biased.**")
    if figures["intervals"]["unit"] == "row":
        lines.append("Rows were taken as independent; several rows of one person would make the intervals too narrow.")
    return f"## 8. Limitations\n\n{bullets(lines)}"


def _noted(model: TrainedModel, *names: str) -> Any:
    """What training recorded under the first of the names: in the metadata itself or in its notes."""
    notes = model.metadata.get("notes")
    for name in names:
        for held in (model.metadata, notes if isinstance(notes, dict) else {}):
            if held.get(name) is not None:
                return held[name]
    return None


def _told(value: Any) -> str:
    """Recorded values in one line of Markdown."""
    if value is None:
        return "not recorded"
    if isinstance(value, list | tuple | dict) and not value:
        return "none"
    return escape(_plain(value))


def _plain(value: Any) -> str:
    """Recorded values in words: names with their values, lists with commas, what is inside in brackets."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        parts = [f"{name}: {_nested(inner)}" for name, inner in value.items()]
        return "; ".join(parts)
    if isinstance(value, list | tuple):
        return ", ".join(_nested(inner) for inner in value)
    return "none" if value is None else str(value)


def _nested(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        return f"({_plain(value)})" if value else "none"
    return _plain(value)
