"""Golden record ids that stay: reruns keep all of them, merges and splits keep one.

Belongs here: from a resolution and the stored cross-reference to what must change, and from when it is known. Pure; the
database is in ``store``, the words for what happened are in ``ledger``.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.identity.ledger import CORRECTED, FIRST, LEDGER_COLUMNS, MOVED, VALIDITY, events_of
from ml.identity.resolution import Resolution, is_among

LINK_COLUMNS = [
    "party_id", "gr_id", "link_rule", "link_probability", "model_version", "valid_from", "valid_to", "known_at",
]  # fmt: skip
XREF_COLUMNS = [*LINK_COLUMNS, "superseded_at", "recorded_at", "retired_at"]
VALIDITY_COLUMNS = ["party_id", "valid_from", "valid_to"]
PREFIX = "GR"
DIGITS = 10
# The same model gives the same probability up to the order of its sums.
SAME_PROBABILITY = 1e-6
SAME = "same"


@dataclass(frozen=True)
class XrefChange:
    """What must change in ``ml.party_xref``.

    Attributes
    ----------
    new : DataFrame
        ``LINK_COLUMNS``: rows to add.
    retired : DataFrame
        ``party_id, gr_id, superseded_at``: current rows that end. ``superseded_at`` is the knowledge time from which
        another row says otherwise, or the row's own ``known_at`` where it was corrected and never counts.
    redirects : DataFrame
        ``gr_id_from, gr_id_to``: ids that no current row holds any more, and where their records are now.
    events : DataFrame
        ``LEDGER_COLUMNS``: what happened to which ids, and why.
    unchanged : int
        Parties whose row stays.
    """

    new: pd.DataFrame
    retired: pd.DataFrame
    redirects: pd.DataFrame
    events: pd.DataFrame
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Nothing to write."""
        return self.new.empty and self.retired.empty


def assign_gr_ids(
    resolution: Resolution,
    existing_xref: pd.DataFrame,
    *,
    knowledge_cutoff: dt.datetime | None = None,
    validity: pd.DataFrame | None = None,
    last_number: int = 0,
) -> XrefChange:
    """Give every entity a ``gr_id``, keeping those that its records have.

    Where records of one ``gr_id`` are now in several entities, it goes to the one with most of them; of equal parts to
    the one with the anchor, then to the one with the smallest ``party_id``. The size alone decides, also against the
    anchor: an id stands for what most of its records say. An entity that inherits several ids keeps the oldest (they
    are numbered in order of birth); the others are retired and redirected. Entities that inherit none get the next
    numbers in the order of their smallest ``party_id``; a number that was ever given is never given again. A party that
    is in ``existing_xref`` but not in the resolution keeps its row: a record that is merely absent today says nothing
    about who it was. One that its source ended keeps its row, too, and finds its id again when it returns; an id whose
    last record is ended is retired without an heir (cause ``records_gone``).

    Since when a row is known: the first of a party since its evidence is; one that takes another's place from the
    latest of the run's cut-off, the new evidence and the old row, so that an earlier cut-off still finds the old one.
    A row that names the same ``gr_id`` for the same days by another rule or model takes the old one's place from the
    run's cut-off on; one with evidence known earlier, or another probability of the same model, corrects it, and the
    old one never counts.

    Parameters
    ----------
    resolution : Resolution
        What the resolver found.
    existing_xref : DataFrame
        All rows ever written, columns ``XREF_COLUMNS``; retired ones too, since a number is never used twice.
    knowledge_cutoff : datetime, optional
        Of the run that finds the change; None: changes are known with their evidence.
    validity : DataFrame, optional
        ``VALIDITY_COLUMNS`` per party; a party that is not there is valid from the day it was known. None: as stored.
    last_number : int
        Greatest number ever given according to the ledger.
    """
    entities = resolution.entities
    current = existing_xref[existing_xref["retired_at"].isna()]
    current = current.assign(**{column: _days(current[column]) for column in ("valid_from", "valid_to")})
    wanted, born = _wanted(resolution, current, existing_xref, last_number)
    wanted = _with_validity(wanted, validity, current)
    compared = wanted.merge(current[LINK_COLUMNS], on="party_id", how="left", suffixes=("", "_now"))
    compared["has_past"] = is_among(compared["party_id"], _parties_with_a_past(existing_xref))
    compared["what"], compared["is_relinked"] = _what_changes(compared)
    compared["known_from"] = _known_from(compared, knowledge_cutoff)

    changed = compared[compared["what"].ne(SAME)]
    redirects = _redirects(wanted, current)
    corrected = changed["what"].eq(CORRECTED) & ~changed["is_relinked"]
    ended = changed.assign(superseded_at=changed["known_from"].where(~corrected, changed["known_at_now"]))
    ended = ended.loc[ended["what"].ne(FIRST), ["party_id", "gr_id_now", "superseded_at"]]
    return XrefChange(
        new=changed.assign(known_at=changed["known_from"])[LINK_COLUMNS].reset_index(drop=True),
        retired=ended.rename(columns={"gr_id_now": "gr_id"}).reset_index(drop=True),
        redirects=redirects,
        events=events_of(changed, resolution, current, born, redirects, _emptied(wanted, current))[LEDGER_COLUMNS],
        unchanged=len(entities) - len(changed),
    )


