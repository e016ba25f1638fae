"""Communities from links: what they are, what they do not depend on, and what the ledger says of their days."""

import datetime as dt
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.network import CommunityConfig, CommunityResult, NetworkError, choose_scale, detect, rand_index
from ml.network.graph import build_graph
from ml.network.partition import _shares

DAYS = [dt.date(2026, 3, 1) + dt.timedelta(days=day) for day in range(30)]
# Two groups of six with one link between them are two; twelve who all know each other are one.
CONFIG = CommunityConfig(scale=400.0, seeds=5)


def clique(*people: str) -> list[tuple[str, str, float]]:
    return [(a, b, 1.0) for a, b in combinations(people, 2)]


def group(letter: str, size: int = 6) -> list[str]:
    return [f"{letter}{number}" for number in range(size)]


def frame(*links: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(links), columns=["gr_id_a", "gr_id_b", "weight"])


def community(result: CommunityResult, person: str) -> str:
    return str(result.members.set_index("gr_id").loc[person, "community_id"])


def events(result: CommunityResult) -> set[tuple[str, str, str | None]]:
    rows = result.ledger_events[["event", "community_id", "other_community_id"]]
    return {tuple(row) for row in rows.itertuples(index=False)}


graphs = st.lists(
    st.tuples(st.integers(0, 24), st.integers(0, 24), st.sampled_from([0.25, 0.5, 1.0])), min_size=1, max_size=80
).map(lambda rows: frame(*((f"p{a:02d}", f"p{b:02d}", weight) for a, b, weight in rows)))


def test_groups_with_few_links_between_them_are_communities() -> None:
    result = detect(
        frame(*clique(*group("a")), *clique(*group("b")), ("a0", "b0", 1.0)), config=CONFIG, as_of_date=DAYS[0]
    )
    assert {frozenset(rows["gr_id"]) for _, rows in result.members.groupby("community_id")} == {
        frozenset(group("a")), frozenset(group("b")),
    }  # fmt: skip
    assert result.members["cluster_id"].equals(result.members["community_id"])
    assert (result.members["stability"] == 1).all()
    assert (result.members["members_count"] == 6).all()
    assert events(result) == {("born", "C20260301-a0", None), ("born", "C20260301-b0", None)}


def test_an_empty_graph_has_no_communities_and_ends_those_of_the_day_before() -> None:
    first = detect(frame(*clique("a", "b", "c")), config=CONFIG, as_of_date=DAYS[0])
    second = detect(frame(), first, CONFIG, as_of_date=DAYS[1])
    assert second.members.empty
    assert events(second) == {("died", "C20260301-a", None)}
    assert detect(frame(), as_of_date=DAYS[0]).report.modularity is None


def test_a_single_pair_is_a_community_whatever_the_scale() -> None:
    result = detect(frame(("a", "b", 0.25)), as_of_date=DAYS[0])
    assert result.members["members_count"].tolist() == [2, 2]
    assert result.report.unassigned == 0


@settings(max_examples=40, deadline=None)
@given(graphs, graphs, st.randoms(use_true_random=False))
def test_the_order_and_direction_of_links_do_not_matter(first: pd.DataFrame, second: pd.DataFrame, chance) -> None:
    def shuffled(edges: pd.DataFrame) -> pd.DataFrame:
        rows = list(edges.itertuples(index=False, name=None))
        chance.shuffle(rows)
        return frame(*((b, a, weight) if chance.random() < 0.5 else (a, b, weight) for a, b, weight in rows))

    before = detect(first, config=CONFIG, as_of_date=DAYS[0])
    before_shuffled = detect(shuffled(first), config=CONFIG, as_of_date=DAYS[0])
    pd.testing.assert_frame_equal(before.members, before_shuffled.members)
    after = detect(second, before, CONFIG, as_of_date=DAYS[1])
    disordered = before_shuffled.members.sample(frac=1, random_state=chance.randrange(1000))
    after_shuffled = detect(shuffled(second), disordered, CONFIG, as_of_date=DAYS[1])
    pd.testing.assert_frame_equal(after.members, after_shuffled.members)
    pd.testing.assert_frame_equal(after.ledger_events, after_shuffled.ledger_events)
    assert after.report == after_shuffled.report


