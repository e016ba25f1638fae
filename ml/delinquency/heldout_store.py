"""What a version said of rows it had not learnt from, kept in ``ml.heldout_scores`` to compare versions by."""

from typing import Any

import pandas as pd
import psycopg

from ml.bulk import copy_in
from ml.delinquency.model import TrainedModel

_COLUMNS = {
    "model_name": "text", "model_version": "text", "exposure_id": "text", "as_of_date": "date", "gr_id": "text",
    "is_bad": "boolean", "probability": "float8",
}  # fmt: skip


def write_heldout(
    connection: psycopg.Connection[Any], model: TrainedModel, version: str, frame: pd.DataFrame, exposure_id: str
) -> int:
    """Keep a version's held-out rows, once; rows written.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``; the caller commits.
    model, version : TrainedModel, str
        Right after training, registered.
    frame : pandas.DataFrame
        Training rows, index as trained.
    exposure_id : str
        Its column of the exposure.
    """
    if model.outcomes is None or model.outcomes.empty:
        return 0
    judged = model.outcomes[["target", "probability"]]
    keys = frame.loc[judged.index]
    rows = pd.DataFrame(
        {
            "model_name": model.model_name,
            "model_version": version,
            "exposure_id": keys[exposure_id].to_numpy(),
            "as_of_date": keys["as_of_date"].to_numpy(),
            "gr_id": keys["gr_id"].to_numpy(),
            "is_bad": judged["target"].to_numpy() == 1,
            "probability": judged["probability"].to_numpy(),
        }
    )
    return keep_heldout(connection, rows)


def keep_heldout(connection: psycopg.Connection[Any], rows: pd.DataFrame) -> int:
    """Insert rows of ``ml.heldout_scores`` (its columns in order) that are not there yet; rows written."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    with connection.transaction(), connection.cursor() as cursor:
        copy_in(cursor, "new_heldout_scores", columns, rows)
        cursor.execute("insert into ml.heldout_scores select * from new_heldout_scores on conflict do nothing")
        return cursor.rowcount