def number_of(gr_id: str) -> int:
    """The number of a ``gr_id``."""
    return int(gr_id.removeprefix(PREFIX))


def _wanted(
    resolution: Resolution, current: pd.DataFrame, existing_xref: pd.DataFrame, last_number: int
) -> tuple[pd.DataFrame, list[str]]:
    """One row per party with the ``gr_id`` it gets, and the ids that are new."""
    entities = resolution.entities
    gr_of_entity = _inherit(entities, current)
    entity_ids = np.sort(entities["entity"].unique())
    without = entity_ids[~is_among(pd.Series(entity_ids), gr_of_entity.index)]
    # Ids have a fixed number of digits, so that the greatest text is the newest.
    start = 1 + max(last_number, number_of(existing_xref["gr_id"].max()) if len(existing_xref) else 0)
    born = [f"{PREFIX}{number:0{DIGITS}d}" for number in range(start, start + len(without))]
    gr_of_entity = pd.concat([gr_of_entity, pd.Series(born, index=without, dtype=object)])
    versions = entities["link_rule"].map(dict(resolution.model_versions)).astype(object)
    wanted = entities.assign(
        gr_id=entities["entity"].map(gr_of_entity), model_version=versions.where(versions.notna(), None)
    )
    return wanted, born


def _with_validity(wanted: pd.DataFrame, validity: pd.DataFrame | None, current: pd.DataFrame) -> pd.DataFrame:
    """The days that each record speaks of: as given, else as stored, else from the day it was known."""
    given = current if validity is None else validity
    days = wanted[["party_id"]].merge(given[VALIDITY_COLUMNS], on="party_id", how="left")
    known_on = wanted["known_at"].dt.tz_localize(None).dt.normalize().astype("datetime64[s]")
    start = _days(days["valid_from"]).fillna(known_on)
    return wanted.assign(valid_from=start.to_numpy(), valid_to=_days(days["valid_to"]).to_numpy())


def _days(dates: pd.Series) -> pd.Series:
    return pd.to_datetime(dates).astype("datetime64[s]")


def _parties_with_a_past(existing_xref: pd.DataFrame) -> pd.Series:
    """Parties with an ended row that counted for a while: what is known of them by then stays as it is."""
    counted = existing_xref["superseded_at"].notna() & existing_xref["superseded_at"].gt(existing_xref["known_at"])
    return existing_xref.loc[counted, "party_id"]


