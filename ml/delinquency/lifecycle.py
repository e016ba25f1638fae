"""A default model from day to day: keep the version there is, or train and judge a new one; make rows of its scores.

Belongs here: the order of things that all default models share, over ``ml.registry`` and the gate. Which rows are
learnt from and which are scored is each model's own business (``origination``, ``predelinquency``).
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.errors import ArtifactError, OneClassError, SchemaMismatchError
from ml.delinquency.heldout_store import write_heldout
from ml.delinquency.model import TrainedModel
from ml.delinquency.watched import newest_day, rows_of_day
from ml.drift import reference_of
from ml.evaluate.gate import GateResult, gate
from ml.features.catalogue import Catalogue, load_catalogue
from ml.registry.events import champions, record_event, went_back
from ml.registry.lookup import alias_version, note_training_data, outcomes_known_at, version_trained_on
from ml.registry.promotion import challenge, judge, promote, was_rolled_back


@dataclass(frozen=True)
class Fitted:
    """A model with the rows it was trained on.

    Attributes
    ----------
    model : TrainedModel
        With its ``outcomes``.
    frame : pandas.DataFrame
        The training rows, index as trained, with ``gr_id``, ``as_of_date``, categories and the features.
    exposure_id, known_at : str
        Its columns of the exposure, and of when the outcome became known.
    categories : tuple of str
        Columns that are watched besides the features.
    told : dict
        What a report of it takes besides (``segments``, ``amounts`` of ``ml.delinquency.report.build_report``), by the
        index of the training frame.
    """

    model: TrainedModel
    frame: pd.DataFrame
    exposure_id: str
    known_at: str
    categories: tuple[str, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)

    def with_reference(self) -> TrainedModel:
        """The model with its training window in small, for whoever watches it later."""
        model, frame = self.model, self.frame
        judged = model.outcomes
        reference = reference_of(
            frame[[*model.features, *self.categories]],
            time=frame["as_of_date"],
            group=frame["gr_id"],
            score=None if judged is None else judged["probability"],
            score_time=None if judged is None else frame.loc[judged.index, "as_of_date"],
            score_group=None if judged is None else frame.loc[judged.index, "gr_id"],
            threshold=flagged_from(model),
        )
        return dataclasses.replace(model, metadata={**model.metadata, "reference": reference.to_dict()})


@dataclass(frozen=True)
class ModelOutcome:
    """What became of the model: version, whether it was trained now, its figures and the gate's verdict.

    Where there was too little to learn from, it is the champion that goes on, and ``message`` says why; where there is
    no champion either, ``version`` is None and nothing is scored. ``trained`` is the model where it was trained now,
    with what a report is made of.
    """

    version: str | None
    trained_now: bool
    is_champion: bool
    has_champion: bool
    algorithm: str
    training_rows: int
    metrics: dict[str, Any]
    gate: list[GateResult]
    message: str | None = None
    trained: Fitted | None = None


@dataclass(frozen=True)
class ScoredDay:
    """Scores of one day: rows by status, and how many of them were inserted or changed.

    Without a champion nothing is scored, and ``message`` says so. ``refused`` says which versions could not be used,
    where an earlier champion scored in their place.
    """

    statuses: dict[str, int]
    written: int
    message: str | None = None
    refused: tuple[str, ...] = ()


def flagged_from(model: TrainedModel) -> float:
    """Probability from which on a row counts as flagged: the two highest bands."""
    return float(model.bands[-3][0] if len(model.bands) > 2 else model.bands[0][0])


NOT_SCORED = "not scored: no version has passed the gate yet"


def keep_or_train(
    connection: psycopg.Connection[Any],
    model_name: str,
    training_sha256: str,
    names: Sequence[str],
    rows: int,
    fit: Callable[[], Fitted],
    catalogue: Catalogue,
    known_by: dt.datetime,
    kept: Callable[[], str | None] = lambda: None,
    *,
    may_be_young: bool = False,
) -> ModelOutcome:
    """Return the version of this very training, training it if there is none; promote it if the gate lets it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model_name : str
        In the registry.
    training_sha256 : str
        Stands for everything that decides the training; equal ones are trained once.
    names : sequence of str
        Features that the features table holds now, in order.
    rows : int
        Rows to learn from, for the report.
    fit : callable
        Trains, and gives with the model the rows it was trained on.
    catalogue : Catalogue
        Of now.
    known_by : datetime
        The newest day known by then is what a candidate would see.
    kept : callable, optional
        Why the champion goes on although there is no version of this training; None where it does not.
    may_be_young : bool
        Too few outcomes, without any champion yet, are the state of a small or young portfolio and fail no gate.

    Returns
    -------
    ModelOutcome
        Without a version where ``fit`` finds too little to learn from and there is no champion that could go on; its
        gate has one verdict then, which passes where there are no rows at all or ``may_be_young``.
    """
    version = version_trained_on(connection, model_name, training_sha256)
    fitted: Fitted | None = None
    if version is None:
        reason = kept()
        if reason is not None:
            return champion_goes_on(connection, model_name, rows, names, reason)
        try:
            fitted = fit()
        except OneClassError as error:
            if alias_version(connection, model_name) is None:
                return nothing_to_learn(rows, str(error), passes=may_be_young)
            return champion_goes_on(connection, model_name, rows, names, f"not trained: too few outcomes ({error})")
        model = fitted.with_reference()
        fitted = dataclasses.replace(fitted, model=model)
        version = registry.register(connection, model)
        newest = pd.to_datetime(fitted.frame[fitted.known_at], utc=True).max().to_pydatetime()
        note_training_data(connection, model_name, version, training_sha256, newest)
        write_heldout(connection, model, version, fitted.frame, fitted.exposure_id)
    else:
        try:
            _, model = registry.load(connection, model_name, version=version)
        except ArtifactError as error:
            if alias_version(connection, model_name) is None:
                return nothing_to_learn(rows, f"version {version} was refused: {error}")
            goes_on = champion_goes_on(connection, model_name, rows, names, f"version {version} was refused")
            verdict = [*goes_on.gate, GateResult("stored_version", False, str(error), "as it was trained")]
            return dataclasses.replace(goes_on, gate=verdict)
    day = newest_day(connection, model_name, known_by)
    live = None if day is None else rows_of_day(connection, model, day) if _can_read(model, names) else None
    verdict = judge(connection, model, version, features=names, catalogue=catalogue, live=live)
    champion = alias_version(connection, model_name)
    # A day of the past is trained on less than the champion knows: its version stays a candidate.
    behind = champion is not None and outcomes_known_at(connection, model_name, champion) > outcomes_known_at(
        connection, model_name, version
    )
    # What a person went back from comes back by a person only.
    is_left = was_rolled_back(connection, model_name, version)
    # Nor does a newer version undo what a person decided: it waits beside the champion until a person promotes one.
    is_held = champion is not None and went_back(connection, model_name)
    if champion != version and not behind and not is_left:
        passed = all(result.passed for result in verdict)
        if passed and not is_held:
            promote(connection, model, version, verdict, by="quality gate", why="all gates passed")
            champion = version
        elif champion is not None:
            failed = ", ".join(result.name for result in verdict if not result.passed)
            why = "passed, but a person went back to the champion" if passed else f"failed {failed}"
            challenge(connection, model_name, version, by="quality gate", why=f"{why}: scored in shadow")
    return ModelOutcome(
        version=version,
        trained_now=fitted is not None,
        is_champion=champion == version,
        has_champion=champion is not None,
        algorithm=model.algorithm,
        training_rows=int(model.metadata.get("data_window", {}).get("rows", rows)),
        metrics=model.metrics,
        gate=verdict,
        message=f"{version} was rolled back; {champion} goes on" if is_left and champion != version else None,
        trained=fitted,
    )


def _can_read(model: TrainedModel, names: Sequence[str]) -> bool:
    return set(model.features) <= set(names)


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


def refuse_empty(frame: pd.DataFrame) -> None:
    """Say of a frame without rows what training would say of too few.

    Raises
    ------
    OneClassError
        There is no row.
    """
    if frame.empty:
        raise OneClassError("0 rows to learn from")


def nothing_to_learn(
    rows: int, reason: str, none_at_all: str = "no loan has an outcome", *, passes: bool = False
) -> ModelOutcome:
    """The outcome where there is neither a champion nor enough to learn from."""
    message = f"not applicable: {none_at_all}" if rows == 0 else f"not trained: too few outcomes ({reason})"
    return ModelOutcome(
        version=None,
        trained_now=False,
        is_champion=False,
        has_champion=False,
        algorithm="none",
        training_rows=rows,
        metrics={},
        gate=[GateResult("enough_outcomes", passes or rows == 0, f"{rows} outcomes", "enough to learn from, or none")],
        message=message,
    )


def champion_goes_on(
    connection: psycopg.Connection[Any], model_name: str, rows: int, names: Sequence[str], message: str
) -> ModelOutcome:
    """The champion as the outcome of a day on which nothing was learnt."""
    refused: tuple[str, ...] = ()
    try:
        version, champion = registry.load(connection, model_name)
    except ArtifactError:
        found = usable_champion(connection, model_name, names, load_catalogue())
        version, champion, refused = found.version, found.model, found.refused
    verdict = gate(champion.metrics["overall"], features=champion.features, expected_features=names)
    verdict += [GateResult("artifact", False, why, "as it was trained") for why in refused]
    return ModelOutcome(
        version=version,
        trained_now=False,
        is_champion=not refused,
        has_champion=True,
        algorithm=champion.algorithm,
        training_rows=rows,
        metrics=champion.metrics,
        gate=verdict,
        message=message,
    )


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
