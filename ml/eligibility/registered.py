"""The eligibility model in the registry: load a version, judge it, read its files, find the one that decides.

Belongs here: what ``assay model`` and the daily decisions ask of a registered version. How a version comes to be is
``ml.eligibility.lifecycle``'s.
"""

import datetime as dt
import hashlib
import json
import time
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.drift.gate import drift_gate
from ml.eligibility.applications import CHARACTERISTICS, newest_decided_day, read_newest, read_open
from ml.eligibility.decision import decide
from ml.eligibility.judging import judge_fairness
from ml.eligibility.model import MODEL_NAME, EligibilityModel
from ml.eligibility.policy import SUPPORT_POLICY
from ml.eligibility.report import report_markdown
from ml.eligibility.storing import feature_meta, metrics
from ml.eligibility.thresholds import SOFT_DECLINE
from ml.evaluate.gate import GateConfig, GateResult, gate
from ml.evaluate.slices import segment_labels
from ml.fairness import FairnessConfig
from ml.registry import load_text, serving
from ml.registry.artifacts import FEATURE_META, METRICS, REPORT, read_artifacts, write_artifacts
from ml.registry.comparison import not_worse, rival_of
from ml.registry.lookup import alias_version
from ml.registry.promotion import EXPLAINED_ROWS, EXPLANATION_SECONDS
from ml.registry.serving import Champion

__all__ = ["MODEL_NAME", "artifacts", "judge", "load", "usable_champion"]

# Of what applications state on a day, the share that may be impossible: 0.02 (2026-11-28) is a column that changed its
# unit for some of them, not a slip of the pen here and there.
MOST_IMPOSSIBLE = 0.02


def load(connection: psycopg.Connection[Any], version: str) -> EligibilityModel:
    """A version that may decide: its checksum is verified before it is parsed, its facts and rules are those of now.

    Raises
    ------
    UnknownModelError
        Naming what is registered instead.
    ArtifactError
        If the stored artifact was changed, or is not one of ours.
    SchemaMismatchError
        If it was trained under another policy: other facts, directions or merges.
    """
    model = _read(connection, version)
    if model.policy != SUPPORT_POLICY:
        raise SchemaMismatchError(
            f"{MODEL_NAME} {version} was trained under the policy {model.policy.name!r} of {len(model.columns)} facts; "
            f"in force is {SUPPORT_POLICY.name!r} with {len(SUPPORT_POLICY.columns)}. Train anew."
        )
    return model


def judge(
    connection: psycopg.Connection[Any], version: str, day: dt.date | None, *, known_by: dt.datetime | None = None
) -> list[GateResult]:
    """All gates of a version as of a day, in their order.

    Figures and calibration on rows it had not learnt from, policy, paired comparison with the champion on such rows
    that both judged, fairness on them by groups as they are known now, explanation time, whether the day's
    applications can be read, and drift of the newest ones. The limits are those that the version was trained with.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    version : str
        Registered.
    day : date or None
        Whose open applications the version would decide; None: the newest day that was decided.
    known_by : datetime, optional
        Knowledge cut-off of the day; the end of the next day (UTC) where not given.

    Raises
    ------
    UnknownModelError, ArtifactError
        If there is no such version, or it was changed.
    """
    model = _read(connection, version)
    if "config" not in model.metadata:
        raise ArtifactError(
            f"{MODEL_NAME} {version} was registered without the settings it was trained with: its limits are not "
            "known. Train anew."
        )
    told = model.metadata["config"]
    if day is None:
        day = newest_decided_day(connection)
    if day is not None and known_by is None:
        known_by = dt.datetime.combine(day + dt.timedelta(days=2), dt.time(), tzinfo=dt.UTC)
    same = "same" if model.policy == SUPPORT_POLICY else f"another {model.policy.name}"
    return [
        *gate(model.metadata["metrics"], GateConfig(**told["gate"])),
        GateResult("policy", model.policy == SUPPORT_POLICY, same, f"facts and merges of {SUPPORT_POLICY.name}"),
        not_worse(connection, MODEL_NAME, version),
        *_fairness(connection, model, version),
        _explanation_time(model),
        _readable(connection, day, known_by),
        _drift(connection, model, version, day, known_by),
    ]


def artifacts(connection: psycopg.Connection[Any], version: str) -> dict[str, str]:
    """Text of the version's files by name: ``feature_meta.json``, ``metrics.json``, ``report.md``, as kept at training.

    Raises
    ------
    UnknownModelError
        If there is no such version.
    ArtifactError
        If a file was changed, or none was kept.
    """
    load_text(connection, MODEL_NAME, version)
    if not (files := read_artifacts(connection, MODEL_NAME, version)):
        raise ArtifactError(f"no file of {MODEL_NAME} {version} was kept: train anew to have them")
    return files


def keep_artifacts(connection: psycopg.Connection[Any], model: EligibilityModel, version: str) -> None:
    """Store the files of a version right after its training."""
    files = {
        FEATURE_META: json.dumps(feature_meta(model), indent=1, allow_nan=False),
        METRICS: json.dumps(metrics(model), indent=1, allow_nan=False),
        REPORT: report_markdown(model),
    }
    write_artifacts(connection, MODEL_NAME, version, files)


