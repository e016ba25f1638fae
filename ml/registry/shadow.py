"""A challenger in shadow: its scores beside the champion's of a day, stored and compared, acted on by nobody.

Belongs here: what is kept and how two versions are compared. Which rows a challenger scores is each kind's business.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import psycopg

from ml.bulk import copy_in
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


def rivals(connection: psycopg.Connection[Any], model_name: str) -> Shadow:
    """Champion and challenger of a model; ``message`` says which of them is not there."""
    champion, challenger = (alias_version(connection, model_name, alias) for alias in ("champion", "challenger"))
    if champion is None or challenger is None:
        return Shadow(champion, challenger, message="there is no challenger" if champion else "there is no champion")
    return Shadow(champion, challenger)


def compare_in_shadow(
    connection: psycopg.Connection[Any],
    model_name: str,
    champion: str,
    challenger: str,
    as_of_date: dt.date,
    rows: pd.DataFrame,
    scores: pd.DataFrame,
) -> Shadow:
    """Store a challenger's scores of a day, and how they differ from the champion's; the caller commits.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name, champion, challenger, as_of_date
        Which versions of what, and the day.
    rows : pandas.DataFrame
        The challenger's ``exposure_id, gr_id, probability, risk_band``.
    scores : pandas.DataFrame
        The champion's ``exposure_id, probability, risk_band``.
    """
    stored = rows.assign(model_name=model_name, model_version=challenger, as_of_date=as_of_date)
    written = _write(connection, stored[list(_COLUMNS)])
    figures = _compared(rows, scores)
    heldout, difference = common_outcomes(connection, model_name, challenger, champion)
    figures["heldout_rows"] = heldout
    for name in ("value", "low", "high"):
        column = "loss_difference" if name == "value" else f"loss_difference_{name}"
        figures[column] = None if difference is None else float(getattr(difference, name))
    _write_comparison(connection, model_name, champion, challenger, as_of_date, figures)
    return Shadow(champion, challenger, written, figures)


def _compared(rows: pd.DataFrame, scores: pd.DataFrame) -> dict[str, Any]:
    both = rows.merge(scores, on="exposure_id", suffixes=("", "_champion"))
    ours, theirs = both["probability"], both["probability_champion"]
    if both.empty:
        return dict.fromkeys(("mean_difference", "mean_absolute_difference", "rank_correlation", "same_band_pct")) | {
            "rows_compared": 0
        }
    varies = len(both) > 1 and ours.nunique() > 1 and theirs.nunique() > 1
    return {
        "rows_compared": len(both),
        "mean_difference": float((ours - theirs).mean()),
        "mean_absolute_difference": float((ours - theirs).abs().mean()),
        "rank_correlation": float(ours.rank().corr(theirs.rank())) if varies else None,
        "same_band_pct": float(100 * (both["risk_band"] == both["risk_band_champion"]).mean()),
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
