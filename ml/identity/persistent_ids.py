"""Golden record ids that stay: reruns keep all of them, merges and splits keep one.

Belongs here: from a resolution and the stored cross-reference to what must change. Pure; the database is in
``store``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.identity.resolution import Resolution

XREF_COLUMNS = ["party_id", "gr_id", "link_rule", "known_at", "recorded_at", "retired_at"]
LINK_COLUMNS = ["party_id", "gr_id", "link_rule", "known_at"]
PREFIX = "GR"
DIGITS = 10


@dataclass(frozen=True)
class XrefChange:
    """What must change in ``ml.party_xref``.

    Attributes
    ----------
    new : DataFrame
        ``party_id, gr_id, link_rule, known_at``: rows to add.
    retired : DataFrame
        ``party_id, gr_id``: current rows that end, because the party is new elsewhere or its link changed.
    redirects : DataFrame
        ``gr_id_from, gr_id_to``: ids that no current row holds any more, and where their records are now.
    unchanged : int
        Parties whose row stays.
    """

    new: pd.DataFrame
    retired: pd.DataFrame
    redirects: pd.DataFrame
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Nothing to write."""
        return self.new.empty and self.retired.empty


def assign_gr_ids(resolution: Resolution, existing_xref: pd.DataFrame) -> XrefChange:
    """Give every entity a ``gr_id``, keeping those that its records have.

    A ``gr_id`` goes to the entity that holds its former anchor, else most of its records, else the smallest
    ``party_id``. An entity that inherits several keeps the oldest (they are numbered in order of birth); the
    others
    are retired and redirected. Entities that inherit none get the next numbers in the order of their smallest
    ``party_id``. A party that is in ``existing_xref`` but not in the resolution keeps its row: a record that
    is merely
    absent today says nothing about who it was.

    Parameters
    ----------
    resolution : Resolution
        What the resolver found.
    existing_xref : DataFrame
        All rows ever written, columns ``XREF_COLUMNS``; retired ones too, since a number is never used twice.
    """
    entities = resolution.entities
    current = existing_xref[existing_xref["retired_at"].isna()]
    gr_of_entity = _inherit(entities, current)

    entity_ids = np.sort(entities["entity"].unique())
    without = entity_ids[~np.isin(entity_ids, gr_of_entity.index.to_numpy(object))]
    numbers = existing_xref["gr_id"].str.removeprefix(PREFIX).astype("int64")
    start = 1 + (int(numbers.max()) if len(numbers) else 0)
    born = pd.Series([f"{PREFIX}{start + i:0{DIGITS}d}" for i in range(len(without))], index=without, dtype=object)
    gr_of_entity = pd.concat([gr_of_entity, born])

    wanted = entities.assign(gr_id=entities["entity"].map(gr_of_entity))[LINK_COLUMNS]
    compared = wanted.merge(current[LINK_COLUMNS], on="party_id", how="left", suffixes=("", "_now"))
    same = (
        compared["gr_id"].eq(compared["gr_id_now"])
        & compared["link_rule"].eq(compared["link_rule_now"])
        & pd.to_datetime(compared["known_at"], utc=True).eq(pd.to_datetime(compared["known_at_now"], utc=True))
    )
    new = compared.loc[~same, LINK_COLUMNS].reset_index(drop=True)
    ended = compared.loc[~same & compared["gr_id_now"].notna(), ["party_id", "gr_id_now"]]
    retired = ended.rename(columns={"gr_id_now": "gr_id"}).reset_index(drop=True)
    return XrefChange(new=new, retired=retired, redirects=_redirects(wanted, current), unchanged=int(same.sum()))


def _inherit(entities: pd.DataFrame, current: pd.DataFrame) -> pd.Series:
    """``gr_id`` by entity, for the entities that inherit one."""
    held = entities[["party_id", "entity", "is_anchor"]].merge(current[["party_id", "gr_id"]], on="party_id")
    claims = held.groupby(["gr_id", "entity"], as_index=False).agg(
        has_anchor=("is_anchor", "max"), size=("party_id", "size"), smallest=("party_id", "min")
    )
    claims = claims.sort_values(["gr_id", "has_anchor", "size", "smallest"], ascending=[True, False, False, True])
    heirs = claims.drop_duplicates("gr_id")
    # Ids have a fixed number of digits, so that the smallest text is the oldest.
    return heirs.groupby("entity")["gr_id"].min().astype(object)


def _redirects(wanted: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    moved = current[["party_id", "gr_id"]].merge(
        wanted[["party_id", "gr_id"]], on="party_id", suffixes=("_from", "_to")
    )
    absent = current.loc[~current["party_id"].isin(wanted["party_id"]), "gr_id"]
    gone = moved[~moved["gr_id_from"].isin(wanted["gr_id"]) & ~moved["gr_id_from"].isin(absent)]
    counted = gone.groupby(["gr_id_from", "gr_id_to"], as_index=False).agg(
        size=("party_id", "size"), smallest=("party_id", "min")
    )
    best = counted.sort_values(["gr_id_from", "size", "smallest"], ascending=[True, False, True])
    return best.drop_duplicates("gr_id_from")[["gr_id_from", "gr_id_to"]].reset_index(drop=True)
