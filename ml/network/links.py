"""How much a relationship or a flow of money counts as a link between two golden records.

Belongs here: weights, as data. A clear tie counts about 1, which is what the scale of ``CommunityConfig`` is in.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

# By type of relationship, times its confidence. Families and joint accounts are one life; a guarantor may be a
# relative or a colleague; an equal telephone may be a clerk's.
TYPE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "spouse": 1.0,
        "parent": 1.0,
        "child": 1.0,
        "sibling": 1.0,
        "same_household": 1.0,
        "joint_account_holder": 1.0,
        "business_owner": 1.0,
        "guarantor": 0.75,
        "shared_contact": 0.5,
    }
)
# What a source states beyond these.
OTHER_TYPE_WEIGHT = 0.5
# From so many payments in the window on, a flow counts so much. Steps, so that one more payment does not change a link
# each day; counts and not amounts, which are of other sizes in every portfolio.
PAYMENT_STEPS = ((1, 0.25), (2, 0.5), (4, 0.75), (8, 1.0))


def links(relationships: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Links of two golden records: the strongest of their relationships, and the money between them.

    Relationships of one pair say much the same (spouses share a household), so that only the strongest counts; money
    is evidence of its own and comes on top.

    Parameters
    ----------
    relationships : DataFrame
        ``gr_id_from, gr_id_to, relationship_type, confidence``.
    flows : DataFrame
        ``gr_id_from, gr_id_to, payments_count``, without flows through hubs.

    Returns
    -------
    DataFrame
        ``gr_id_a, gr_id_b, weight``; a pair once with each of the two kinds of evidence at most.
    """
    typed = relationships["relationship_type"].map(dict(TYPE_WEIGHTS)).fillna(OTHER_TYPE_WEIGHT)
    tie = _pairs(relationships, (typed * relationships["confidence"].astype(float)).round(2))
    ties = tie[tie["weight"] > 0].groupby(["gr_id_a", "gr_id_b"], as_index=False).agg({"weight": "max"})

    paid = _pairs(flows, flows["payments_count"].astype(float))
    money = paid.groupby(["gr_id_a", "gr_id_b"], as_index=False).agg({"weight": "sum"})
    steps, weights = zip(*PAYMENT_STEPS, strict=True)
    position = np.searchsorted(np.array(steps), money["weight"].to_numpy(float), side="right") - 1
    money["weight"] = np.array(weights)[position]
    return pd.concat([ties, money], ignore_index=True)


def _pairs(rows: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    """Without direction: the smaller id first."""
    is_ordered = rows["gr_id_from"] <= rows["gr_id_to"]
    return pd.DataFrame(
        {
            "gr_id_a": rows["gr_id_from"].where(is_ordered, rows["gr_id_to"]),
            "gr_id_b": rows["gr_id_to"].where(is_ordered, rows["gr_id_from"]),
            "weight": weight.astype(float),
        }
    )
