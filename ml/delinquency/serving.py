"""Scoring a day with a default model: the champion or the last good one before it, and rows of its scores.

Belongs here: what scoring the default models has in common. Which rows are scored is each model's own business
(``origination``, ``predelinquency``), how a version becomes champion is ``lifecycle``'s.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.model import TrainedModel
from ml.features.catalogue import Catalogue
from ml.registry import serving
from ml.registry.serving import Champion

NOT_SCORED = "not scored: no version has passed the gate yet"


@dataclass(frozen=True)
class ScoredDay:
    """Scores of one day: rows by status, how many of them were inserted or changed, how many kept what was forecast.

    Without a champion nothing is scored, and ``message`` says so. ``refused`` says which versions could not be used,
    where an earlier champion scored in their place.
    """

    statuses: dict[str, int]
    written: int
    kept: int = 0
    message: str | None = None
    refused: tuple[str, ...] = ()


def usable_champion(
    connection: psycopg.Connection[Any],
    model_name: str,
    features: Sequence[str],
    catalogue: Catalogue,
    as_of_date: dt.date | None = None,
) -> Champion[TrainedModel]:
    """The champion, or the last good one before it where its artifact is refused; the caller commits.

    Refused is an artifact that was changed, cannot be read, or was trained with other features or another catalogue.

    Parameters
    ----------
    connection, model_name, as_of_date
        See :func:`ml.registry.serving.usable_champion`.
    features : sequence of str
        Features of the features table now, in order.
    catalogue : Catalogue
        Of now.
    """

    def load(connection: psycopg.Connection[Any], version: str) -> TrainedModel:
        _, model = registry.load(connection, model_name, version=version)
        model.check_schema(features, catalogue.version)
        return model

    return serving.usable_champion(connection, model_name, load, as_of_date, acted_by="scoring")


def score_rows(
    model: TrainedModel, version: str, keys: pd.DataFrame, scored: pd.DataFrame, horizon_days: int | None
) -> pd.DataFrame:
    """Rows of ``ml.scores``.

    Parameters
    ----------
    model : TrainedModel
        What scored.
    version : str
        Its version.
    keys : pandas.DataFrame of n rows
        ``exposure_id``, ``gr_id``, ``as_of_date``, ``knowledge_cutoff``.
    scored : pandas.DataFrame of n rows
        ``score_status``, ``probability``, ``risk_band``, ``reasons``, in the order of ``keys``.
    horizon_days : int or None
        Days the target looks ahead.
    """
    probability = scored["probability"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "model_name": model.model_name,
            "exposure_id": keys["exposure_id"].to_numpy(),
            "gr_id": keys["gr_id"].to_numpy(),
            "as_of_date": keys["as_of_date"].to_numpy(),
            "knowledge_cutoff": keys["knowledge_cutoff"].array,
            "model_version": version,
            "target": model.target,
            "horizon_days": horizon_days,
            "score_status": scored["score_status"].to_numpy(),
            "probability": probability,
            "risk_band": scored["risk_band"].to_numpy(),
            "is_retrospective": is_retrospective(model, keys["knowledge_cutoff"]).to_numpy() & ~pd.isna(probability),
            "reasons": [json.dumps(reasons) for reasons in scored["reasons"]],
        }
    )


def is_retrospective(model: TrainedModel, knowledge_cutoff: "pd.Series[Any]") -> "pd.Series[bool]":
    """Whether the model has learnt from an outcome that was not known yet at a row's cut-off: no forecast, a look back.

    A version that does not say what it has learnt from counts as such: nothing shows that it is a forecast.
    """
    stated = model.metadata.get("outcomes_known_at")
    if stated is None:
        return pd.Series(True, index=knowledge_cutoff.index)
    return pd.to_datetime(knowledge_cutoff, utc=True) < pd.Timestamp(stated)
