"""Score a frame: probability, band and reasons, or an honest "insufficient data"."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.dates import text_of
from ml.delinquency.encoding import OTHER, Encoder
from ml.delinquency.frame import named, pick, plain_type
from ml.delinquency.model import TrainedModel
from ml.delinquency.outcome import as_days
from ml.delinquency.population import Ranges
from ml.delinquency.validation import probability_of
from ml.explain.additive import Contributions
from ml.explain.catalogue import catalogue_version as version_of
from ml.explain.reasons import reasons
from ml.explain.wording import plain_sentence, said_of_a_date, said_of_a_flag, said_of_a_level


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
        Exactly the model's features, in its order, and the time where it is named; identifiers belong in the index.
    catalogue : mapping or Catalogue, optional
        Words the reasons; its version must be the model's.
    catalogue_version : str, optional
        Version of the catalogue the frame was built with, where no catalogue with a version is given.
    top_reasons : int
        Reasons a row, at most.
    time : str or sequence of length n, optional
        Time of each row, or the name of its column: needed where the model counts days from a date to it.

    Returns
    -------
    pandas.DataFrame of n rows
        ``score_status`` (scored or insufficient_data), ``probability``, ``risk_band``, ``reasons`` (list of
        dicts, see :func:`ml.explain.reasons`), ``is_outside_population`` (whether training saw hardly any such row, see
        ``population.Ranges``; missing for models that recorded none); index of the frame. The contributions are
        relative to a row whose
        every feature is usual. Where the status is insufficient_data the others are missing and the list is empty.

    Raises
    ------
    SchemaMismatchError
        If names, order or catalogue version differ from the model's.
    FeatureError
        If a feature holds text or infinite values.

    Warns
    -----
    FeatureWarning
        If values of a date are none of the form that training read: they are missing.
    """
    time = named(frame, time)
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    when = pick(frame, time, "time")
    if isinstance(time, str) and time not in model.features:
        frame = frame.drop(columns=time)
    model.check_schema([str(column) for column in frame.columns], version_of(catalogue) or catalogue_version)
    days = None if when is None else as_days(when)
    X = model.numbers(frame, days)
    # Features that training never saw a value of say nothing about how much is known of a row.
    in_use = np.array([model.usual[name] is not None for name in model.features])
    enough = np.isnan(X[:, in_use]).mean(axis=1) <= model.max_missing_share
    result = pd.DataFrame(
        {
            "score_status": np.where(enough, "scored", "insufficient_data"),
            "probability": np.full(len(frame), np.nan),
            "risk_band": np.full(len(frame), None, dtype=object),
            "reasons": [[] for _ in range(len(frame))],
            "is_outside_population": np.full(len(frame), None, dtype=object),
        },
        index=frame.index,
    )
    if not enough.any():
        return result
    if (seen := model.metadata.get("ranges")) is not None:
        is_new = np.zeros(X.shape, dtype=bool) if model.encoder is None else model.encoder.unknown_levels(frame)
        outside = Ranges.from_dict(seen).is_outside(X, is_new).astype(object)
        outside[~enough] = None
        result["is_outside_population"] = outside
    parts: Contributions = model.contributions(X[enough])
    # The probability is that of the contributions' own sum: what is explained is what is published.
    probability = probability_of(parts.log_odds)
    rows = np.flatnonzero(enough)
    result.iloc[rows, result.columns.get_loc("probability")] = probability  # type: ignore[index]
    result.iloc[rows, result.columns.get_loc("risk_band")] = model.band(probability)  # type: ignore[index]
    # Ranked against the same values that the words call usual; base plus sum stays the log-odds.
    beyond_usual = parts.relative_to(model.contributions(model.usual_row()))
    worded = reasons(beyond_usual, X[enough], model.features, usual=model.usual, catalogue=catalogue, top=top_reasons)
    if model.encoder is not None:
        _say_kinds(worded, model.encoder, model.usual, frame.iloc[rows], None if days is None else days[rows])
    filled: list[list[dict[str, Any]]] = [[] for _ in range(len(frame))]
    for row, found in zip(rows.tolist(), worded, strict=True):
        filled[row] = found
    result["reasons"] = pd.Series(filled, index=result.index, dtype=object)
    return result


def _say_kinds(
    worded: list[list[dict[str, Any]]],
    encoder: Encoder,
    usual: Mapping[str, float | None],
    frame: pd.DataFrame,
    days: NDArray[np.datetime64] | None,
) -> None:
    """Say categories by their name, yes and no, and dates as such where a reason has their code or number."""
    columns = {c.name: c for c in encoder.columns if c.kind in ("level", "flag", "days_before")}
    texts: dict[str, list[str | None]] = {}
    for row, reason in ((row, reason) for row, found in enumerate(worded) for reason in found):
        name, value = reason["feature"], reason["value"]
        if (column := columns.get(name)) is None:
            continue
        if column.kind == "level":
            if name not in texts:
                given = text_of(plain_type(frame[name]))
                texts[name] = given.astype(object).where(given.notna(), None).tolist()
            reason["value"] = texts[name][row]
            said = said_of_a_level(
                reason["value"], is_rare=value is not None and column.levels[int(value)] == OTHER, is_new=value is None
            )
            most = usual[name]
            level = None if most is None else column.levels[int(most)]
            common = "one of many rare values" if level == OTHER else said_of_a_level(level)
        elif column.kind == "flag":
            reason["value"] = None if value is None else bool(value > 0.5)
            said, common = said_of_a_flag(value), said_of_a_flag(usual[name])
        else:
            said = said_of_a_date(value, None if days is None else days[row])
            common = said_of_a_date(usual[name])
        reason["text"] = plain_sentence(name, said, common)
