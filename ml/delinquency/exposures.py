"""What ``predelinquency_30d`` learns from and scores, out of the warehouse: set-based SQL on the caller's connection.

Belongs here: which rows. Nothing is learnt here, and scores are written by ``store``.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_out

# Weeks of the thirteen that must be covered to learn from a row and to score it: mean and trend of fewer say little.
FEWEST_COVERED_WEEKS = 9


def newest_label_known_at(connection: psycopg.Connection[Any], known_by: dt.datetime) -> tuple[dt.datetime | None, int]:
    """When the newest day of the grid with labels became known by ``known_by``, and how many labels there are."""
    row = connection.execute(
        "select max(label_known_at), count(*) from features.predelinquency_outcomes where label_known_at <= %s",
        (known_by,),
    ).fetchone()
    assert row is not None
    return row[0], int(row[1])


def read_training_frame(
    connection: psycopg.Connection[Any], features: Sequence[str], known_by: dt.datetime
) -> pd.DataFrame:
    """Exposures with a matured label, untreated or held out, whose features are covered.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    features : sequence of str
        Columns of ``features.training_features``.
    known_by : datetime
        Labels that became known later do not exist for the model.

    Returns
    -------
    pandas.DataFrame
        ``exposure_id``, ``gr_id`` (the one that holds the record now, so that a person stays in one fold),
        ``as_of_date``, ``product_name``, ``is_delinquent``, ``exposure_amount``, ``label_known_at``, the features as
        float64; by day and exposure. Whoever an intervention reached is left out: nobody knows what they would have
        done without it.
    """
    query = sql.SQL(
        "select o.exposure_id, coalesce(r.gr_id_to, o.gr_id) as gr_id, o.as_of_date, o.product_name, o.is_delinquent, "
        "o.exposure_amount::float8 as exposure_amount, o.label_known_at, {features} "
        "from features.predelinquency_outcomes as o "
        "join features.training_features as f on f.gr_id = o.gr_id and f.as_of_date = o.as_of_date "
        "left join core.gr_redirects as r on r.gr_id_from = o.gr_id "
        "where o.label_known_at <= {known_by} and not o.is_treated and f.is_history_covered "
        "and f.covered_weeks_count >= {weeks} order by o.as_of_date, o.exposure_id"
    ).format(features=_columns(features), known_by=sql.Literal(known_by), weeks=sql.Literal(FEWEST_COVERED_WEEKS))
    frame = copy_out(connection, query)
    return frame.astype({"is_delinquent": bool, "exposure_amount": "float64", **dict.fromkeys(features, "float64")})


def read_exposures(connection: psycopg.Connection[Any], features: Sequence[str], as_of_date: dt.date) -> pd.DataFrame:
    """Exposures of a day with their owner's features.

    Returns
    -------
    pandas.DataFrame
        By exposure: ``exposure_id``, ``gr_id``, ``as_of_date``, ``knowledge_cutoff``, ``product_name``,
        ``exposure_status``, ``exposure_amount``, ``is_covered`` (enough is known of the owner to score), the features
        as float64, missing where the owner has none.
    """
    query = sql.SQL(
        "select e.exposure_id, e.gr_id, e.as_of_date, e.knowledge_cutoff, e.product_name, e.exposure_status, "
        "e.exposure_amount::float8 as exposure_amount, "
        "coalesce(f.is_history_covered and f.covered_weeks_count >= {weeks}, false) as is_covered, {features} "
        "from features.exposures as e "
        "left join features.customer_features as f on f.gr_id = e.gr_id and f.as_of_date = e.as_of_date "
        "where e.as_of_date = {day} order by e.exposure_id"
    ).format(features=_columns(features), day=sql.Literal(as_of_date), weeks=sql.Literal(FEWEST_COVERED_WEEKS))
    return copy_out(connection, query).astype({"is_covered": bool, **dict.fromkeys(features, "float64")})


def _columns(features: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in features)