@settings(max_examples=40, deadline=None)
@given(graphs, graphs)
def test_what_is_not_connected_does_not_influence_each_other(one: pd.DataFrame, other: pd.DataFrame) -> None:
    renamed = other.assign(gr_id_a="q" + other["gr_id_a"], gr_id_b="q" + other["gr_id_b"])
    alone = detect(one, config=CONFIG, as_of_date=DAYS[0]).members
    together = detect(pd.concat([renamed, one]), config=CONFIG, as_of_date=DAYS[0]).members
    pd.testing.assert_frame_equal(together[together["gr_id"].isin(alone["gr_id"])].reset_index(drop=True), alone)


@settings(max_examples=40, deadline=None)
@given(graphs)
def test_a_day_without_change_changes_nothing_and_looks_at_nobody(edges: pd.DataFrame) -> None:
    first = detect(edges, config=CONFIG, as_of_date=DAYS[0])
    second = detect(edges, first, CONFIG, as_of_date=DAYS[1])
    pd.testing.assert_frame_equal(first.members, second.members)
    assert second.ledger_events.empty
    assert second.report.looked_at == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(graphs, min_size=2, max_size=6))
def test_an_id_that_ended_never_comes_back_and_the_ledger_explains_every_change(days: list[pd.DataFrame]) -> None:
    previous, ended = None, set()
    for day, edges in zip(DAYS, days, strict=False):
        result = detect(edges, previous, CONFIG, as_of_date=day)
        now = set(result.members["community_id"])
        before = set() if previous is None else set(previous.members["community_id"])
        assert not now & ended
        log = result.ledger_events
        assert set(log.loc[log["event"].isin(["born", "split"]), "community_id"]) == now - before
        assert set(log.loc[log["event"].isin(["merged", "died"]), "community_id"]) == before - now
        assert set(log["other_community_id"].dropna()) <= now | before
        ended |= before - now
        previous = result


@settings(max_examples=40, deadline=None)
@given(graphs, graphs)
def test_a_community_is_connected(first: pd.DataFrame, second: pd.DataFrame) -> None:
    before = detect(first, config=CONFIG, as_of_date=DAYS[0])
    members = detect(second, before, CONFIG, as_of_date=DAYS[1]).members.set_index("gr_id")["community_id"]
    inside = second[second["gr_id_a"].map(members) == second["gr_id_b"].map(members)]
    for _, people in members.groupby(members):
        reached, frontier = set(), {people.index[0]}
        while frontier:
            reached |= frontier
            links = inside[inside["gr_id_a"].isin(frontier) | inside["gr_id_b"].isin(frontier)]
            frontier = (set(links["gr_id_a"]) | set(links["gr_id_b"])) - reached
        assert reached == set(people.index)


def test_a_newcomer_joins_without_renaming_anybody() -> None:
    links = [*clique(*group("b")), *clique(*group("c")), ("b0", "c0", 1.0)]
    first = detect(frame(*links), config=CONFIG, as_of_date=DAYS[0])
    # Sorts before all others.
    second = detect(frame(*links, ("a9", "b1", 1.0), ("a9", "b2", 1.0)), first, CONFIG, as_of_date=DAYS[1])
    assert community(second, "a9") == community(first, "b0")
    assert second.ledger_events.empty
    assert second.report.agreement_with_day_before == 1


def test_a_merge_keeps_the_oldest_id_of_equals() -> None:
    young = detect(frame(*clique(*group("b"))), config=CONFIG, as_of_date=DAYS[0])
    both = [*clique(*group("a")), *clique(*group("b"))]
    second = detect(frame(*both), young, CONFIG, as_of_date=DAYS[1])
    bridges = [(a, b, 1.0) for a in group("a") for b in group("b")]
    third = detect(frame(*both, *bridges), second, CONFIG, as_of_date=DAYS[2])
    assert set(third.members["community_id"]) == {"C20260301-b0"}
    assert events(third) == {("merged", "C20260302-a0", "C20260301-b0")}
    assert third.ledger_events["shared_count"].tolist() == [6]
    assert third.report.merged == 1


def test_a_small_old_community_that_joins_a_large_one_does_not_rename_it() -> None:
    small = detect(frame(*clique("x", "y")), config=CONFIG, as_of_date=DAYS[0])
    large = [*clique(*group("a", 8)), *clique("x", "y")]
    second = detect(frame(*large), small, CONFIG, as_of_date=DAYS[1])
    joined = [
        *large,
        *(("x", person, 1.0) for person in group("a", 8)),
        *(("y", person, 1.0) for person in group("a", 8)),
    ]
    third = detect(frame(*joined), second, CONFIG, as_of_date=DAYS[2])
    assert set(third.members["community_id"]) == {"C20260302-a0"}


