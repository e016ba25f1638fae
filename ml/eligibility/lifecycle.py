"""The eligibility model from day to day: keep the champion while little is new, or train, judge and promote.

Belongs here: when there is enough new to learn, and what becomes of a version. What the gates ask is in ``registered``,
which applications are learnt from in ``applications``.
"""

import dataclasses
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import psycopg

from ml import registry
from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.delinquency.heldout_store import keep_heldout
from ml.delinquency.store import frame_sha256
from ml.drift import reference_of
from ml.eligibility.applications import CHARACTERISTICS, FAMILY, STATED, TARGET, read_decided
from ml.eligibility.config import EligibilityConfig
from ml.eligibility.errors import TooFewOutcomesError
from ml.eligibility.model import MODEL_NAME, EligibilityModel
from ml.eligibility.policy import SUPPORT_POLICY
from ml.eligibility.registered import judge, keep_artifacts, load, usable_champion
from ml.eligibility.training import train
from ml.evaluate.gate import GateResult
from ml.registry.comparison import rival_of
from ml.registry.events import record_event, unanswered_drift, went_back
from ml.registry.kinds import refusal
from ml.registry.lookup import (
    Kept,
    alias_version,
    kept_version,
    note_training_data,
    note_verdict,
    outcomes_known_at,
    version_trained_on,
)
from ml.registry.promotion import BY_GATES, challenge_by_gates, goes_on_beside, promote, was_rolled_back
from ml.registry.store import lock_aliases

# Changes when training itself changes in a way that data and settings do not show.
TRAINING_REVISION = 3


@dataclass(frozen=True)
class EligibilityOutcome:
    """What became of the model on a day.

    Attributes
    ----------
    version : str or None
        The version of these data, or the champion that goes on; None where there is neither.
    model : EligibilityModel or None
        That version.
    rows : int
        Outcomes there are to learn from.
    gate : list of GateResult
        Of the version, or why there is none.
    impossible : dict of str to int
        Stated values that the policy does not allow, by column.
    """

    version: str | None
    model: EligibilityModel | None
    trained_now: bool
    is_champion: bool
    has_champion: bool
    rows: int
    gate: list[GateResult]
    message: str | None = None
    impossible: dict[str, int] = field(default_factory=dict)


def champion_or_train(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    knowledge_cutoff: dt.datetime,
    config: EligibilityConfig | None = None,
    *,
    asked: str | None = None,
) -> EligibilityOutcome:
    """Return the version that stands for these outcomes, training it if there is none; promote it if the gates let it.

    A version of exactly these data is never trained twice, unless it cannot be loaded any more: training gives the same
    bytes again. Nor is anything trained while the newest version of the same definitions, champion or not, is less than
    four weeks behind and has learnt from nearly as many outcomes, and nothing has moved.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    as_of_date, knowledge_cutoff : date, datetime
        What became known later does not exist.
    config : EligibilityConfig, optional
        Limits and settings; household and groups are set here.
    asked : str, optional
        Why to train although a version is there, or the champion could go on.

    Returns
    -------
    EligibilityOutcome
        Without a version where there are too few outcomes and no champion: a young portfolio, which fails no gate.
    """
    config = dataclasses.replace(config or EligibilityConfig(), household=FAMILY, group_columns=CHARACTERISTICS)
    frame, impossible = read_decided(connection, as_of_date, knowledge_cutoff)
    settings = json.dumps([config.to_dict(), SUPPORT_POLICY.to_dict(), TRAINING_REVISION], sort_keys=True)
    definitions = hashlib.sha256(settings.encode()).hexdigest()
    data_sha256 = frame_sha256(frame, definitions)
    outcome = _keep_or_train(connection, as_of_date, knowledge_cutoff, frame, config, definitions, data_sha256, asked)
    return dataclasses.replace(outcome, impossible=impossible)


def _keep_or_train(
    connection: psycopg.Connection[Any],
    day: dt.date,
    cutoff: dt.datetime,
    frame: pd.DataFrame,
    config: EligibilityConfig,
    definitions: str,
    data_sha256: str,
    asked: str | None,
) -> EligibilityOutcome:
    version, told, why = None, None, asked
    if not asked:
        stands, why = _standing(connection, day, frame, definitions, data_sha256)
        if stands is not None and stands.reason and goes_on_beside(connection, MODEL_NAME, stands.version):
            return _goes_on(connection, day, cutoff, len(frame), stands.reason)
        if stands is not None:
            version, told = stands.version, stands.reason
    trained_now = version is None
    if version is None:
        try:
            version = _train(connection, frame, config, definitions, data_sha256)
        except TooFewOutcomesError as error:
            return _goes_on(connection, day, cutoff, len(frame), f"not trained: too few outcomes ({error})")
        record_event(
            connection, MODEL_NAME, "trained", acted_by="training", reason=why or "something new to learn",
            to_version=version, from_version=alias_version(connection, MODEL_NAME), as_of_date=day,
        )  # fmt: skip
    try:
        model = load(connection, version)
    except (ArtifactError, SchemaMismatchError) as error:
        refused = GateResult("stored_version", False, str(error), "as it was trained")
        goes_on = _goes_on(connection, day, cutoff, len(frame), f"version {version} was refused")
        return dataclasses.replace(goes_on, gate=[*goes_on.gate, refused])
    # What decides is read when nobody else can move the alias any more.
    lock_aliases(connection, MODEL_NAME)
    verdict = judge(connection, version, day, known_by=cutoff)
    note_verdict(connection, MODEL_NAME, version, verdict)
    champion, message = _settle(connection, model, version, verdict)
    return EligibilityOutcome(
        version=version,
        model=model,
        trained_now=trained_now,
        is_champion=champion == version,
        has_champion=champion is not None,
        rows=len(frame),
        gate=verdict,
        message="; ".join(filter(None, [told, message])) or None,
    )


