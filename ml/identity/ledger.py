"""What happened to golden record ids, and why: from a change of the cross-reference to events of the ledger.

Belongs here: words and causes. Pure; ``store`` writes them in the transaction of the change. No personal data: ids,
counts, rules.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ml.identity.resolution import ANCHOR, OVERRIDE, OWN_RECORD, Resolution, is_among

LEDGER_COLUMNS = [
    "event", "gr_id", "other_gr_id", "party_count", "cause", "override_id", "model_version", "known_at",
]  # fmt: skip
NEW_RECORDS, SOURCE, EVIDENCE_GONE, RECORDS_GONE = "new_records", "source", "evidence_gone", "records_gone"
# What becomes of a party's row.
FIRST, MOVED, VALIDITY, CORRECTED = "first", "moved", "validity", "corrected"
# Of events of one change: births before what left for them, ends last.
_ORDER = ("created", "joined", "split", "merged", "moved", "retired", "corrected", "validity_changed")


def events_of(
    changed: pd.DataFrame,
    resolution: Resolution,
    current: pd.DataFrame,
    born: Iterable[str],
    redirects: pd.DataFrame,
    emptied: Iterable[str] = (),
) -> pd.DataFrame:
    """The events of a change, in a fixed order.

    Parameters
    ----------
    changed : DataFrame
        One row per party whose row changes: ``party_id, what, gr_id, gr_id_now, link_rule, link_rule_now,
        known_from``.
    resolution : Resolution
        Its edges and conflicts tell why.
    current : DataFrame
        ``party_id, gr_id`` before the change.
    born : iterable of str
        Ids that are new.
    redirects : DataFrame
        ``gr_id_from, gr_id_to`` of ids that end.
    emptied : iterable of str
        Ids that keep their records, of which the source has ended the last one.

    Returns
    -------
    DataFrame
        ``LEDGER_COLUMNS``.
    """
    if changed.empty:
        return _frame([])
    changed = changed.assign(is_new_id=is_among(changed["gr_id"], pd.Index(list(born))))
    first, moved = changed[changed["what"].eq(FIRST)], changed[changed["what"].eq(MOVED)]
    former = current.set_index("party_id")["gr_id"]
    causes = _joining_causes(changed, resolution, former)
    flows = _flows(moved, causes, _parting_causes(moved, resolution, former), redirects, resolution.model_versions)

    born_rows = changed[changed["is_new_id"]]
    from_split = flows[flows["event"].eq("split")].drop_duplicates("other_gr_id").set_index("other_gr_id")["cause"]
    created = born_rows.groupby("gr_id", as_index=False).agg(
        party_count=("party_id", "size"), known_at=("known_from", "min")
    )
    created["cause"] = created["gr_id"].map(from_split).astype(object).fillna(NEW_RECORDS)

    joined = first[~first["is_new_id"]]
    is_root = joined["link_rule"].isin([ANCHOR, OWN_RECORD])
    by_edge = joined["gr_id"].map(causes.get("", pd.Series(dtype=object))).astype(object).fillna(NEW_RECORDS)
    joined = joined.assign(cause=joined["link_rule"].mask(is_root, by_edge))

    corrected, dated = changed[changed["what"].eq(CORRECTED)], changed[changed["what"].eq(VALIDITY)]
    events = [
        created.assign(event="created"),
        _counted(joined, "joined"),
        flows,
        _retired(flows, redirects),
        _emptied(changed, emptied),
        _counted(corrected.assign(cause=corrected["link_rule"]), "corrected"),
        _counted(dated.assign(cause=SOURCE), "validity_changed"),
    ]
    return _frame(events, resolution)


def _counted(rows: pd.DataFrame, event: str) -> pd.DataFrame:
    counted = rows.groupby(["gr_id", "cause"], as_index=False).agg(
        party_count=("party_id", "size"), known_at=("known_from", "max")
    )
    return counted.assign(event=event)


def _flows(
    moved: pd.DataFrame,
    joining: dict[str, pd.Series],
    parting: pd.Series,
    redirects: pd.DataFrame,
    model_rules: Iterable[str],
) -> pd.DataFrame:
    """What left which id for which: ``split``, ``merged`` or ``moved``."""
    # What a model linked and no longer links was let go by the model.
    let_go = moved["link_rule_now"].where(moved["link_rule_now"].isin(list(model_rules))).astype(object)
    flows = (
        moved.assign(let_go=let_go)
        .sort_values("link_rule")
        .groupby(["gr_id_now", "gr_id", "is_new_id"], as_index=False)
        .agg(
            party_count=("party_id", "size"),
            known_at=("known_from", "max"),
            link_rule=("link_rule", "first"),
            let_go=("let_go", "first"),
        )
    )
    target = dict(zip(redirects["gr_id_from"], redirects["gr_id_to"], strict=True))
    is_merge = flows["gr_id_now"].map(target).eq(flows["gr_id"]).to_numpy(bool) & ~flows["is_new_id"].to_numpy(bool)
    event = np.select([flows["is_new_id"], is_merge], ["split", "merged"], "moved")
    joined_by = [
        joining[old].get(new, rule) if old in joining else rule
        for old, new, rule in zip(flows["gr_id_now"], flows["gr_id"], flows["link_rule"], strict=True)
    ]
    parted_by = flows["gr_id_now"].map(parting).astype(object).fillna(flows["let_go"]).fillna(EVIDENCE_GONE)
    # A merge is told from the id that lives on, anything else from the id that is left.
    return pd.DataFrame(
        {
            "event": event,
            "gr_id": np.where(is_merge, flows["gr_id"], flows["gr_id_now"]),
            "other_gr_id": np.where(is_merge, flows["gr_id_now"], flows["gr_id"]),
            "party_count": flows["party_count"],
            "cause": np.where(event == "split", parted_by, np.array(joined_by, dtype=object)),
            "known_at": flows["known_at"],
        }
    )


def _retired(flows: pd.DataFrame, redirects: pd.DataFrame) -> pd.DataFrame:
    left = flows.assign(old=flows["gr_id"].where(flows["event"].ne("merged"), flows["other_gr_id"]))
    left["new"] = left["other_gr_id"].where(left["event"].ne("merged"), left["gr_id"])
    totals = left.groupby("old").agg(party_count=("party_count", "sum"), known_at=("known_at", "max"))
    cause = left.merge(redirects, left_on=["old", "new"], right_on=["gr_id_from", "gr_id_to"]).set_index("old")["cause"]
    ended = redirects.rename(columns={"gr_id_from": "gr_id", "gr_id_to": "other_gr_id"}).join(totals, on="gr_id")
    return ended.assign(event="retired", cause=ended["gr_id"].map(cause))


def _emptied(changed: pd.DataFrame, emptied: Iterable[str]) -> pd.DataFrame:
    """Nobody holds what such an id stood for; it is kept for the day on which a record returns."""
    sides = [changed[[side, "party_id", "known_from"]].set_axis(["gr_id", "party_id", "known_from"], axis=1)
             for side in ("gr_id", "gr_id_now")]  # fmt: skip
    rows = pd.concat(sides).drop_duplicates(["gr_id", "party_id"])
    rows = rows[is_among(rows["gr_id"], pd.Index(list(emptied)))]
    return _counted(rows.assign(cause=RECORDS_GONE), "retired")


def _joining_causes(changed: pd.DataFrame, resolution: Resolution, former: pd.Series) -> dict[str, pd.Series]:
    """By id that was left (``""``: a new record) and by id that was reached: the strongest link between the two."""
    goes_to = changed.set_index("party_id")["gr_id"]
    edges = resolution.edges
    edges = edges[is_among(edges["party_id_a"], goes_to.index) | is_among(edges["party_id_b"], goes_to.index)]
    sides = []
    for one, other in (("party_id_a", "party_id_b"), ("party_id_b", "party_id_a")):
        side = edges.assign(
            old=edges[one].map(former).astype(object).fillna(""),
            other_old=edges[other].map(former).astype(object).fillna(""),
            new=edges[one].map(goes_to),
        )
        sides.append(side[side["new"].notna() & side["old"].ne(side["new"]) & side["old"].ne(side["other_old"])])
    crossing = pd.concat(sides, ignore_index=True)
    crossing = crossing.assign(
        indirect=crossing["other_old"].ne(crossing["new"]),
        undecided=~crossing["rule_name"].str.startswith(OVERRIDE).astype(bool),
        doubt=1 - crossing["match_probability"].astype(float),
    ).sort_values(["old", "new", "indirect", "undecided", "doubt", "rule_name"])
    best = crossing.drop_duplicates(["old", "new"])
    return {str(old): group.set_index("new")["rule_name"] for old, group in best.groupby("old")}


def _parting_causes(moved: pd.DataFrame, resolution: Resolution, former: pd.Series) -> pd.Series:
    """By id that was left: the decision or conflict that parted its records, where one did."""
    conflicts = resolution.conflicts
    if conflicts.empty or moved.empty:
        return pd.Series(dtype=object)
    one, other = conflicts["party_id_a"].map(former), conflicts["party_id_b"].map(former)
    within = conflicts[one.eq(other)].assign(old=one)
    decided = within["against_override_id"].notna()
    cause = within["reason"].astype(object).mask(decided, OVERRIDE + within["against_override_id"].astype(str))
    return within.assign(cause=cause).sort_values(["old", "cause"]).drop_duplicates("old").set_index("old")["cause"]


def _frame(events: list[pd.DataFrame], resolution: Resolution | None = None) -> pd.DataFrame:
    filled = [frame for frame in events if not frame.empty]
    if not filled:
        return pd.DataFrame({column: pd.Series(dtype=object) for column in LEDGER_COLUMNS})
    frame = pd.concat(filled, ignore_index=True)
    if "other_gr_id" not in frame:
        frame["other_gr_id"] = None
    frame["other_gr_id"] = frame["other_gr_id"].astype(object).where(frame["other_gr_id"].notna(), None)
    decided = frame["cause"].astype(str).where(frame["cause"].astype(str).str.startswith(OVERRIDE))
    frame["override_id"] = decided.str.removeprefix(OVERRIDE).astype("Int64")
    versions = frame["cause"].map(dict(resolution.model_versions) if resolution else {}).astype(object)
    frame["model_version"] = versions.where(versions.notna(), None)
    frame["place"] = frame["event"].map({event: place for place, event in enumerate(_ORDER)})
    return frame.sort_values(["place", "gr_id", "other_gr_id", "cause"], ignore_index=True)[LEDGER_COLUMNS]
