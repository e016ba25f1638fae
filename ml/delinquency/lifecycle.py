"""A default model from day to day: keep the version there is, or train and judge a new one.

Belongs here: the order of things that all default models share, over ``ml.registry`` and the gates. Which rows are
learnt from is each model's own business (``origination``, ``predelinquency``), scoring is ``serving``'s.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.errors import ArtifactError, OneClassError
from ml.delinquency.fairness import fairness_of, read_groups
from ml.delinquency.gates import judge
from ml.delinquency.heldout_store import write_heldout
from ml.delinquency.model import TrainedModel
from ml.delinquency.serving import usable_champion
from ml.delinquency.watched import newest_day, rows_of_day
from ml.drift import reference_of
from ml.evaluate.gate import GateResult, gate
from ml.features.catalogue import Catalogue, load_catalogue
from ml.registry.comparison import rival_of
from ml.registry.events import record_event, unanswered_drift, went_back
from ml.registry.lookup import (
    Kept,
    alias_version,
    note_training_data,
    note_verdict,
    outcomes_known_at,
    version_trained_on,
)
from ml.registry.promotion import BY_GATES, challenge_by_gates, goes_on_beside, promote, was_rolled_back
from ml.registry.store import lock_aliases


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

    def with_fairness(self, groups: pd.DataFrame) -> TrainedModel:
        """The model with the rates of every group; ``groups`` by the index of the training rows."""
        found = fairness_of(self.model, groups, self.frame["gr_id"], flagged_from(self.model))
        return dataclasses.replace(self.model, metadata={**self.model.metadata, "fairness": found})


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
class Training:
    """What is to be learnt, whether or not there is a version of it already.

    Attributes
    ----------
    model_name : str
        In the registry.
    sha256 : str
        Stands for everything that decides the training; equal ones are trained once.
    names : sequence of str
        Features that the features table holds now, in order.
    rows : int
        Rows to learn from, for the report.
    fit : callable
        Trains, and gives with the model the rows it was trained on; raises ``OneClassError`` where it finds too little.
    catalogue : Catalogue
        Of now.
    known_by : datetime
        The newest day known by then is what a candidate would see.
    as_of_date : date, optional
        Day that is trained for; the one before the cut-off where not given.
    """

    model_name: str
    sha256: str
    names: Sequence[str]
    rows: int
    fit: Callable[[], Fitted]
    catalogue: Catalogue
    known_by: dt.datetime
    as_of_date: dt.date | None = None

    @property
    def day(self) -> dt.date:
        """Day that is trained for."""
        return self.as_of_date or self.known_by.date() - dt.timedelta(days=1)


def flagged_from(model: TrainedModel) -> float:
    """Probability from which on a row counts as flagged: the two highest bands."""
    return float(model.bands[-3][0] if len(model.bands) > 2 else model.bands[0][0])


def keep_or_train(
    connection: psycopg.Connection[Any],
    training: Training,
    kept: Callable[[], Kept | None] = lambda: None,
    *,
    may_be_young: bool = False,
    asked: str | None = None,
) -> ModelOutcome:
    """Return the version of this very training, training it if there is none; promote it if the gate lets it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    training : Training
        What is to be learnt.
    kept : callable, optional
        The version that stands although it is not of this very training, and why; None where there is none.
    may_be_young : bool
        Too few outcomes, without any champion yet, are the state of a small or young portfolio and fail no gate.
    asked : str, optional
        Why to train although there is a version, or one could be kept. What has moved and no training has answered asks
        for more than a version that could be kept; one of this very training stands all the same. One that cannot be
        loaded any more stands for nothing: training gives the same bytes again.

    Returns
    -------
    ModelOutcome
        Without a version where there is too little to learn from and no champion that could go on; its gate has one
        verdict then, which passes where there are no rows at all or ``may_be_young``.
    """
    name = training.model_name
    version, told, why = None, None, asked
    if not asked:
        stands, why = _standing(connection, training, kept)
        if stands is not None and stands.reason and goes_on_beside(connection, name, stands.version):
            return champion_goes_on(connection, name, training.rows, training.names, stands.reason)
        if stands is not None:
            version, told = stands.version, stands.reason
    fitted: Fitted | None = None
    if why:
        told = f"trained on request ({asked})" if asked else f"trained anew ({why})"
    if version is None:
        try:
            fitted, version = _train(connection, training, why or "something new to learn")
        except OneClassError as error:
            if alias_version(connection, name) is None:
                return nothing_to_learn(training.rows, str(error), passes=may_be_young)
            why = f"not trained: too few outcomes ({error})"
            return champion_goes_on(connection, name, training.rows, training.names, why)
        model = fitted.model
    else:
        try:
            _, model = registry.load(connection, name, version=version)
        except ArtifactError as error:
            if alias_version(connection, name) is None:
                return nothing_to_learn(training.rows, f"version {version} was refused: {error}")
            why = f"version {version} was refused"
            goes_on = champion_goes_on(connection, name, training.rows, training.names, why)
            verdict = [*goes_on.gate, GateResult("stored_version", False, str(error), "as it was trained")]
            return dataclasses.replace(goes_on, gate=verdict)
    outcome = _judged(connection, training, model, version)
    message = "; ".join(filter(None, [told, outcome.message]))
    return dataclasses.replace(outcome, trained=fitted, trained_now=fitted is not None, message=message or None)


def _standing(
    connection: psycopg.Connection[Any], training: Training, kept: Callable[[], Kept | None]
) -> tuple[Kept | None, str | None]:
    """The version that makes a training needless, without a reason where it is of this very training; or why to train.

    What has moved asks for more than little news, not for what the same data have given already.
    """
    name = training.model_name
    version = version_trained_on(connection, name, training.sha256)
    stands = None if version is None else Kept(version, "")
    if stands is None:
        if moved := [one.subject for one in unanswered_drift(connection, name, before=training.day)]:
            return None, f"drift: {', '.join(moved[:5])}" + (f" and {len(moved) - 5} more" if len(moved) > 5 else "")
        stands = kept()
    if stands is not None:
        try:
            registry.load(connection, name, version=stands.version)
        except ArtifactError as error:
            return None, f"{stands.version} was refused: {error}"
    return stands, None


def _train(connection: psycopg.Connection[Any], training: Training, why: str) -> tuple[Fitted, str]:
    """Train, register, and keep what later comparisons need."""
    fitted = training.fit()
    fitted = dataclasses.replace(fitted, model=fitted.with_reference())
    groups = read_groups(connection, fitted.frame[["gr_id", "as_of_date"]])
    model = fitted.with_fairness(groups)
    version = registry.register(connection, model)
    newest = pd.to_datetime(fitted.frame[fitted.known_at], utc=True).max().to_pydatetime()
    note_training_data(connection, training.model_name, version, training.sha256, newest)
    write_heldout(connection, model, version, fitted.frame, fitted.exposure_id)
    record_event(
        connection, training.model_name, "trained", acted_by="training", reason=why, to_version=version,
        from_version=alias_version(connection, training.model_name), as_of_date=training.day,
    )  # fmt: skip
    return dataclasses.replace(fitted, model=model), version


def _judged(connection: psycopg.Connection[Any], training: Training, model: TrainedModel, version: str) -> ModelOutcome:
    """Ask the gates of a version; it becomes champion, or the champion's challenger, or stays what it is."""
    name = training.model_name
    # What decides is read when nobody else can move the alias any more.
    lock_aliases(connection, name)
    day = newest_day(connection, name, training.known_by)
    can_read = set(model.features) <= set(training.names)
    live = rows_of_day(connection, model, day) if day is not None and can_read else None
    verdict = judge(connection, model, version, features=training.names, catalogue=training.catalogue, live=live)
    note_verdict(connection, name, version, verdict)
    champion = alias_version(connection, name)
    # A day of the past is trained on less than the champion knows: its version stays a candidate.
    behind = champion is not None and outcomes_known_at(connection, name, champion) > outcomes_known_at(
        connection, name, version
    )
    # What a person went back from comes back by a person only.
    is_left = was_rolled_back(connection, name, version)
    # Nor does a newer version undo what a person decided: it waits beside the champion until a person promotes one, or
    # the champion can score no more.
    is_held = went_back(connection, name) and rival_of(connection, name, version)[0] is not None
    message = f"{version} was rolled back; {champion} goes on" if is_left and champion != version else None
    if champion != version and not behind and not is_left:
        passed = all(result.passed for result in verdict)
        if passed and not is_held:
            promote(connection, model, version, verdict, by=BY_GATES, why="all gates passed")
            champion = version
        elif champion is not None:
            failed = ", ".join(result.name for result in verdict if not result.passed)
            why = "passed, but a person went back to the champion" if passed else f"failed {failed}"
            message = challenge_by_gates(connection, name, version, why=f"{why}: scored in shadow")
    return ModelOutcome(
        version=version,
        trained_now=False,
        is_champion=champion == version,
        has_champion=champion is not None,
        algorithm=model.algorithm,
        training_rows=int(model.metadata.get("data_window", {}).get("rows", training.rows)),
        metrics=model.metrics,
        gate=verdict,
        message=message,
    )


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
        (version, champion), refused = found.or_raise(), found.refused
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
