"""Is a candidate worse than the champion, on rows with outcomes that neither has learnt from."""

from typing import Any

import numpy as np
import pandas as pd
import psycopg

from ml.delinquency.paired import LossDifference, loss_difference, row_losses
from ml.evaluate.gate import GateResult
from ml.registry.kinds import refusal
from ml.registry.lookup import alias_version

# Fewer rows in common tell nothing of which of two versions is better.
FEWEST_COMMON_ROWS = 100
NOT_WORSE = "not_worse_than_champion"


def rival_of(connection: psycopg.Connection[Any], model_name: str, version: str) -> tuple[str | None, str]:
    """The champion that a version must not be worse than, or why there is none.

    None where there is no champion, where the version is it, and where the champion could not score any more (changed,
    or trained with other features or another catalogue): then any sound version is better than none.
    """
    champion = alias_version(connection, model_name)
    if champion is None or champion == version:
        return None, "no other champion"
    why = refusal(connection, model_name, champion)
    return (champion, "") if why is None else (None, f"the champion {champion} can no longer score: {why}")


def not_worse(connection: psycopg.Connection[Any], model_name: str, version: str) -> GateResult:
    """The paired gate: the candidate's log loss is not surely above the champion's.

    With fewer than ``FEWEST_COMMON_ROWS`` rows in common it fails: nothing shows that the candidate is no worse, so it
    is scored in shadow until a person promotes it, or a later training has more to show.
    """
    expected = f"log loss not surely above the champion's on at least {FEWEST_COMMON_ROWS} common held-out rows"
    rival, why = rival_of(connection, model_name, version)
    if rival is None:
        return GateResult(NOT_WORSE, True, why, expected)
    rows, difference = common_outcomes(connection, model_name, version, rival)
    if difference is None:
        return GateResult(NOT_WORSE, False, f"not comparable: {rows} common held-out rows", expected)
    found = f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}] on {rows} rows"
    return GateResult(NOT_WORSE, not difference.is_surely_worse, found, expected)


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
