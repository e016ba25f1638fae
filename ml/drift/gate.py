"""The gate on drift: no version is promoted that has learnt from another world than the one it would score."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from ml.drift.comparing import compare
from ml.drift.reference import Reference
from ml.evaluate.gate import GateResult


def drift_gate(
    metadata: Mapping[str, Any],
    live: pd.DataFrame | None,
    score: Callable[[pd.DataFrame], ArrayLike],
    *,
    has_champion: bool,
) -> GateResult:
    """Whether anything in use has moved by 0.25 or more since a version's training, or a category has vanished.

    What is an alert on a day that is watched keeps a version back, by whichever measure.

    Parameters
    ----------
    metadata : mapping
        Of the version: ``reference``, and ``pruned`` features, which it does not use.
    live : pandas.DataFrame, optional
        Rows as scored now, with ``gr_id`` and the features.
    score : callable
        Probabilities of such rows.
    has_champion : bool
        Without one drift is told but never blocks: it would leave everybody without a score.
    """
    expected = "no feature in use, nor the score, moved by 0.25 or more since training, and no category vanished"
    kept = metadata.get("reference")
    if live is None or kept is None or live.empty:
        why = "no reference kept at training" if kept is None else "no rows of now"
        return GateResult("drift", True, why, expected)
    reference = Reference.from_dict(kept)
    unused = set(metadata.get("pruned", ()))
    features = {name: one for name, one in reference.features.items() if name in live.columns and name not in unused}
    used = Reference(features, reference.score, reference.performance)
    found = compare(used, live, score=score(live), group=live["gr_id"])
    moved = found[found["level"] == "alert"]
    named = ", ".join(f"{row.subject} {row.measure} {row.value:.2f}" for row in moved.head(5).itertuples())
    return GateResult("drift", moved.empty or not has_champion, named or "none moved", expected)
