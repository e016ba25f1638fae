"""The challenger of eligibility in shadow: it decides what the champion decided, and nobody is told."""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.eligibility.applications import read_open
from ml.eligibility.decision import decide_rows
from ml.eligibility.model import MODEL_NAME
from ml.eligibility.registered import load
from ml.registry.shadow import Shadow, compare_in_shadow, rivals


def shadow_day(connection: psycopg.Connection[Any], as_of_date: dt.date) -> Shadow:
    """Decide by the challenger what the champion decided by its probabilities on a day, store and compare it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    as_of_date : date
        A day that was decided.

    Returns
    -------
    Shadow
        ``same_band_pct`` is the share of applications that both decide alike.
    """
    found = rivals(connection, MODEL_NAME)
    champion, challenger = found.champion, found.challenger
    if champion is None or challenger is None:
        return found
    try:
        model = load(connection, challenger)
    except (ArtifactError, SchemaMismatchError) as error:
        return Shadow(champion, challenger, message=f"the challenger was refused: {error}")
    decided = connection.execute(
        "select eid, probability, decision, knowledge_cutoff from ml.eligibility_decisions "
        "where as_of_date = %s and model_version = %s and score_status = 'scored'",
        (as_of_date, champion),
    ).fetchall()
    if not decided:
        return Shadow(champion, challenger, message="the champion decided nothing")
    scores = pd.DataFrame(decided, columns=["exposure_id", "probability", "risk_band", "knowledge_cutoff"])
    # As the champion saw them; how long they have waited is no matter here.
    waited = (as_of_date - dt.date.min).days
    frame = read_open(connection, as_of_date, scores["knowledge_cutoff"].max().to_pydatetime(), waited).frame
    frame = frame[frame["eid"].isin(scores["exposure_id"])].reset_index(drop=True)
    by_challenger = decide_rows(model, frame[["eid", *model.columns]])
    rows = pd.DataFrame(
        {
            "exposure_id": frame["eid"],
            "gr_id": frame["gr_id"],
            "probability": by_challenger.probability,
            "risk_band": by_challenger.decision,
        }
    )
    scores = scores.drop(columns="knowledge_cutoff")
    return compare_in_shadow(connection, MODEL_NAME, champion, challenger, as_of_date, rows, scores)
