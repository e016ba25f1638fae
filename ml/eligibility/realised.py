"""What the daily decisions were worth once a person had decided: rates by group, on decisions made before that.

The outcome is the one that trainings learn from: the source's, or that of whoever looked at a random sample.
"""

import datetime as dt
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.eligibility.applications import CHARACTERISTICS, known_outcomes
from ml.eligibility.thresholds import SOFT_DECLINE
from ml.evaluate.slices import segment_labels
from ml.fairness import group_rates


def realised_rates(
    connection: psycopg.Connection[Any],
    as_of_date: dt.date,
    knowledge_cutoff: dt.datetime,
    *,
    min_group_size: int = 100,
    days: int = 365,
) -> tuple[int, pd.DataFrame | None]:
    """Rates of each group over the applications that people decided of late; selected is who was not declined.

    The last decision before the person's counts, by a model that had not learnt from it.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    as_of_date, knowledge_cutoff : date, datetime
        Outcomes up to the day, as known by the cut-off.
    min_group_size : int
        People; smaller groups have their count only.
    days : int
        Outcomes of so many days count.

    Returns
    -------
    rows : int
        Decisions whose outcome is known.
    rates : pandas.DataFrame or None
        See ``ml.fairness.group_rates``; None where there is none.
    """
    found = realised_decisions(connection, as_of_date, knowledge_cutoff, days=days)
    if found.empty:
        return 0, None
    rates = group_rates(
        found["target"].astype(int),
        (found["decision"] != SOFT_DECLINE).astype(int),
        pd.DataFrame({name: segment_labels(found[name]) for name in CHARACTERISTICS}),
        min_group_size=min_group_size,
        people=found["gr_id"],
    )
    return len(found), rates


def realised_decisions(
    connection: psycopg.Connection[Any], as_of_date: dt.date, knowledge_cutoff: dt.datetime, *, days: int = 365
) -> pd.DataFrame:
    """The last decision before the person's of each application that was decided of late, with its outcome.

    Parameters
    ----------
    connection, as_of_date, knowledge_cutoff, days
        See :func:`realised_rates`.

    Returns
    -------
    pandas.DataFrame
        ``target`` (1 needs support), ``decision, probability, model_version, as_of_date, gr_id`` (of now) and
        ``CHARACTERISTICS``.
    """
    query = sql.SQL(
        "with {outcomes}, "
        "told as (select distinct on (d.eid) d.gr_id, d.decision, d.probability, d.model_version, d.as_of_date, "
        "o.is_eligible from ml.eligibility_decisions as d "
        "join outcomes as o on o.eid = d.eid and d.as_of_date <= o.undecided_on "
        "and o.undecided_on >= {day}::date - {days} "
        "where d.score_status = 'scored' and not d.is_retrospective and d.knowledge_cutoff <= {cutoff} "
        "order by d.eid, d.as_of_date desc) "
        "select d.is_eligible::integer, d.decision, d.probability, d.model_version, d.as_of_date, "
        "coalesce(r.gr_id_to, d.gr_id), {groups} "
        "from told as d left join core.gr_redirects as r on r.gr_id_from = d.gr_id "
        "left join core.applicant_groups as c on c.gr_id = coalesce(r.gr_id_to, d.gr_id)"
    ).format(
        outcomes=known_outcomes(as_of_date, knowledge_cutoff),
        day=sql.Literal(as_of_date),
        days=sql.Literal(days),
        cutoff=sql.Literal(knowledge_cutoff),
        groups=sql.SQL(", ").join(sql.SQL("c.{}").format(sql.Identifier(name)) for name in CHARACTERISTICS),
    )
    rows = connection.execute(query).fetchall()
    names = ["target", "decision", "probability", "model_version", "as_of_date", "gr_id", *CHARACTERISTICS]
    return pd.DataFrame(rows, columns=names)
