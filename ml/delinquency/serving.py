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
from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.delinquency.model import TrainedModel
from ml.features.catalogue import Catalogue
from ml.registry.events import champions, record_event
from ml.registry.lookup import alias_version

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


@dataclass(frozen=True)
class Champion:
    """The version that scores, and why those before it in line could not."""

    version: str
    model: TrainedModel
    refused: tuple[str, ...] = ()


def usable_champion(
    connection: psycopg.Connection[Any],
    model_name: str,
    features: Sequence[str],
    catalogue: Catalogue,
    as_of_date: dt.date | None = None,
) -> Champion:
    """The champion, or the last good one before it where its artifact is refused; the caller commits.

    Refused is an artifact that was changed, cannot be read, or was trained with other features or another catalogue.
    What was refused is an event in ``ops.model_events``, and the caller must say it in a failed check.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name : str
        With a champion.
    features : sequence of str
        Features of the features table now, in order.
    catalogue : Catalogue
        Of now.
    as_of_date : date, optional
        Day that is scored, for the event.

    Raises
    ------
    ArtifactError, SchemaMismatchError
        The champion's, where no earlier one can be used either.
    """
    present = alias_version(connection, model_name)
    earlier = [version for version in reversed(champions(connection, model_name)) if version != present]
    line = [present, *earlier]
    errors: list[tuple[str, Exception]] = []
    for version in line:
        try:
            found, model = registry.load(connection, model_name, version=version)
            model.check_schema(features, catalogue.version)
        except (ArtifactError, SchemaMismatchError, registry.UnknownModelError) as error:
            errors.append((str(version), error))
            continue
        for refused, cause in errors:
            record_event(
                connection, model_name, "refused", from_version=refused, to_version=found, as_of_date=as_of_date,
                subject=type(cause).__name__, acted_by="scoring", reason=str(cause),
            )  # fmt: skip
        return Champion(found, model, tuple(f"{refused}: {cause}" for refused, cause in errors))
    raise errors[0][1]


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
