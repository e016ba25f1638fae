"""The part of a model's card on groups: rates with intervals, and what the gate says of them."""

from typing import Any

import pandas as pd

from ml.delinquency.card_text import bullets, escape, percent
from ml.delinquency.fairness import LIMITS, fairness_gates
from ml.delinquency.model import TrainedModel

_RATES = {
    "false_negative_rate": "defaults not flagged",
    "false_positive_rate": "payers flagged",
    "selection_rate": "flagged",
}


def fairness_section(model: TrainedModel) -> str:
    """Markdown of the rates by group, false negatives first; of small groups how many there are.

    Parameters
    ----------
    model : TrainedModel
        With ``metadata["fairness"]``, see :func:`ml.delinquency.fairness.fairness_of`.
    """
    kept = model.metadata.get("fairness")
    lines = [escape(result.message) for result in fairness_gates(model)]
    if kept is None or not kept["gates"]:
        return f"## Groups\n\n{bullets(lines)}"
    told = pd.DataFrame(kept["rates"])
    head = ["characteristic", "group", "people", *_RATES.values()]
    rows = [
        [escape(row.characteristic), escape(row.group), f"{row.n_people:,}", *(_rate(row, name) for name in _RATES)]
        for row in told.itertuples()
    ]
    small = ", ".join(f"{escape(name)} {count}" for name, count in kept["small_groups"].items())
    table = "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows])
    return f"""## Groups

On rows that the model has not learnt from. Flagged is a probability from {percent(kept["threshold"])} on, the two
highest bands: of running loans whom a contact is for, of applicants who is looked at twice. Groups are no features and
are joined afterwards, as core knows them at training. Intervals of 95 % count people, not rows. The gate fails where a
group's rate surely exceeds everybody else's by more than {LIMITS.max_fnr_difference:.0%} (defaults not flagged) or
{LIMITS.max_fpr_difference:.0%} (payers flagged), all groups taken together. Groups of fewer than
{kept["min_group_size"]} people are not shown: {small or "there are none"}.

{bullets(lines)}

{table}"""


def _rate(row: Any, name: str) -> str:
    value, low, high = (getattr(row, f"{name}{suffix}") for suffix in ("", "_low", "_high"))
    return "–" if pd.isna(value) else f"{value:.3f} [{low:.3f}, {high:.3f}]"
