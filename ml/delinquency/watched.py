"""What each default model sees on a day, for whoever watches it: the rows it scores, by model name.

Belongs here: which rows. What is done with them is the shadow scoring's, the monitoring's and the gates' business.
"""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_out
from ml.delinquency.exposures import read_exposures
from ml.delinquency.model import TrainedModel
from ml.features.catalogue import Catalogue

ORIGINATION, PREDELINQUENCY = "origination_pd", "predelinquency_30d"
# Few loans are granted on one day: applicants are looked at over the feature window of 91 days.
ORIGINATION_DAYS = 91
CATEGORIES = {ORIGINATION: (), PREDELINQUENCY: ("product_name",)}


def feature_names(catalogue: Catalogue, model_name: str) -> list[str]:
    """Features that a model is to be trained with now, in order.

    Raises
    ------
    LookupError
        It is none of the default models.
    """
    if model_name not in CATEGORIES:
        raise LookupError(f"model {model_name!r} is not watched; watched are {sorted(CATEGORIES)}")
    return catalogue.names(used_by=model_name)


def rows_of_day(connection: psycopg.Connection[Any], model: TrainedModel, as_of_date: dt.date) -> pd.DataFrame:
    """Rows that a model scores as of a day: ``exposure_id``, ``gr_id``, ``as_of_date``, categories, the features.

    Of applicants those of the 91 days that end on it, each as of the day before its loan.
    """
    names = list(model.features)
    if model.model_name == PREDELINQUENCY:
        frame = read_exposures(connection, names, as_of_date)
        kept = (frame["exposure_status"] == "eligible") & frame["is_covered"]
        return frame[kept].reset_index(drop=True)
    query = sql.SQL(
        "select f.loan_id as exposure_id, f.gr_id, f.as_of_date, {features} from features.origination_features as f "
        "where f.as_of_date > {first} and f.as_of_date <= {day} and f.is_history_covered order by f.loan_id"
    ).format(
        features=sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in names),
        first=sql.Literal(as_of_date - dt.timedelta(days=ORIGINATION_DAYS)),
        day=sql.Literal(as_of_date),
    )
    return copy_out(connection, query).astype(dict.fromkeys(names, "float64"))


def newest_day(
    connection: psycopg.Connection[Any],
    model_name: str,
    known_by: dt.datetime | None = None,
    until: dt.date | None = None,
) -> dt.date | None:
    """Newest day with rows, known by a cut-off and not after a day where given; None where nothing was built."""
    table = sql.Identifier("features", "exposures" if model_name == PREDELINQUENCY else "origination_features")
    there = connection.execute("select to_regclass(%s)", (table.as_string(connection),)).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(
        sql.SQL(
            "select max(as_of_date) from {} where (%(by)s::timestamptz is null or knowledge_cutoff <= %(by)s) "
            "and (%(until)s::date is null or as_of_date <= %(until)s)"
        ).format(table),
        {"by": known_by, "until": until},
    ).fetchone()
    return None if row is None else row[0]
