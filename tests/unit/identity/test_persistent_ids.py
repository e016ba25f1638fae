"""Golden record ids stay: reruns, additions, merges, splits."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.identity import Resolution, XrefChange, assign_gr_ids

DAY = pd.Timestamp("2014-01-01", tz="UTC")
NO_XREF = pd.DataFrame(
    {
        **{column: pd.Series(dtype=object) for column in ("party_id", "gr_id", "link_rule")},
        **{column: pd.Series(dtype="datetime64[us, UTC]") for column in ("known_at", "recorded_at", "retired_at")},
    }
)


def resolution(clusters: list[set[str]]) -> Resolution:
    """Parties whose name starts with c are anchors."""
    rows = [
        (party, min(cluster), party.startswith("c"), "anchor" if party.startswith("c") else "rule", DAY)
        for cluster in clusters
        for party in cluster
    ]
    columns = ["party_id", "entity", "is_anchor", "link_rule", "known_at"]
    entities = pd.DataFrame(rows, columns=columns).sort_values("party_id", ignore_index=True)
    return Resolution(edges=pd.DataFrame(), entities=entities, conflicts=pd.DataFrame())


def apply(xref: pd.DataFrame, change: XrefChange) -> pd.DataFrame:
    """What the store does, in a frame."""
    ended = xref["retired_at"].isna() & xref["party_id"].isin(change.retired["party_id"])
    kept = xref.copy()
    kept.loc[ended, "retired_at"] = DAY
    added = change.new.assign(recorded_at=DAY, retired_at=None).astype(NO_XREF.dtypes.to_dict())
    return pd.concat([kept, added], ignore_index=True)


def current(xref: pd.DataFrame) -> dict[str, str]:
    rows = xref[xref["retired_at"].isna()]
    assert rows["party_id"].is_unique
    return dict(zip(rows["party_id"], rows["gr_id"], strict=True))


def after(*steps: list[set[str]]) -> tuple[pd.DataFrame, XrefChange]:
    xref = NO_XREF
    for clusters in steps:
        change = assign_gr_ids(resolution(clusters), xref)
        xref = apply(xref, change)
    return xref, change


def test_numbers_follow_the_smallest_party_of_each_cluster() -> None:
    xref, change = after([{"e9", "c1"}, {"c0"}, {"e2"}])
    assert current(xref) == {
        "c0": "GR0000000001",
        "c1": "GR0000000002",
        "e9": "GR0000000002",
        "e2": "GR0000000003",
    }
    assert (len(change.new), len(change.retired), change.unchanged) == (4, 0, 0)


def test_a_rerun_changes_nothing() -> None:
    _, change = after([{"c1", "e1"}, {"c2"}], [{"c2"}, {"e1", "c1"}])
    assert change.is_empty
    assert change.unchanged == 3


def test_a_merge_keeps_the_oldest_id_and_redirects_the_other() -> None:
    xref, change = after([{"c1"}, {"e1"}], [{"c1", "e1"}])
    assert current(xref) == {"c1": "GR0000000001", "e1": "GR0000000001"}
    assert change.redirects.to_numpy().tolist() == [["GR0000000002", "GR0000000001"]]


def test_a_split_keeps_the_id_with_the_anchor_even_where_it_is_the_smaller_part() -> None:
    xref, change = after([{"a1", "a2", "c1"}], [{"a1", "a2"}, {"c1"}])
    assert current(xref) == {"c1": "GR0000000001", "a1": "GR0000000002", "a2": "GR0000000002"}
    assert change.redirects.empty


def test_a_split_without_anchor_keeps_the_id_with_the_larger_part() -> None:
    xref, _ = after([{"a1", "b1", "b2"}], [{"a1"}, {"b1", "b2"}])
    assert current(xref) == {"a1": "GR0000000002", "b1": "GR0000000001", "b2": "GR0000000001"}


def test_a_number_is_never_used_again() -> None:
    xref, _ = after([{"c1"}, {"e1"}], [{"c1", "e1"}], [{"c1", "e1"}, {"e2"}])
    assert current(xref)["e2"] == "GR0000000003"


def test_a_party_that_is_absent_today_keeps_its_row() -> None:
    xref, change = after([{"c1"}, {"c2"}], [{"c1"}])
    assert current(xref)["c2"] == "GR0000000002"
    assert change.is_empty


@st.composite
def partitions(draw: st.DrawFn, parties: list[str]) -> list[set[str]]:
    labels = {party: draw(st.integers(0, 3)) for party in parties}
    groups: dict[int, set[str]] = {}
    for party, label in labels.items():
        groups.setdefault(label, set()).add(party)
    return list(groups.values())


PARTIES = [f"{kind}{number}" for kind in "ce" for number in range(4)]


@settings(max_examples=50, deadline=None)
@given(partitions(PARTIES[:6]), st.data())
def test_adding_records_keeps_every_id(first: list[set[str]], data: st.DataObject) -> None:
    xref, _ = after(first)
    before = current(xref)
    grown = [set(cluster) for cluster in first]
    for party in PARTIES[6:]:
        target = data.draw(st.integers(0, len(grown)))
        if target == len(grown):
            grown.append({party})
        else:
            grown[target].add(party)
    change = assign_gr_ids(resolution(grown), xref)
    now = current(apply(xref, change))
    assert {party: now[party] for party in before} == before


@settings(max_examples=50, deadline=None)
@given(partitions(PARTIES), partitions(PARTIES), partitions(PARTIES))
def test_any_history_gives_one_id_per_entity_and_a_stable_rerun(
    one: list[set[str]], two: list[set[str]], three: list[set[str]]
) -> None:
    xref, change = after(one, two, three)
    now = current(xref)
    assert {frozenset(cluster) for cluster in three} == {
        frozenset(party for party, gr_id in now.items() if gr_id == wanted) for wanted in set(now.values())
    }
    assert assign_gr_ids(resolution(three), xref).is_empty
    assert not set(change.redirects["gr_id_from"]) & set(now.values())
    assert set(change.redirects["gr_id_to"]) <= set(now.values())
