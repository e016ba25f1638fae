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
from ml.drift.gate import drift_gate
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
        drift_gate(
            model.metadata,
            live,
            lambda rows: model.probability(model.numbers(rows[list(model.features)])),
            has_champion=is_champion or rival is not None,
        ),
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