def usable_champion(
    connection: psycopg.Connection[Any], as_of_date: dt.date | None = None
) -> Champion[EligibilityModel]:
    """The version that decides; see :func:`ml.registry.serving.usable_champion`."""
    return serving.usable_champion(connection, MODEL_NAME, load, as_of_date, acted_by="deciding")


def _fairness(connection: psycopg.Connection[Any], model: EligibilityModel, version: str) -> list[GateResult]:
    """The fairness gate on rows that the version had not learnt from; selected is who is not declined unseen.

    Groups are those that people belong to now; their golden records may have been merged since.
    """
    told = model.metadata["config"]
    config, required = FairnessConfig(**told["fairness"]), told["required_characteristics"]
    columns = sql.SQL(", ").join(sql.SQL("c.{}").format(sql.Identifier(name)) for name in CHARACTERISTICS)
    query = sql.SQL(
        "select h.is_bad, h.probability, coalesce(r.gr_id_to, h.gr_id), {groups} from ml.heldout_scores as h "
        "left join core.gr_redirects as r on r.gr_id_from = h.gr_id "
        "left join core.applicant_groups as c on c.gr_id = coalesce(r.gr_id_to, h.gr_id) "
        "where h.model_name = %s and h.model_version = %s order by h.exposure_id, h.as_of_date"
    ).format(groups=columns)
    rows = connection.execute(query, (MODEL_NAME, version)).fetchall()
    found = pd.DataFrame(rows, columns=["target", "probability", "gr_id", *CHARACTERISTICS])
    if found.empty:
        return [GateResult("fairness_measured", False, "no held-out row", "rows that the version had not learnt from")]
    decision = model.thresholds.decide(found["probability"].to_numpy(float))
    groups = pd.DataFrame({name: segment_labels(found[name]) for name in CHARACTERISTICS})
    required = None if required is None else tuple(required)
    return judge_fairness(
        found["target"].astype(int), decision != SOFT_DECLINE, groups, config, required, found["gr_id"]
    )


def _read(connection: psycopg.Connection[Any], version: str) -> EligibilityModel:
    text, told = load_text(connection, MODEL_NAME, version)
    try:
        return EligibilityModel.from_artifact(text, hashlib.sha256(text.encode()).hexdigest(), told)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ArtifactError):
            raise
        raise ArtifactError(f"the artifact of {MODEL_NAME} {version} cannot be read: {error!r}. Train anew.") from error


def _explanation_time(model: EligibilityModel) -> GateResult:
    """Time of whole decision records, of made rows with values that training knew."""
    rng = np.random.default_rng(model.seed)
    made: dict[str, Any] = {}
    for feature, plausible in zip(model.features, model.plausible, strict=True):
        for at in feature.columns:
            fact = model.policy.facts[at]
            values = rng.choice(plausible, EXPLAINED_ROWS) if plausible else np.full(EXPLAINED_ROWS, np.nan)
            whole = np.floor(values) if fact.is_whole else values
            made[fact.name] = [fact.levels[int(code)] for code in whole] if fact.levels else whole
    rows, seconds = pd.DataFrame(made), []
    for _ in range(2):  # the first one fills caches
        started = time.perf_counter()
        decide(model, rows)
        seconds.append(time.perf_counter() - started)
    expected = f"{EXPLAINED_ROWS} rows in at most {EXPLANATION_SECONDS} s"
    return GateResult("explanation_time", min(seconds) <= EXPLANATION_SECONDS, min(seconds), expected)


def _readable(connection: psycopg.Connection[Any], day: dt.date | None, known_by: dt.datetime | None) -> GateResult:
    expected = f"at most {MOST_IMPOSSIBLE:.0%} of what the day's applications state is impossible, in any column"
    if day is None or known_by is None:
        return GateResult("readable_applications", True, "no day was decided yet", expected)
    found = read_open(connection, day, known_by)
    if found.frame.empty:
        return GateResult("readable_applications", True, "no open application", expected)
    shares = {name: count / len(found.frame) for name, count in found.impossible.items()}
    worst = max(shares, key=lambda name: shares[name], default=None)
    if worst is None:
        return GateResult("readable_applications", True, 0.0, expected)
    value = f"{worst} {shares[worst]:.3f}"
    return GateResult("readable_applications", shares[worst] <= MOST_IMPOSSIBLE, value, expected)


def _drift(
    connection: psycopg.Connection[Any],
    model: EligibilityModel,
    version: str,
    day: dt.date | None,
    known_by: dt.datetime | None,
) -> GateResult:
    """Whether the newest applications are of the world that the version has learnt from."""
    live = None
    if day is not None and known_by is not None and model.policy == SUPPORT_POLICY:
        live = read_newest(connection, day, known_by)
    is_champion = alias_version(connection, MODEL_NAME) == version
    return drift_gate(
        model.metadata,
        live,
        lambda rows: model.probability(model.numbers(rows[list(model.columns)])),
        has_champion=is_champion or rival_of(connection, MODEL_NAME, version)[0] is not None,
    )