def _standing(
    connection: psycopg.Connection[Any], day: dt.date, frame: pd.DataFrame, definitions: str, data_sha256: str
) -> tuple[Kept | None, str | None]:
    """The version that makes a training needless, without a reason where it is of exactly these data; or why to train.

    What has moved asks for more than little news, not for what the same data have given already.
    """
    version = version_trained_on(connection, MODEL_NAME, data_sha256)
    stands = None if version is None else Kept(version, "")
    if stands is None:
        if moved := unanswered_drift(connection, MODEL_NAME, before=day):
            return None, f"drift: {', '.join(one.subject for one in moved)}"
        stands = kept_version(connection, MODEL_NAME, definitions, frame["known_at"])
    if stands is not None and (refused := refusal(connection, MODEL_NAME, stands.version)):
        return None, f"{stands.version} was refused: {refused}"
    return stands, None


def _train(
    connection: psycopg.Connection[Any],
    frame: pd.DataFrame,
    config: EligibilityConfig,
    definitions: str,
    data_sha256: str,
) -> str:
    """Train, register and keep what later comparisons need; the version."""
    if frame[TARGET].nunique() < 2:
        raise TooFewOutcomesError("rows", f"{len(frame)} outcomes of one kind or none", "both outcomes", column=TARGET)
    model = train(frame[["eid", *STATED, TARGET, FAMILY, *CHARACTERISTICS]], TARGET, config)
    figures, judged = model.metadata["metrics"], model.out_of_fold
    assert judged is not None
    keys = frame.set_index("eid").loc[judged.index]
    reference = reference_of(
        frame[list(STATED)],
        time=frame["applied_on"],
        group=frame["gr_id"],
        score=judged["probability"],
        score_time=keys["applied_on"],
        score_group=keys["gr_id"],
        # Flagged is who is not declined unseen, as fairness counts.
        threshold=model.thresholds.review,
    )
    stated = {
        **model.metadata,
        # Under the name by which the registry lists them.
        "metrics": {**figures, "overall": figures},
        "definitions_sha256": definitions,
        "reference": reference.to_dict(),
        "data_window": {
            "rows": len(frame), "from": str(frame["applied_on"].min()), "to": str(frame["applied_on"].max()),
        },
    }  # fmt: skip
    version = registry.register(connection, dataclasses.replace(model, metadata=stated))
    newest = pd.to_datetime(frame["known_at"], utc=True).max().to_pydatetime()
    note_training_data(connection, MODEL_NAME, version, data_sha256, newest)
    keep_artifacts(connection, model, version)
    keep_heldout(
        connection,
        pd.DataFrame(
            {
                "model_name": MODEL_NAME,
                "model_version": version,
                "exposure_id": judged.index.to_numpy(),
                "as_of_date": keys["applied_on"].to_numpy(),
                "gr_id": keys["gr_id"].to_numpy(),
                "is_bad": judged["target"].to_numpy() == 1,
                "probability": judged["probability"].to_numpy(),
            }
        ),
    )
    return version


def _settle(
    connection: psycopg.Connection[Any], model: EligibilityModel, version: str, verdict: list[GateResult]
) -> tuple[str | None, str | None]:
    """Promote the version if it may be; the champion then, and what a person should know. The aliases are locked."""
    champion = alias_version(connection, MODEL_NAME)
    if champion == version:
        return champion, None
    if was_rolled_back(connection, MODEL_NAME, version):
        return champion, f"{version} was rolled back; {champion} goes on"
    known_at = outcomes_known_at(connection, MODEL_NAME, version)
    if champion is not None and outcomes_known_at(connection, MODEL_NAME, champion) > known_at:
        return champion, f"{champion} has learnt from later outcomes and goes on"
    if not all(result.passed for result in verdict):
        failed = ", ".join(result.name for result in verdict if not result.passed)
        shadow = None
        if champion is not None:
            shadow = challenge_by_gates(connection, MODEL_NAME, version, why=f"failed {failed}")
        return champion, "; ".join(filter(None, [f"{version} stays a candidate: it failed {failed}", shadow]))
    if went_back(connection, MODEL_NAME) and rival_of(connection, MODEL_NAME, version)[0] is not None:
        why = f"passed, but a person went back to {champion}"
        shadow = challenge_by_gates(connection, MODEL_NAME, version, why=why)
        return champion, "; ".join(filter(None, [f"{version} {why}: a person promotes the next one", shadow]))
    promote(connection, model, version, verdict, by=BY_GATES, why="all gates passed")
    return version, None


def _goes_on(
    connection: psycopg.Connection[Any], day: dt.date, cutoff: dt.datetime, rows: int, message: str
) -> EligibilityOutcome:
    """The champion as the outcome of a day on which nothing was learnt."""
    found = usable_champion(connection, day)
    refused = [GateResult("artifact", False, why, "as it was trained") for why in found.refused]
    if found.version is None:
        enough = GateResult("enough_outcomes", True, f"{rows} outcomes", "enough to learn from, or a young portfolio")
        return EligibilityOutcome(None, None, False, False, bool(refused), rows, [*refused, enough], message)
    verdict = [*judge(connection, found.version, day, known_by=cutoff), *refused]
    return EligibilityOutcome(found.version, found.model, False, not refused, True, rows, verdict, message)
