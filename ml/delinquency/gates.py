"""What a version of a default model must show before it scores: its gates, in their order.

Belongs here: what is asked. The rules on figures are ``ml.evaluate.gate``'s, the comparison with the champion is
``ml.registry.comparison``'s, and what a failed gate leads to is ``lifecycle``'s and ``ml.registry.promotion``'s.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml.delinquency.fairness import fairness_gates
from ml.delinquency.model import TrainedModel
from ml.drift import Reference, compare
from ml.evaluate.gate import GateResult, gate
from ml.features.catalogue import Catalogue
from ml.registry.comparison import not_worse, rival_of
from ml.registry.lookup import alias_version
from ml.registry.promotion import EXPLAINED_ROWS, EXPLANATION_SECONDS


def judge(
    connection: psycopg.Connection[Any],
    model: TrainedModel,
    version: str,
    *,
    features: Sequence[str],
    catalogue: Catalogue,
    live: pd.DataFrame | None = None,
) -> list[GateResult]:
    """All gates of a version.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model, version : TrainedModel, str
        The candidate.
    features : sequence of str
        Features that the features table holds now, in order.
    catalogue : Catalogue
        Of now.
    live : pandas.DataFrame, optional
        Rows as scored now, with ``gr_id`` and the features: what the candidate would see.

    Returns
    -------
    list of GateResult
        Figures and feature schema (:func:`ml.evaluate.gate`), catalogue version, fairness, paired comparison with the
        champion on common held-out outcomes, explanation time, drift. Where there is no champion that can score, drift
        is told but never blocks: it would leave everybody without a score.
    """
    rival, _ = rival_of(connection, model.model_name, version)
    is_champion = alias_version(connection, model.model_name) == version
    found = model.catalogue_version
    return [
        *gate(model.metrics.get("overall", {}), features=model.features, expected_features=features),
        GateResult("catalogue_version", found == catalogue.version, found, catalogue.version),
        *fairness_gates(model),
        not_worse(connection, model.model_name, version),
        _explanation_time(model, catalogue),
        _drift(model, live, has_champion=is_champion or rival is not None),
    ]


def _explanation_time(model: TrainedModel, catalogue: Catalogue) -> GateResult:
    from ml.explain.reasons import reasons_json

    X = _made_rows(model)
    seconds = []
    for _ in range(2):  # the first one makes tables
        started = time.perf_counter()
        parts = model.contributions(X)
        reasons_json(parts, X, model.features, usual=model.usual, catalogue=catalogue)
        seconds.append(time.perf_counter() - started)
    expected = f"{EXPLAINED_ROWS} rows in at most {EXPLANATION_SECONDS} s"
    return GateResult("explanation_time", min(seconds) <= EXPLANATION_SECONDS, min(seconds), expected)


def _made_rows(model: TrainedModel) -> Any:
    """Rows with values that training knew, drawn from the reference's bounds: no two alike, as on a day."""
    rng = np.random.default_rng(model.seed)
    known: Mapping[str, Any] = (model.metadata.get("reference") or {}).get("features", {})
    columns = []
    for name in model.features:
        usual = model.usual[name]
        values = [*known.get(name, {}).get("edges", ()), np.nan if usual is None else usual]
        columns.append(rng.choice(np.array(values, dtype=float), EXPLAINED_ROWS))
    return np.column_stack(columns)


def _drift(model: TrainedModel, live: pd.DataFrame | None, *, has_champion: bool) -> GateResult:
    expected = "no feature in use, nor the score, moved by 0.25 or more since training"
    kept = model.metadata.get("reference")
    if live is None or kept is None or live.empty:
        why = "no reference kept at training" if kept is None else "no rows of now"
        return GateResult("drift", True, why, expected)
    reference = Reference.from_dict(kept)
    unused = set(model.metadata.get("pruned", ()))
    features = {name: one for name, one in reference.features.items() if name in live.columns and name not in unused}
    probability = model.probability(model.numbers(live[list(model.features)]))
    found = compare(
        Reference(features, reference.score, reference.performance), live, score=probability, group=live["gr_id"]
    )
    moved = found[(found["level"] == "alert") & found["measure"].isin(["csi", "psi"])]
    named = ", ".join(f"{row.subject} {row.value:.2f}" for row in moved.head(5).itertuples())
    return GateResult("drift", moved.empty or not has_champion, named or "none moved", expected)
