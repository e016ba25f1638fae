"""Score a frame: probability, band and reasons, or an honest "insufficient data"."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.delinquency.encoding import NO_LEVEL
from ml.delinquency.frame import pick
from ml.delinquency.model import TrainedModel
from ml.delinquency.outcome import as_days
from ml.delinquency.validation import probability_of
from ml.explain.additive import Contributions
from ml.explain.catalogue import catalogue_version as version_of
from ml.explain.reasons import reasons


def score(
    model: TrainedModel,
    frame: pd.DataFrame,
    *,
    catalogue: Any = None,
    catalogue_version: str | None = None,
    top_reasons: int = 3,
    time: str | Sequence[object] | None = None,
) -> pd.DataFrame:
    """Score every row.

    Parameters
    ----------
    model : TrainedModel
        As trained, or loaded from the registry.
    frame : pandas.DataFrame of shape (n, k)
        Exactly the model's features, in its order; identifiers belong in the index.
    catalogue : mapping or Catalogue, optional
        Words the reasons; its version must be the model's.
    catalogue_version : str, optional
        Version of the catalogue the frame was built with, where no catalogue with a version is given.
    top_reasons : int
        Reasons a row, at most.
    time : sequence of length n, optional
        Time of each row: needed where the model counts days from a date to it.

    Returns
    -------
    pandas.DataFrame of n rows
        ``score_status`` (scored or insufficient_data), ``probability``, ``risk_band``, ``reasons`` (list of
        dicts, see :func:`ml.explain.reasons`); index of the frame. The contributions are relative to a row whose
        every feature is usual. Where the status is insufficient_data the others are missing and the list is empty.

    Raises
    ------
    SchemaMismatchError
        If names, order or catalogue version differ from the model's.
    FeatureError
        If a feature holds text or infinite values.
    """
    model.check_schema([str(column) for column in frame.columns], version_of(catalogue) or catalogue_version)
    when = pick(frame, time, "time")
    X = model.numbers(frame, None if when is None else as_days(when))
    # Features that training never saw a value of say nothing about how much is known of a row.
    in_use = np.array([model.usual[name] is not None for name in model.features])
    enough = np.isnan(X[:, in_use]).mean(axis=1) <= model.max_missing_share
    result = pd.DataFrame(
        {
            "score_status": np.where(enough, "scored", "insufficient_data"),
            "probability": np.full(len(frame), np.nan),
            "risk_band": np.full(len(frame), None, dtype=object),
            "reasons": [[] for _ in range(len(frame))],
        },
        index=frame.index,
    )
    if not enough.any():
        return result
    parts: Contributions = model.contributions(X[enough])
    # The probability is that of the contributions' own sum: what is explained is what is published.
    probability = probability_of(parts.log_odds)
    rows = np.flatnonzero(enough)
    result.iloc[rows, result.columns.get_loc("probability")] = probability  # type: ignore[index]
    result.iloc[rows, result.columns.get_loc("risk_band")] = model.band(probability)  # type: ignore[index]
    # Ranked against the same values that the words call usual; base plus sum stays the log-odds.
    beyond_usual = parts.relative_to(model.contributions(model.usual_row()))
    worded = reasons(beyond_usual, X[enough], model.features, usual=model.usual, catalogue=catalogue, top=top_reasons)
    _name_levels(worded, model)
    filled: list[list[dict[str, Any]]] = [[] for _ in range(len(frame))]
    for row, found in zip(rows.tolist(), worded, strict=True):
        filled[row] = found
    result["reasons"] = pd.Series(filled, index=result.index, dtype=object)
    return result


def _name_levels(worded: list[list[dict[str, Any]]], model: TrainedModel) -> None:
    """Say levels by their name where a reason has their code."""
    named = {} if model.encoder is None else {c.name: c.levels for c in model.encoder.columns if c.levels}
    if not named:
        return
    for reason in (reason for row in worded for reason in row if reason["feature"] in named):
        levels, usual = named[reason["feature"]], model.usual[reason["feature"]]
        value = NO_LEVEL if reason["value"] is None else levels[int(reason["value"])]
        reason["value"] = None if reason["value"] is None else value
        reason["text"] = f"{reason['feature']}: {value} (usually {NO_LEVEL if usual is None else levels[int(usual)]})"
