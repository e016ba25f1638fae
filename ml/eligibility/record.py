"""Decisions into ``ml.eligibility_decisions``, and the random sample of them into ``ops.eligibility_reviews``."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from ml.bulk import copy_in
from ml.forecasts import Written, replace_forecasts

_KEYS = {"eid": "text", "as_of_date": "date"}
_VALUES = {
    "gr_id": "text", "scheme_id": "text", "knowledge_cutoff": "timestamptz", "model_name": "text",
    "model_version": "text", "rule_version": "text", "score_status": "text", "probability": "float8",
    "decision": "text", "approve_threshold": "float8", "review_threshold": "float8", "reasons": "jsonb",
    "missing_evidence": "jsonb", "would_change": "jsonb", "is_retrospective": "boolean",
}  # fmt: skip
_HASH_DIGITS = 16


def write_decisions(connection: psycopg.Connection[Any], as_of_date: dt.date, decisions: pd.DataFrame) -> Written:
    """Replace the day's decisions; an equal one stays untouched, other days always.

    What was decided on the day is never replaced by a look back, see :func:`ml.forecasts.replace_forecasts`.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date : date
        The day.
    decisions : pandas.DataFrame
        Columns of ``ml.eligibility_decisions`` without ``as_of_date`` and ``decided_at``, JSON as text. An application
        that it lacks was not open on the day, as a file that came late may tell.

    Returns
    -------
    Written
        Rows inserted, changed or removed, and those kept. The caller's transaction commits them.
    """
    columns = {**_KEYS, **_VALUES}
    rows = decisions.assign(as_of_date=as_of_date).reindex(columns=list(columns))
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(
            cursor, "new_decisions", ", ".join(f"{name} {kind}" for name, kind in columns.items()), rows, analyze=False
        )
        cursor.execute(
            "delete from ml.eligibility_decisions as d where as_of_date = %s "
            "and not exists (select 1 from new_decisions as n where n.eid = d.eid)",
            (as_of_date,),
        )
        removed = cursor.rowcount
        written = replace_forecasts(
            cursor,
            sql.Identifier("ml", "eligibility_decisions"),
            sql.Identifier("new_decisions"),
            list(_KEYS),
            list(_VALUES),
            "decided_at",
        )
        return Written(removed + written.rows, written.kept)


def is_drawn(eids: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """Whether each application belongs to the random sample of reviews, shape (n,).

    The application and the seed decide, not the day nor who else is there: one that stays open for weeks has the same
    chance as one that is decided at once, and a rerun draws the same.

    Raises
    ------
    ValueError
        If the share is not within 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}; expected 0 to 1")
    edge = int(share * 16**_HASH_DIGITS)
    drawn = (hashlib.sha256(f"{seed}:{eid}".encode()).hexdigest()[:_HASH_DIGITS] for eid in eids)
    return np.fromiter((int(digits, 16) < edge for digits in drawn), dtype=bool, count=len(eids))


def draw_reviews(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    decisions: pd.DataFrame,
    shares: dict[str, float],
    seed: int,
) -> int:
    """Put the drawn ones of a day's decisions on the list of reviews; those on it stay as they were first drawn.

    Nobody acts on a decision in retrospect, so none is reviewed.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, decisions
        As written.
    shares : dict of str to float
        Share to review, by decision.
    seed : int
        See :func:`is_drawn`.

    Returns
    -------
    int
        Applications new on the list.
    """
    columns = {"eid": "text", "as_of_date": "date", "gr_id": "text", "decision": "text", "model_version": "text"}
    forecasts = (decisions["score_status"] == "scored") & ~decisions["is_retrospective"].astype(bool)
    scored = decisions[forecasts].assign(as_of_date=as_of_date)
    chosen = [
        part[is_drawn(part["eid"].tolist(), share, seed)]
        for decision, share in shares.items()
        if len(part := scored[scored["decision"] == decision])
    ]
    if not any(len(part) for part in chosen):
        return 0
    with connection.transaction(), connection.cursor() as cursor:
        rows = pd.concat(chosen).reindex(columns=list(columns))
        copy_in(cursor, "new_reviews", ", ".join(f"{name} {kind}" for name, kind in columns.items()), rows)
        cursor.execute(
            "insert into ops.eligibility_reviews (eid, as_of_date, gr_id, decision, model_version) "
            "select eid, as_of_date, gr_id, decision, model_version from new_reviews order by eid "
            "on conflict do nothing"
        )
        return cursor.rowcount