def _what_changes(compared: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What becomes of each row, and whether a correction is by another rule or model: the old one held until then."""

    def differs(column: str) -> pd.Series:
        one, other = compared[column], compared[f"{column}_now"]
        return ~(one.eq(other) | (one.isna() & other.isna())).astype(bool)

    probability = compared["link_probability"].sub(compared["link_probability_now"].astype(float)).abs()
    earlier = compared["known_at"].lt(compared["known_at_now"]) & ~compared["has_past"]
    by_another = differs("link_rule") | differs("model_version")
    what = np.select(
        [
            compared["gr_id_now"].isna(),
            differs("gr_id"),
            differs("valid_from") | differs("valid_to"),
            by_another | ~probability.le(SAME_PROBABILITY) | earlier,
        ],
        [FIRST, MOVED, VALIDITY, CORRECTED],
        SAME,
    )
    return what, (what == CORRECTED) & by_another.to_numpy(bool) & ~earlier.to_numpy(bool)


def _known_from(compared: pd.DataFrame, knowledge_cutoff: dt.datetime | None) -> pd.Series:
    """Knowledge time of the row that each party gets."""
    # Whole microseconds: a missing instant is the smallest number there is, and loses against every other.
    evidence, now = _microseconds(compared["known_at"]), _microseconds(compared["known_at_now"])
    # Who moves to an id is linked to one of those that hold it: not before the first of them is linked itself.
    stays = compared[compared["gr_id"].eq(compared["gr_id_now"])]
    holders = _microseconds(stays.groupby("gr_id")["known_at"].min().reindex(compared["gr_id"]))
    found = np.iinfo(np.int64).min
    if knowledge_cutoff is not None:
        found = _microseconds(pd.Series([knowledge_cutoff]))[0]
    known = np.select(
        [
            compared["what"].eq(MOVED),
            compared["what"].eq(VALIDITY) | compared["is_relinked"],
            compared["what"].eq(CORRECTED),
        ],
        [
            np.maximum.reduce([evidence, holders, now, np.full(len(now), found)]),
            np.maximum(now, found),
            np.where(compared["has_past"], now, np.minimum(evidence, now)),
        ],
        evidence,
    )
    return pd.Series(pd.to_datetime(known, unit="us", utc=True), index=compared.index).astype("datetime64[us, UTC]")


def _microseconds(instants: pd.Series) -> np.ndarray:
    return pd.to_datetime(instants, utc=True).dt.tz_localize(None).to_numpy("datetime64[us]").astype("int64")


def _inherit(entities: pd.DataFrame, current: pd.DataFrame) -> pd.Series:
    """``gr_id`` by entity, for the entities that inherit one."""
    held = entities[["party_id", "entity", "is_anchor"]].merge(current[["party_id", "gr_id"]], on="party_id")
    # Sorted, so that the first is the smallest: pandas takes minima of text group by group in Python.
    claims = (
        held.sort_values("party_id")
        .groupby(["gr_id", "entity"], as_index=False)
        .agg(has_anchor=("is_anchor", "max"), size=("party_id", "size"), smallest=("party_id", "first"))
    )
    claims = claims.sort_values(["gr_id", "size", "has_anchor", "smallest"], ascending=[True, False, False, True])
    heirs = claims.drop_duplicates("gr_id")
    # Ids have a fixed number of digits, so that the smallest text is the oldest.
    return heirs.groupby("entity")["gr_id"].first().astype(object)


def _emptied(wanted: pd.DataFrame, current: pd.DataFrame) -> pd.Index:
    """Ids that had a record its source holds, and have only ended ones now."""
    absent = current[~is_among(current["party_id"], wanted["party_id"])]
    columns = ["gr_id", "valid_to"]
    now = pd.concat([wanted[columns], absent[columns]]) if len(absent) else wanted[columns]
    had = pd.Index(current.loc[current["valid_to"].isna(), "gr_id"].unique())
    return had.intersection(now["gr_id"].unique()).difference(now.loc[now["valid_to"].isna(), "gr_id"].unique())


def _redirects(wanted: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    moved = current[["party_id", "gr_id"]].merge(
        wanted[["party_id", "gr_id"]], on="party_id", suffixes=("_from", "_to")
    )
    absent = current.loc[~is_among(current["party_id"], wanted["party_id"]), "gr_id"]
    gone = moved[~is_among(moved["gr_id_from"], wanted["gr_id"]) & ~is_among(moved["gr_id_from"], absent)]
    counted = (
        gone.sort_values("party_id")
        .groupby(["gr_id_from", "gr_id_to"], as_index=False)
        .agg(size=("party_id", "size"), smallest=("party_id", "first"))
    )
    best = counted.sort_values(["gr_id_from", "size", "smallest"], ascending=[True, False, True])
    return best.drop_duplicates("gr_id_from")[["gr_id_from", "gr_id_to"]].reset_index(drop=True)
