"""Golden record ids stay: reruns, additions, merges, splits."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.identity import Resolution, XrefChange, assign_gr_ids
from ml.identity.resolution import CONFLICT_COLUMNS, EDGE_COLUMNS, ENTITY_COLUMNS

DAY = pd.Timestamp("2014-01-01", tz="UTC")
TIMES = ("known_at", "superseded_at", "recorded_at", "retired_at")
NO_XREF = pd.DataFrame(
    {
        **{column: pd.Series(dtype=object) for column in ("party_id", "gr_id", "link_rule")},
        "link_probability": pd.Series(dtype=float),
        "model_version": pd.Series(dtype=object),
        **{column: pd.Series(dtype="datetime64[s]") for column in ("valid_from", "valid_to")},
        **{column: pd.Series(dtype="datetime64[us, UTC]") for column in TIMES},
    }
)


def day(number: int) -> pd.Timestamp:
    return DAY + pd.Timedelta(days=number)


def resolution(clusters: list[set[str]], known: dict[str, int] | None = None, rule: str = "rule") -> Resolution:
    """Parties whose name starts with c are anchors; each is linked to the smallest of its cluster."""
    rows, links = [], []
    for cluster in clusters:
        root = min(cluster)
        for party in cluster:
            when = day((known or {}).get(party, 0))
            is_anchor = party.startswith("c")
            rows.append((party, root, is_anchor, "anchor" if is_anchor else rule, 1.0, when))
            if party != root:
                links.append((root, party, rule, 1.0, when))
    entities = pd.DataFrame(rows, columns=ENTITY_COLUMNS).sort_values("party_id", ignore_index=True)
    edges = pd.DataFrame(links, columns=EDGE_COLUMNS)
    return Resolution(edges=edges, entities=entities, conflicts=pd.DataFrame(columns=CONFLICT_COLUMNS))


def apply(xref: pd.DataFrame, change: XrefChange) -> pd.DataFrame:
    """What the store does, in a frame."""
    kept = xref.copy()
    ended = xref["retired_at"].isna() & xref["party_id"].isin(change.retired["party_id"])
    until = change.retired.set_index("party_id")["superseded_at"].reindex(kept.loc[ended, "party_id"])
    kept.loc[ended, "superseded_at"] = until.to_numpy()
    kept.loc[ended, "retired_at"] = DAY
    added = change.new.assign(superseded_at=None, recorded_at=DAY, retired_at=None).astype(NO_XREF.dtypes.to_dict())
    return pd.concat([kept, added[kept.columns]], ignore_index=True)


def current(xref: pd.DataFrame) -> dict[str, str]:
    rows = xref[xref["retired_at"].isna()]
    assert rows["party_id"].is_unique
    return dict(zip(rows["party_id"], rows["gr_id"], strict=True))


def as_known(xref: pd.DataFrame, cutoff: pd.Timestamp) -> dict[str, str]:
    """What a run with this cut-off reads."""
    rows = xref[xref["known_at"].le(cutoff) & (xref["superseded_at"].isna() | xref["superseded_at"].gt(cutoff))]
    assert rows["party_id"].is_unique
    return dict(zip(rows["party_id"], rows["gr_id"], strict=True))


def events(change: XrefChange) -> list[tuple[str, str, str | None, int, str]]:
    columns = ["event", "gr_id", "other_gr_id", "party_count", "cause"]
    return [tuple(row) for row in change.events[columns].itertuples(index=False)]


def after(*steps: list[set[str]]) -> tuple[pd.DataFrame, XrefChange]:
    """Runs of one day after the other."""
    xref = NO_XREF
    for number, clusters in enumerate(steps):
        change = assign_gr_ids(resolution(clusters), xref, knowledge_cutoff=day(10 + number))
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
    assert events(change) == [
        ("merged", "GR0000000001", "GR0000000002", 1, "rule"),
        ("retired", "GR0000000002", "GR0000000001", 1, "rule"),
    ]


def test_a_split_keeps_the_id_with_the_larger_part_even_where_the_other_holds_the_anchor() -> None:
    xref, change = after([{"a1", "a2", "c1"}], [{"a1", "a2"}, {"c1"}])
    assert current(xref) == {"a1": "GR0000000001", "a2": "GR0000000001", "c1": "GR0000000002"}
    assert change.redirects.empty
    assert events(change) == [
        ("created", "GR0000000002", None, 1, "evidence_gone"),
        ("split", "GR0000000001", "GR0000000002", 1, "evidence_gone"),
    ]


def test_of_equal_parts_the_one_with_the_anchor_keeps_the_id_then_the_smallest_party() -> None:
    xref, _ = after([{"a1", "c1"}, {"b1", "b2"}], [{"a1"}, {"c1"}, {"b1"}, {"b2"}])
    assert current(xref) == {"c1": "GR0000000001", "b1": "GR0000000002", "a1": "GR0000000003", "b2": "GR0000000004"}


def test_a_split_counts_the_records_that_had_the_id_not_those_that_came() -> None:
    xref, _ = after([{"a1", "a2", "a3"}, {"b1"}], [{"a1", "a2"}, {"a3", "b1", "b2", "b3"}])
    assert current(xref)["a1"] == "GR0000000001"
    assert current(xref)["a3"] == "GR0000000002"


def test_a_merge_that_is_split_again_does_not_bring_the_retired_id_back() -> None:
    xref, change = after([{"a1"}, {"b1"}], [{"a1", "b1"}], [{"a1"}, {"b1"}])
    assert current(xref) == {"a1": "GR0000000001", "b1": "GR0000000003"}
    assert events(change)[1][:3] == ("split", "GR0000000001", "GR0000000003")


def test_earlier_cut_offs_keep_the_ids_that_were_known_by_them() -> None:
    xref, _ = after([{"a1"}, {"b1"}], [{"a1", "b1"}], [{"a1"}, {"b1"}])
    assert as_known(xref, day(10)) == {"a1": "GR0000000001", "b1": "GR0000000002"}
    assert as_known(xref, day(11)) == {"a1": "GR0000000001", "b1": "GR0000000001"}
    assert as_known(xref, day(12)) == {"a1": "GR0000000001", "b1": "GR0000000003"}


def test_a_merge_by_evidence_of_a_later_day_is_known_on_that_day_and_not_before() -> None:
    xref = apply(NO_XREF, assign_gr_ids(resolution([{"b1"}, {"c1"}]), NO_XREF, knowledge_cutoff=day(1)))
    linked = resolution([{"b1", "c1"}], known={"c1": 5})
    xref = apply(xref, assign_gr_ids(linked, xref, knowledge_cutoff=day(2)))
    assert as_known(xref, day(4)) == {"b1": "GR0000000001", "c1": "GR0000000002"}
    assert as_known(xref, day(5)) == {"b1": "GR0000000001", "c1": "GR0000000001"}
    assert assign_gr_ids(linked, xref, knowledge_cutoff=day(3)).is_empty


def test_who_moves_to_an_id_is_not_known_there_before_those_that_hold_it_are_linked() -> None:
    """The anchor moves to the older id of a caller; its own record was known long before the link was."""
    xref = apply(NO_XREF, assign_gr_ids(resolution([{"b1"}, {"c1"}]), NO_XREF, knowledge_cutoff=day(1)))
    change = assign_gr_ids(resolution([{"b1", "c1"}], known={"b1": 5}), xref, knowledge_cutoff=day(2))
    assert change.new["party_id"].tolist() == ["c1"]
    assert change.new["known_at"].tolist() == [day(5)]


def test_other_evidence_for_the_same_id_corrects_the_row_and_changes_nothing_that_was_known() -> None:
    xref, _ = after([{"a1", "b1"}])
    other = resolution([{"a1", "b1"}], known={"b1": 3}, rule="other")
    change = assign_gr_ids(other, xref, knowledge_cutoff=day(12))
    assert [event[0] for event in events(change)] == ["corrected"]
    assert as_known(apply(xref, change), day(0)) == as_known(xref, day(0))


def test_evidence_found_earlier_makes_the_first_row_known_earlier_yet_not_one_that_took_anothers_place() -> None:
    xref = apply(NO_XREF, assign_gr_ids(resolution([{"a1"}], known={"a1": 5}), NO_XREF))
    xref = apply(xref, assign_gr_ids(resolution([{"a1"}], known={"a1": 2}), xref, knowledge_cutoff=day(9)))
    assert as_known(xref, day(2)) == {"a1": "GR0000000001"}
    merged, _ = after([{"a1"}, {"b1"}], [{"a1", "b1"}])
    assert assign_gr_ids(resolution([{"a1", "b1"}]), merged, knowledge_cutoff=day(12)).is_empty


def test_a_deletion_gives_the_same_id_other_days_and_is_known_from_the_run_on() -> None:
    xref, _ = after([{"a1"}])
    days = pd.DataFrame({"party_id": ["a1"], "valid_from": [day(0).date()], "valid_to": [day(11).date()]})
    change = assign_gr_ids(resolution([{"a1"}]), xref, knowledge_cutoff=day(12), validity=days)
    assert events(change) == [
        ("retired", "GR0000000001", None, 1, "records_gone"),
        ("validity_changed", "GR0000000001", None, 1, "source"),
    ]
    xref = apply(xref, change)
    known = xref.set_index("known_at")["valid_to"]
    assert known.isna().to_dict() == {day(0): True, day(12): False}
    assert assign_gr_ids(resolution([{"a1"}]), xref, knowledge_cutoff=day(13), validity=days).is_empty


def ended(*parties: str, until: int = 11) -> pd.DataFrame:
    """Validity of parties that their source ended; of any other nothing is given."""
    days = (day(0).date(), day(until).date())
    return pd.DataFrame([(party, *days) for party in parties], columns=["party_id", "valid_from", "valid_to"])


def test_an_id_is_retired_when_its_last_record_is_gone_and_a_record_that_returns_has_it_again() -> None:
    both = resolution([{"a1", "b1"}])
    xref, _ = after([{"a1", "b1"}])
    one = assign_gr_ids(both, xref, knowledge_cutoff=day(12), validity=ended("b1"))
    assert [event for event, *_ in events(one)] == ["validity_changed"]
    xref = apply(xref, one)
    last = assign_gr_ids(both, xref, knowledge_cutoff=day(13), validity=ended("a1", "b1"))
    assert events(last)[0] == ("retired", "GR0000000001", None, 1, "records_gone")
    assert last.events["known_at"].tolist() == [day(13), day(13)]
    assert last.redirects.empty
    xref = apply(xref, last)
    assert assign_gr_ids(both, xref, knowledge_cutoff=day(14), validity=ended("a1", "b1")).is_empty
    back = assign_gr_ids(both, xref, knowledge_cutoff=day(15), validity=ended("b1"))
    assert events(back) == [("validity_changed", "GR0000000001", None, 1, "source")]
    xref = apply(xref, back)
    assert current(xref) == {"a1": "GR0000000001", "b1": "GR0000000001"}
    again = assign_gr_ids(both, xref, knowledge_cutoff=day(16), validity=ended("a1", "b1"))
    assert events(again)[0] == ("retired", "GR0000000001", None, 1, "records_gone")


def test_an_id_that_its_living_records_leave_for_another_is_retired_with_what_is_gone() -> None:
    xref, _ = after([{"a1", "b1", "b2"}, {"c1", "d1", "d2", "d3"}])
    clusters = resolution([{"b1", "b2"}, {"a1", "c1", "d1", "d2", "d3"}])
    change = assign_gr_ids(clusters, xref, knowledge_cutoff=day(12), validity=ended("b1", "b2"))
    told = [row for row in events(change) if row[0] in ("moved", "retired")]
    assert told == [
        ("moved", "GR0000000001", "GR0000000002", 1, "rule"),
        ("retired", "GR0000000001", None, 3, "records_gone"),
    ]


def test_a_number_that_only_the_ledger_knows_is_not_used_again() -> None:
    change = assign_gr_ids(resolution([{"a1"}]), NO_XREF, last_number=41)
    assert change.new["gr_id"].tolist() == ["GR0000000042"]


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


@settings(max_examples=25, deadline=None)
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


@settings(max_examples=25, deadline=None)
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


@st.composite
def noisy_histories(draw: st.DrawFn) -> list[list[set[str]]]:
    """Steps in which records come, go and are linked anew."""
    steps = []
    for _ in range(draw(st.integers(2, 5))):
        there = draw(st.lists(st.sampled_from(PARTIES), unique=True, min_size=1))
        steps.append(draw(partitions(there)))
    return steps


@settings(max_examples=40, deadline=None)
@given(noisy_histories())
def test_under_noise_every_id_stays_with_most_of_its_records_and_none_is_used_for_two_histories(
    steps: list[list[set[str]]],
) -> None:
    xref, holders, ended = NO_XREF, {}, set()
    for number, clusters in enumerate(steps):
        before = current(xref)
        change = assign_gr_ids(resolution(clusters), xref, knowledge_cutoff=day(10 + number))
        xref = apply(xref, change)
        now = current(xref)
        assert set(before) <= set(now)
        assert set(now.values()) & ended == set()
        for gr_id in sorted(set(before.values())):
            held = {party for party, was in before.items() if was == gr_id and party in set().union(*clusters)}
            parts = sorted((cluster & held for cluster in clusters if cluster & held), key=len)
            larger = parts and (len(parts) == 1 or len(parts[-1]) > len(parts[-2]))
            if larger:
                heir = now[min(parts[-1])]
                # The larger part has the id, or an older one that it was merged into.
                assert heir == gr_id or (heir < gr_id and heir in before.values())
        for gr_id in set(now.values()):
            members = {party for party, is_now in now.items() if is_now == gr_id}
            # An id that is in use is continued by at least one record that had it before.
            assert gr_id not in holders or members & holders[gr_id]
            holders[gr_id] = members
        ended |= set(before.values()) - set(now.values())
        assert set(change.events.loc[change.events["event"].eq("retired"), "gr_id"]) == set(before.values()) - set(
            now.values()
        )
        assert sorted(change.events.loc[change.events["event"].eq("created"), "gr_id"]) == sorted(
            set(now.values()) - set(xref.loc[xref["retired_at"].notna(), "gr_id"]) - set(before.values())
        )


@settings(max_examples=25, deadline=None)
@given(noisy_histories())
def test_whatever_comes_later_every_cut_off_keeps_the_ids_it_had(steps: list[list[set[str]]]) -> None:
    xref, seen = NO_XREF, {}
    for number, clusters in enumerate(steps):
        # Records of a step are known by its cut-off.
        newly = {party: number for cluster in clusters for party in cluster}
        xref = apply(xref, assign_gr_ids(resolution(clusters, known=newly), xref, knowledge_cutoff=day(number)))
        seen[number] = as_known(xref, day(number))
        for earlier, ids in seen.items():
            assert as_known(xref, day(earlier)) == ids
