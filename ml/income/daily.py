"""Income bands from day to day: train when a month has begun or declarations have changed, tell everybody, measure.

Belongs here: the order of things, over ``store`` (SQL), ``train`` and ``infer``. When it runs is the caller's business.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray

from ml import registry
from ml.evaluate.bands import summarise_bands
from ml.income import store
from ml.income.bands import UNKNOWN, BandScale
from ml.income.config import REVISION, IncomeConfig
from ml.income.errors import TooFewDeclaredError
from ml.income.evidence import Evidence
from ml.income.inference import infer
from ml.income.model import MODEL_NAME, IncomeModel, fold_of
from ml.income.training import train


@dataclass(frozen=True)
class IncomeDay:
    """What was told on a day, in counts and figures.

    Attributes
    ----------
    people : int
        Rows of the day.
    by_band, by_method : dict
        People by band (``Unknown`` included) and by method.
    mean_confidence : float or None
        Of those with a calibrated band.
    declared : int
        People whose declaration of the day can be compared.
    figures : dict
        Measures of what the models told of people whose declaration they had not seen, against the day's declarations:
        of everybody asked for, whatever the confidence (``ml.evaluate.summarise_bands``), and ``told_accuracy,
        told_within_one`` of those who got a band. Empty without a model.
    written : int
        Rows inserted, changed or removed.
    model_version : str or None
    trained_now : bool
    training : dict
        Metadata of the model in use: figures of its candidates, reliability. Empty without a model.
    note : str or None
        Why there is no model.
    """

    people: int
    by_band: dict[str, int]
    by_method: dict[str, int]
    mean_confidence: float | None
    declared: int
    figures: dict[str, float]
    written: int
    model_version: str | None
    trained_now: bool
    training: dict[str, Any] = field(default_factory=dict)
    note: str | None = None


def infer_day(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    bounds: tuple[float, ...],
    currency: str,
    config: IncomeConfig | None = None,
) -> IncomeDay:
    """Tell the band of everybody as of a day, by the latest training that knew no more than that day; train if need be.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits. Other inferences of the database wait until then.
    as_of_date : date
        The day that ``core.income_evidence`` was built for.
    bounds : tuple of float
        The portfolio's bounds of Medium, High and Very High, a year.
    currency : str
        The portfolio's.
    config : IncomeConfig, optional
        What runs every day, where not given.
    """
    config, scale = config or IncomeConfig(), BandScale(tuple(float(bound) for bound in bounds))
    store.lock(connection)
    evidence = store.read_evidence(connection, as_of_date)
    declared = store.read_declared(connection)
    declared = declared[declared["gr_id"].isin(evidence.frame.index)].reset_index(drop=True)
    training, trained_now, note = _training(connection, as_of_date, evidence, declared, scale, config)
    model: IncomeModel | None = None
    fold = np.full(len(evidence), -1)
    if training is not None and training.is_used:
        text, metadata = registry.load_text(connection, MODEL_NAME, training.model_version)
        model = IncomeModel.from_artifact(text, metadata)
        learnt = store.read_learnt(connection, training.as_of_date).set_index("gr_id")["fold"]
        fold = learnt.reindex(evidence.frame.index).fillna(-1).to_numpy(np.int64)
    told = infer(evidence, model, fold, scale=scale, currency=currency, config=config)
    version = training.model_version if training is not None and model is not None else None
    written = store.write_bands(connection, told, as_of_date, version)
    confidence = told["confidence"].mean()
    return IncomeDay(
        people=len(told),
        by_band={str(band): int(n) for band, n in told["income_band"].value_counts().sort_index().items()},
        by_method={str(method): int(n) for method, n in told["method"].value_counts().sort_index().items()},
        mean_confidence=None if np.isnan(confidence) else float(confidence),
        declared=len(declared),
        figures=_figures(told, declared, fold, scale),
        written=written,
        model_version=version,
        trained_now=trained_now,
        training={} if model is None else model.metadata,
        note=note,
    )


def _training(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    evidence: Evidence,
    declared: pd.DataFrame,
    scale: BandScale,
    config: IncomeConfig,
) -> tuple[store.Training | None, bool, str | None]:
    """The training to use, whether it was made now, and why there is none."""
    learnt_from = evidence.rows(evidence.frame.index.get_indexer(pd.Index(declared["gr_id"])))
    # Concepts that nobody who declared has a value of can't be learnt.
    concepts = [c.name for c in learnt_from.concepts if learnt_from.frame[list(c.columns)].notna().any(axis=None)]
    recipe = _recipe(concepts, scale, config)
    training = store.latest_training(connection, as_of_date)
    if training is not None and not _is_due(connection, training, as_of_date, declared, recipe, config):
        return training, False, None if training.is_used else "the model tells less than the shares of the bands do"
    group = declared["family_id"].where(declared["family_id"].notna(), declared["gr_id"])
    fold = fold_of(group.tolist(), config.folds)
    try:
        band = scale.number(declared["declared_band"].tolist())
        model = train(learnt_from.only(concepts), band, fold, scale, config)
    except TooFewDeclaredError as error:
        # A model that once had enough to learn from goes on.
        return training, False, f"not trained: {error}"
    is_used = model.metadata["metrics"]["chosen"]["brier_skill"] > 0
    version = registry.register(connection, model)
    made = store.Training(as_of_date, version, recipe, is_used)
    is_newest = store.latest_training(connection, dt.date.max) in (None, training)
    store.write_training(connection, made, declared, fold)
    if is_used and is_newest:
        registry.set_alias(connection, MODEL_NAME, "champion", version, set_by="income training")
    return made, True, None if is_used else "the model tells less than the shares of the bands do"


def _is_due(
    connection: psycopg.Connection[Any],
    training: store.Training,
    as_of_date: dt.date,
    declared: pd.DataFrame,
    recipe: str,
    config: IncomeConfig,
) -> bool:
    """A new month, another recipe, or a material change of what is declared since."""
    if training.recipe != recipe or (training.as_of_date.year, training.as_of_date.month) != (
        as_of_date.year,
        as_of_date.month,
    ):
        return True
    learnt = store.read_learnt(connection, training.as_of_date)
    compared = declared[["gr_id", "declared_band"]].merge(learnt, on="gr_id", how="outer", suffixes=("", "_then"))
    changed = int((compared["declared_band"] != compared["declared_band_then"]).sum())
    return changed > config.material_change * max(len(learnt), 1)


def _recipe(concepts: list[str], scale: BandScale, config: IncomeConfig) -> str:
    parts = [REVISION, concepts, scale.bounds, scale.bands, config.to_dict()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _figures(told: pd.DataFrame, declared: pd.DataFrame, fold: NDArray[np.int64], scale: BandScale) -> dict[str, float]:
    """What was told by models that had not seen a person's declaration, against it."""
    asked = told["probabilities"].notna().to_numpy() & (fold >= 0)
    known = declared.set_index("gr_id")["declared_band"].reindex(told.index)
    rows = asked & known.notna().to_numpy()
    if not rows.any():
        return {}
    people = told[rows]
    band = scale.number(known[rows].tolist())
    probability = np.array([[row[name] for name in scale.bands] for row in people["probabilities"]])
    figures = summarise_bands(band, probability)
    has_band = (people["income_band"] != UNKNOWN).to_numpy()
    if has_band.any():
        off = np.abs(probability[has_band].argmax(axis=1) - band[has_band])
        figures |= {"told_accuracy": float((off == 0).mean()), "told_within_one": float((off <= 1).mean())}
    return figures
