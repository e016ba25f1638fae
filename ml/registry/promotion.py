"""Candidate, gates, champion: the one place that says in which order, for training, a person's hand and a rollback.

Belongs here: what a version must show before it scores, and how aliases move. How a version comes to be is
``ml.delinquency.lifecycle``'s, where its rows come from ``ml.delinquency.watched``'s.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import psycopg

from ml.delinquency.model import TrainedModel
from ml.delinquency.paired import LossDifference, loss_difference, row_losses
from ml.drift import Reference, compare
from ml.evaluate.gate import GateResult, gate
from ml.registry.events import champions, rolled_back
from ml.registry.lookup import alias_version
from ml.registry.store import UnknownModelError, set_alias

if TYPE_CHECKING:
    from ml.features.catalogue import Catalogue

# Fewer rows in common tell nothing of which of two versions is better.
FEWEST_COMMON_ROWS = 100
EXPLAINED_ROWS = 2_000
# Seconds for 2,000 rows. 30,000 people with reasons are to be read, scored and written in 5 s: 0.5 ms a row is three
# times what that leaves, because a loaded machine must not refuse a sound version (2026-11-28).
EXPLANATION_SECONDS = 1.0


class PromotionRefusedError(ValueError):
    """A gate failed, or there is nothing to go back to; the message says which and what to do."""


def judge(
    connection: psycopg.Connection[Any],
    model: TrainedModel,
    version: str,
    *,
    features: Sequence[str],
    catalogue: "Catalogue",
    live: pd.DataFrame | None = None,
) -> list[GateResult]:
    """All gates of a version, in their order.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model, version : TrainedModel, str
        The candidate.
    features : sequence of str
        Features that the features table holds now, in order.
    catalogue : Catalogue
        Of now.
    live : pandas.DataFrame, optional
        Rows as scored now, with ``gr_id`` and the features: what the candidate would see.

    Returns
    -------
    list of GateResult
        Figures and feature schema (:func:`ml.evaluate.gate`), catalogue version, paired comparison with the champion on
        common held-out outcomes, explanation time, drift. Where there is no champion, drift is told but never blocks:
        it would leave everybody without a score.
    """
    champion = alias_version(connection, model.model_name)
    found = model.catalogue_version
    return [
        *gate(model.metrics.get("overall", {}), features=model.features, expected_features=features),
        GateResult("catalogue_version", found == catalogue.version, found, catalogue.version),
        _paired(connection, model.model_name, champion, version),
        _explanation_time(model, catalogue),
        _drift(model, live, has_champion=champion is not None),
    ]


def promote(
    connection: psycopg.Connection[Any],
    model: TrainedModel,
    version: str,
    verdict: Sequence[GateResult],
    *,
    by: str,
    why: str,
    override: bool = False,
) -> str | None:
    """Make a version champion if its gates passed, or against them if a person says so; the caller commits.

    Returns
    -------
    str or None
        The champion before.

    Raises
    ------
    PromotionRefusedError
        A gate failed and ``override`` is not given.
    """
    failed = [result for result in verdict if not result.passed]
    if failed and not override:
        raise PromotionRefusedError(
            f"{model.model_name} {version} was not promoted: " + "; ".join(result.message for result in failed)
        )
    before = set_alias(
        connection, model.model_name, "champion", version, set_by=by, reason=why,
        gates={result.name: result.message for result in verdict}, is_override=bool(failed),
    )  # fmt: skip
    # Nobody challenges themselves.
    connection.execute(
        "delete from ml.model_aliases where model_name = %s and alias = 'challenger' and model_version = %s",
        (model.model_name, version),
    )
    return before


def challenge(connection: psycopg.Connection[Any], model_name: str, version: str, *, by: str, why: str) -> None:
    """Let a version be scored in shadow; the champion stays.

    Raises
    ------
    PromotionRefusedError
        It is the champion.
    """
    if alias_version(connection, model_name) == version:
        raise PromotionRefusedError(f"{model_name} {version} is the champion; a challenger is another version")
    set_alias(connection, model_name, "challenger", version, set_by=by, reason=why)


def rollback(
    connection: psycopg.Connection[Any], model_name: str, *, by: str, why: str, to: str | None = None
) -> tuple[str, str]:
    """Point the champion alias at the champion before, or at an earlier one; changes nothing else.

    The version that was left is not promoted by the gates again, only by a person. Stored scores stay; the next scoring
    uses the earlier version. The caller commits.

    Returns
    -------
    tuple of str
        Version left, version that scores from now on.

    Raises
    ------
    UnknownModelError
        The model has no champion.
    PromotionRefusedError
        There is none before, or ``to`` was never one.
    """
    # Loading first: whoever goes back in a hurry must not land on a version that cannot be read.
    from ml.registry.store import load

    order = champions(connection, model_name)
    present = alias_version(connection, model_name)
    if present is None:
        raise UnknownModelError(f"model {model_name} has no champion; there is nothing to go back from")
    earlier = [version for version in order if version != present]
    if to is not None and to not in earlier:
        raise PromotionRefusedError(f"{model_name} {to} was not champion before {present}; earlier ones are {earlier}")
    if not earlier:
        raise PromotionRefusedError(f"{model_name} has no champion before {present}; promote a version instead")
    target = to or earlier[-1]
    load(connection, model_name, version=target)
    set_alias(connection, model_name, "champion", target, set_by=by, reason=why, action="rolled_back")
    connection.execute(
        "delete from ml.model_aliases where model_name = %s and alias = 'challenger' and model_version = %s",
        (model_name, target),
    )
    return present, target


def was_rolled_back(connection: psycopg.Connection[Any], model_name: str, version: str) -> bool:
    """Whether a person went back from this version and has not promoted it since."""
    return version in rolled_back(connection, model_name)


def common_outcomes(
    connection: psycopg.Connection[Any], model_name: str, first: str, second: str
) -> tuple[int, LossDifference | None]:
    """Rows with outcomes that two versions judged without having learnt from them, and the first's loss less the
    second's.

    Returns
    -------
    tuple of int and LossDifference or None
        None with fewer than ``FEWEST_COMMON_ROWS``.
    """
    rows = connection.execute(
        "select a.is_bad::int, a.probability, b.probability, a.gr_id from ml.heldout_scores as a "
        "join ml.heldout_scores as b using (model_name, exposure_id, as_of_date) "
        "where model_name = %s and a.model_version = %s and b.model_version = %s and a.is_bad = b.is_bad "
        "order by exposure_id, as_of_date",
        (model_name, first, second),
    ).fetchall()
    if len(rows) < FEWEST_COMMON_ROWS:
        return len(rows), None
    y, one, other = (np.array([row[at] for row in rows], dtype=float) for at in range(3))
    people = pd.factorize(np.array([row[3] for row in rows], dtype=object))[0]
    odds = [_log_odds(probability) for probability in (one, other)]
    return len(rows), loss_difference(row_losses(y, odds[0]), row_losses(y, odds[1]), people)


def _log_odds(probability: Any) -> Any:
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(p / (1 - p))


def _paired(connection: psycopg.Connection[Any], model_name: str, champion: str | None, version: str) -> GateResult:
    expected = "log loss not surely above the champion's"
    if champion is None or champion == version:
        return GateResult("not_worse_than_champion", True, "no other champion", expected)
    rows, difference = common_outcomes(connection, model_name, version, champion)
    if difference is None:
        return GateResult("not_worse_than_champion", True, f"{rows} common held-out outcomes", expected)
    within = f"{expected} on {rows} common held-out rows, found [{difference.low:.4f}, {difference.high:.4f}]"
    return GateResult("not_worse_than_champion", not difference.is_surely_worse, difference.value, within)


def _explanation_time(model: TrainedModel, catalogue: "Catalogue") -> GateResult:
    from ml.explain.reasons import reasons_json

    X = _made_rows(model)
    seconds = []
    for _ in range(2):  # the first one makes tables
        started = time.perf_counter()
        parts = model.contributions(X)
        reasons_json(parts, X, model.features, usual=model.usual, catalogue=catalogue)
        seconds.append(time.perf_counter() - started)
    expected = f"{EXPLAINED_ROWS} rows in at most {EXPLANATION_SECONDS} s"
    return GateResult("explanation_time", min(seconds) <= EXPLANATION_SECONDS, min(seconds), expected)


def _made_rows(model: TrainedModel) -> Any:
    """Rows with values that training knew, drawn from the reference's bounds: no two alike, as on a day."""
    rng = np.random.default_rng(model.seed)
    known: Mapping[str, Any] = (model.metadata.get("reference") or {}).get("features", {})
    columns = []
    for name in model.features:
        usual = model.usual[name]
        values = [*known.get(name, {}).get("edges", ()), np.nan if usual is None else usual]
        columns.append(rng.choice(np.array(values, dtype=float), EXPLAINED_ROWS))
    return np.column_stack(columns)


def _drift(model: TrainedModel, live: pd.DataFrame | None, *, has_champion: bool) -> GateResult:
    expected = "no feature in use, nor the score, moved by 0.25 or more since training"
    kept = model.metadata.get("reference")
    if live is None or kept is None or live.empty:
        why = "no reference kept at training" if kept is None else "no rows of now"
        return GateResult("drift", True, why, expected)
    reference = Reference.from_dict(kept)
    unused = set(model.metadata.get("pruned", ()))
    features = {name: one for name, one in reference.features.items() if name in live.columns and name not in unused}
    probability = model.probability(model.numbers(live[list(model.features)]))
    found = compare(
        Reference(features, reference.score, reference.performance), live, score=probability, group=live["gr_id"]
    )
    moved = found[(found["level"] == "alert") & found["measure"].isin(["csi", "psi"])]
    named = ", ".join(f"{row.subject} {row.value:.2f}" for row in moved.head(5).itertuples())
    return GateResult("drift", moved.empty or not has_champion, named or "none moved", expected)
