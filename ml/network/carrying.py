"""Ids of communities that stay from day to day, and the ledger of what became of them.

Belongs here: from two partitions to ids and events. Pure; the database is in ``store``.
"""

import datetime as dt

import numpy as np
import pandas as pd

from ml.network.graph import Ints

LEDGER_COLUMNS = ["community_id", "event", "other_community_id", "members_count", "shared_count"]


def new_id(born_on: dt.date, founder: str) -> str:
    """Id of a community born on a day: the day and its first person by id, so that it is never used twice.

    Nobody is in two communities of one day. The text sorts by age.
    """
    return f"C{born_on:%Y%m%d}-{founder}"


def carry(
    people: pd.Series, label: Ints, previous: pd.DataFrame, born_on: dt.date, merge_share: float
) -> tuple[pd.Series, pd.DataFrame]:
    """Ids of today's communities, and what happened to yesterday's.

    Yesterday's id goes where most of its people went (among equals: to the community of the smallest ``gr_id``).
    Where several arrive, the oldest stays of those that bring at least ``merge_share`` of what the largest brings. A
    community that gets none is born, or split off where most of its people come from one of yesterday's.

    Parameters
    ----------
    people : Series of str
        Sorted ``gr_id``.
    label : array of int, shape (n,)
        Today's community of each, numbered from 0.
    previous : DataFrame
        ``gr_id, community_id`` of the day before, each person once.
    born_on : date
        Today.
    merge_share : float
        See ``CommunityConfig``.

    Returns
    -------
    ids : Series of str, shape (n,)
        Community id of each person.
    ledger : DataFrame
        ``LEDGER_COLUMNS``; one row per event. ``born``: of people whom no single community of the day before brought.
        ``split``: ``community_id`` is new, ``other_community_id`` the one that brought most of its people. ``merged``:
        ``community_id`` ends, most of its remaining people are in ``other_community_id``. ``died``: nobody of it is
        linked any more. ``members_count`` is the size of ``community_id``, on its last day where it ends;
        ``shared_count`` the people it has in common with the other.
    """
    today = pd.DataFrame({"gr_id": people.to_numpy(object), "label": label})
    both = today.merge(previous[["gr_id", "community_id"]], on="gr_id", how="inner")
    founder = today.groupby("label")["gr_id"].min()
    size = today.groupby("label").size()
    former_size = previous.groupby("community_id").size()

    claims = both.groupby(["community_id", "label"], as_index=False).agg(shared=("gr_id", "size"))
    claims["founder"] = claims["label"].map(founder)
    heirs = claims.sort_values(["community_id", "shared", "founder"], ascending=[True, False, True])
    heirs = heirs.drop_duplicates("community_id")
    largest = heirs.groupby("label")["shared"].transform("max")
    eligible = heirs[heirs["shared"] >= merge_share * largest]
    kept = eligible.groupby("label")["community_id"].min()

    without = founder.index.difference(kept.index)
    born = pd.Series([new_id(born_on, founder[number]) for number in without], index=without, dtype=object)
    id_of = pd.concat([kept.astype(object), born])
    ledger = pd.concat(
        [
            _beginnings(born, claims, size),
            _ends(kept, heirs, id_of, former_size),
        ],
        ignore_index=True,
    )
    ordered = ledger.sort_values(["community_id", "event"], ignore_index=True)[LEDGER_COLUMNS]
    return pd.Series(id_of.loc[label].to_numpy(object), index=people.index, dtype=object), ordered


def _beginnings(born: pd.Series, claims: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """``born`` and ``split`` rows."""
    origin = claims.sort_values(["label", "shared", "community_id"], ascending=[True, False, True])
    origin = origin.drop_duplicates("label").set_index("label").reindex(born.index)
    shared = origin["shared"].fillna(0).to_numpy(np.int64)
    members = size.loc[born.index].to_numpy(np.int64)
    is_split = 2 * shared > members
    return pd.DataFrame(
        {
            "community_id": born.to_numpy(object),
            "event": np.where(is_split, "split", "born").astype(object),
            "other_community_id": origin["community_id"].where(is_split, None).to_numpy(object),
            "members_count": members,
            "shared_count": np.where(is_split, shared, 0),
        }
    )


def _ends(kept: pd.Series, heirs: pd.DataFrame, id_of: pd.Series, former_size: pd.Series) -> pd.DataFrame:
    """``merged`` and ``died`` rows."""
    ended = former_size[~former_size.index.isin(kept.to_numpy(object))]
    heir = heirs.set_index("community_id").reindex(ended.index)
    lives_on = heir["label"].notna().to_numpy()
    into = np.full(len(ended), None, object)
    into[lives_on] = id_of.loc[heir["label"][lives_on].astype(np.int64)].to_numpy(object)
    return pd.DataFrame(
        {
            "community_id": ended.index.to_numpy(object),
            "event": np.where(lives_on, "merged", "died").astype(object),
            "other_community_id": into,
            "members_count": ended.to_numpy(np.int64),
            "shared_count": heir["shared"].fillna(0).to_numpy(np.int64),
        }
    )