def test_the_larger_part_of_a_split_keeps_the_id() -> None:
    whole = frame(*clique(*group("a", 5), *group("b", 7)))
    first = detect(whole, config=CONFIG, as_of_date=DAYS[0])
    assert first.report.communities == 1
    parts = frame(*clique(*group("a", 5)), *clique(*group("b", 7)), ("a0", "b0", 1.0))
    second = detect(parts, first, CONFIG, as_of_date=DAYS[1])
    assert community(second, "b0") == "C20260301-a0"
    assert community(second, "a0") == "C20260302-a0"
    assert events(second) == {("split", "C20260302-a0", "C20260301-a0")}
    assert second.ledger_events[["members_count", "shared_count"]].values.tolist() == [[5, 5]]


def test_a_split_below_the_scale_is_seen_by_what_is_left_between_the_parts() -> None:
    # At this scale two groups of six are one community, whatever lies between them.
    coarse = CommunityConfig(scale=100_000.0, seeds=3)
    whole = frame(*clique(*group("a"), *group("b")))
    first = detect(whole, config=coarse, as_of_date=DAYS[0])
    assert first.report.communities == 1
    parts = [*clique(*group("a")), *clique(*group("b")), ("a0", "b0", 1.0)]
    second = detect(frame(*parts), first, coarse, as_of_date=DAYS[1])
    assert community(second, "a0") != community(second, "b0")
    together = CommunityConfig(scale=100_000.0, seeds=3, separation=0.0)
    assert detect(frame(*parts), first, together, as_of_date=DAYS[1]).report.communities == 1


def test_a_ring_of_friends_is_not_taken_apart() -> None:
    people = [f"p{number:02d}" for number in range(24)]
    ring = [(people[k], people[(k + step) % 24], 1.0) for k in range(24) for step in (1, 2, 3)]
    result = detect(frame(*ring), config=CommunityConfig(scale=100_000.0, seeds=3), as_of_date=DAYS[0])
    assert result.report.communities == 1


def test_parts_without_any_link_left_are_two_however_small() -> None:
    first = detect(frame(("a", "b", 1.0), ("b", "c", 1.0), ("c", "d", 1.0)), config=CONFIG, as_of_date=DAYS[0])
    second = detect(frame(("a", "b", 1.0), ("c", "d", 1.0)), first, CONFIG, as_of_date=DAYS[1])
    assert community(second, "a") == "C20260301-a"
    assert community(second, "c") == "C20260302-c"


def test_only_communities_with_a_changed_link_are_looked_at() -> None:
    links = [link for letter in "abcd" for link in clique(*group(letter))] + [
        ("a0", "b0", 1.0), ("b0", "c0", 1.0), ("c0", "d0", 1.0),
    ]  # fmt: skip
    first = detect(frame(*links), config=CONFIG, as_of_date=DAYS[0])
    assert first.report.communities == 4
    second = detect(frame(*links, ("e", "a1", 1.0)), first, CONFIG, as_of_date=DAYS[1])
    assert second.report.looked_at == 7
    assert community(second, "e") == community(first, "a1")


def test_a_resting_community_may_take_somebody_in() -> None:
    links = [*clique(*group("a")), *clique(*group("b")), ("a5", "b0", 1.0)]
    first = detect(frame(*links), config=CONFIG, as_of_date=DAYS[0])
    # a5 leaves its group for the other, whose own links but three stay as they are.
    moved = [link for link in links if "a5" not in link[:2]] + [("a5", f"b{k}", 1.0) for k in range(4)]
    second = detect(frame(*moved), first, CONFIG, as_of_date=DAYS[1])
    assert community(second, "a5") == community(first, "b0")
    assert second.ledger_events.empty


