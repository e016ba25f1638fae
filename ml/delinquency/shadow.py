"""The challenger in shadow: scored on the champion's rows, compared with it, shown to nobody who acts on scores."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml import registry
from ml.bulk import copy_in
from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.delinquency.watched import rows_of_day
from ml.drift.store import read_scores
from ml.features.catalogue import load_catalogue
from ml.registry.comparison import common_outcomes
from ml.registry.lookup import alias_version


@dataclass(frozen=True)
class Shadow:
    """What a challenger did on a day; ``figures`` are columns of ``ml.model_comparisons``."""

    champion: str | None
    challenger: str | None
    written: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    message: str | None = None


_COLUMNS = {
    "model_name": "text", "model_version": "text", "exposure_id": "text", "gr_id": "text", "as_of_date": "date",
    "probability": "float8", "risk_band": "text",
}  # fmt: skip


def shadow_day(connection: psycopg.Connection[Any], model_name: str, as_of_date: dt.date) -> Shadow:
    """Score the day's rows by the challenger, store them in ``ml.shadow_scores``, and compare them with the champion's.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name : str
        ``origination_pd`` or ``predelinquency_30d``.
    as_of_date : date
        A day that the champion has scored.
    """
    champion, challenger = (alias_version(connection, model_name, alias) for alias in ("champion", "challenger"))
    if champion is None or challenger is None:
        return Shadow(champion, challenger, message="there is no challenger" if champion else "there is no champion")
    catalogue = load_catalogue()
    try:
        _, model = registry.load(connection, model_name, version=challenger)
        model.check_schema(catalogue.names(used_by=model_name), catalogue.version)
    except (ArtifactError, SchemaMismatchError) as error:
        return Shadow(champion, challenger, message=f"the challenger was refused: {error}")
    frame = rows_of_day(connection, model, as_of_date)
    frame = frame[pd.Series(frame["as_of_date"]) == as_of_date].reset_index(drop=True)
    if frame.empty:
        return Shadow(champion, challenger, message="no row to score")
    probability = model.probability(model.numbers(frame[list(model.features)]))
    rows = frame[["exposure_id", "gr_id", "as_of_date"]].assign(
        model_name=model_name, model_version=challenger, probability=probability, risk_band=model.band(probability)
    )
    written = _write(connection, rows[list(_COLUMNS)])
    scores = read_scores(connection, model_name, as_of_date - dt.timedelta(days=1), as_of_date)
    scores = scores[scores["model_version"] == champion]
    figures = _compared(rows, scores, model.bands)
    heldout, difference = common_outcomes(connection, model_name, challenger, champion)
    figures["heldout_rows"] = heldout
    for name in ("value", "low", "high"):
        column = "loss_difference" if name == "value" else f"loss_difference_{name}"
        figures[column] = None if difference is None else float(getattr(difference, name))
    _write_comparison(connection, model_name, champion, challenger, as_of_date, figures)
    return Shadow(champion, challenger, written, figures)


def _compared(rows: pd.DataFrame, scores: pd.DataFrame, bands: Any) -> dict[str, Any]:
    both = rows.merge(scores[["exposure_id", "probability"]], on="exposure_id", suffixes=("", "_champion"))
    ours, theirs = both["probability"], both["probability_champion"]
    if both.empty:
        return dict.fromkeys(("mean_difference", "mean_absolute_difference", "rank_correlation", "same_band_pct")) | {
            "rows_compared": 0
        }
    bounds = np.array([bound for bound, _ in bands[:-1]])
    same = np.searchsorted(bounds, ours, side="right") == np.searchsorted(bounds, theirs, side="right")
    varies = len(both) > 1 and ours.nunique() > 1 and theirs.nunique() > 1
    return {
        "rows_compared": len(both),
        "mean_difference": float((ours - theirs).mean()),
        "mean_absolute_difference": float((ours - theirs).abs().mean()),
        "rank_correlation": float(ours.rank().corr(theirs.rank())) if varies else None,
        "same_band_pct": float(100 * same.mean()),
    }


def _write(connection: psycopg.Connection[Any], rows: pd.DataFrame) -> int:
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(cursor, "new_shadow_scores", columns, rows)
        cursor.execute(
            "insert into ml.shadow_scores (model_name, model_version, exposure_id, gr_id, as_of_date, probability, "
            "risk_band) select * from new_shadow_scores "
            "on conflict (model_name, model_version, exposure_id, gr_id, as_of_date) do update set "
            "probability = excluded.probability, risk_band = excluded.risk_band, scored_at = now() "
            "where (shadow_scores.probability, shadow_scores.risk_band) "
            "is distinct from (excluded.probability, excluded.risk_band)"
        )
        return cursor.rowcount


def _write_comparison(
    connection: psycopg.Connection[Any], model_name: str, champion: str, challenger: str, day: dt.date,
    figures: dict[str, Any],
) -> None:  # fmt: skip
    names = (
        "rows_compared", "mean_difference", "mean_absolute_difference", "rank_correlation", "same_band_pct",
        "heldout_rows", "loss_difference", "loss_difference_low", "loss_difference_high",
    )  # fmt: skip
    connection.execute(
        "insert into ml.model_comparisons (model_name, champion_version, challenger_version, as_of_date, "
        "rows_compared, mean_difference, mean_absolute_difference, rank_correlation, same_band_pct, heldout_rows, "
        "loss_difference, "
        "loss_difference_low, loss_difference_high) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "on conflict (model_name, champion_version, challenger_version, as_of_date) do update set "
        "rows_compared = excluded.rows_compared, mean_difference = excluded.mean_difference, "
        "mean_absolute_difference = excluded.mean_absolute_difference, rank_correlation = excluded.rank_correlation, "
        "same_band_pct = excluded.same_band_pct, heldout_rows = excluded.heldout_rows, "
        "loss_difference = excluded.loss_difference, loss_difference_low = excluded.loss_difference_low, "
        "loss_difference_high = excluded.loss_difference_high",
        (model_name, champion, challenger, day, *(figures[name] for name in names)),
    )