def test_somebody_between_two_communities_has_no_cluster_but_a_stability() -> None:
    sides = [*clique(*group("a", 8)), *clique(*group("b", 8))]
    between = [("m", person, 1.0) for person in (*group("a", 4), *group("b", 4))]
    result = detect(
        frame(*sides, *between), config=CommunityConfig(scale=400.0, seeds=20, min_stability=0.9), as_of_date=DAYS[0]
    )
    middle = result.members.set_index("gr_id").loc["m"]
    assert pd.isna(middle["cluster_id"])
    assert middle["community_id"] is not None
    assert 0 < middle["stability"] < 0.9
    assert (result.members.set_index("gr_id").drop("m")["stability"] > 0.9).all()


def test_a_run_that_joins_two_communities_confirms_the_larger_only() -> None:
    label, joined, cut = np.array([0, 0, 0, 1, 1]), np.zeros(5, int), np.array([0, 0, 1, 2, 2])
    people = np.ones(5, int)
    assert _shares(label, [joined], people).tolist() == [1, 1, 1, 0, 0]
    assert _shares(label, [cut], people).tolist() == [1, 1, 0, 1, 1]
    assert _shares(label, [joined, cut], people).tolist() == [1, 1, 0.5, 0.5, 0.5]
    # One node may stand for many people.
    assert _shares(label, [joined], np.array([1, 1, 1, 9, 1])).tolist() == [0, 0, 0, 1, 1]


def test_parts_that_only_others_connect_are_two_even_where_no_change_is_worth_taking() -> None:
    stubborn = CommunityConfig(scale=400.0, seeds=3, margin=1.0, separation=0.0)
    links = [*clique(*group("a")), *clique(*group("b")), ("a0", "b0", 1.0), ("a5", "b0", 1.0)]
    first = detect(frame(*links), config=stubborn, as_of_date=DAYS[0])
    halves = [
        link for link in links if {link[0], link[1]} <= {"a0", "a1", "a2"} or link[1][0] == "b" or min(link[:2]) > "a2"
    ]
    second = detect(frame(*halves), first, stubborn, as_of_date=DAYS[1])
    assert community(first, "a0") == community(first, "a5")
    assert community(second, "a0") != community(second, "a5")


def test_the_scale_is_chosen_where_the_planted_groups_are() -> None:
    chance = np.random.default_rng(3)
    groups = [[f"g{number:03d}-{k:02d}" for k in range(12)] for number in range(60)]
    inside = [link for people in groups for link in clique(*people) if chance.random() < 0.5]
    people = [person for members in groups for person in members]
    across = [(str(a), str(b), 1.0) for a, b in chance.choice(people, (400, 2)) if a != b]
    edges = frame(*inside, *across)
    graph = build_graph(edges)
    result = detect(edges, as_of_date=DAYS[0])
    assert result.report.scale == choose_scale(graph, CommunityConfig())
    planted = pd.factorize(result.members["gr_id"].str[:4])[0]
    assert rand_index(planted, pd.factorize(result.members["community_id"])[0]) > 0.95
    # Kept the next day, whatever that day would choose.
    second = detect(frame(*inside), result, as_of_date=DAYS[1])
    assert second.report.scale == result.report.scale


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (pd.DataFrame({"gr_id_a": ["a"], "gr_id_b": ["b"]}), r"lack the columns \['weight'\]"),
        (frame(("a", "b", 0.0)), "no number above 0 in 1 rows"),
        (frame(("a", "b", float("nan"))), "no number above 0 in 1 rows"),
        (pd.DataFrame({"gr_id_a": [None], "gr_id_b": ["b"], "weight": [1.0]}), "gr_id_a is missing in 1 rows"),
    ],
)
def test_links_that_are_no_graph_are_refused_with_the_reason(edges: pd.DataFrame, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        detect(edges, as_of_date=DAYS[0])


def test_a_day_before_with_somebody_twice_is_refused() -> None:
    twice = pd.DataFrame({"gr_id": ["a", "a"], "community_id": ["C1", "C2"]})
    with pytest.raises(NetworkError, match="1 people twice"):
        detect(frame(("a", "b", 1.0)), twice, as_of_date=DAYS[0])


def test_equal_partitions_agree_fully_and_unrelated_ones_not_at_all() -> None:
    one = np.repeat(np.arange(10), 20)
    assert rand_index(one, (one + 3) % 10) == 1
    assert abs(rand_index(one, np.random.default_rng(1).permutation(one))) < 0.05
    # Hubert and Arabie's definition on a table by hand: {1,2},{3,4} against {1,2,3},{4}.
    assert rand_index(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])) == pytest.approx(0.0)
