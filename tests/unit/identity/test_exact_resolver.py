"""The exact rules: what links two records, what does not, and when a link became known."""

from dataclasses import dataclass, field

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.identity import ExactResolver, InvalidRecordsError, Resolution

DAY = pd.Timestamp("2014-01-01", tz="UTC")


@dataclass(frozen=True)
class Rule:
    name: str
    column: str
    unique_within: str | None = None


@dataclass(frozen=True)
class Config:
    anchor_record_type: str = "client"
    linkage: None = None
    identity_rules: tuple[Rule, ...] = field(
        default=(Rule("customer_ref", "customer_ref"), Rule("unique_phone", "phone", "client"))
    )


def record(party_id: str, kind: str, *, day: int = 0, ref: str | None = None, phone: str | None = None) -> dict:
    known_at = DAY + pd.Timedelta(days=day)
    return {
        "party_id": party_id,
        "record_type": kind,
        "known_at": known_at,
        "customer_ref": ref,
        "phone": phone,
    }


def resolve(*records: dict) -> Resolution:
    return ExactResolver().resolve(pd.DataFrame(list(records)), Config())


def clusters(resolution: Resolution) -> set[frozenset[str]]:
    return {frozenset(group) for _, group in resolution.entities.groupby("entity")["party_id"]}


def links(resolution: Resolution) -> dict[str, tuple[str, int]]:
    rows = resolution.entities.itertuples()
    return {row.party_id: (row.link_rule, (row.known_at - DAY).days) for row in rows}


def test_a_record_that_names_a_party_belongs_to_it_once_both_are_known() -> None:
    result = resolve(record("c1", "client", day=3), record("e1", "caller", day=1, ref="c1"))
    assert clusters(result) == {frozenset({"c1", "e1"})}
    assert links(result) == {"c1": ("anchor", 3), "e1": ("customer_ref", 3)}


def test_a_phone_links_only_where_one_client_has_it() -> None:
    result = resolve(
        record("c1", "client", phone="1"),
        record("c2", "client", phone="2"),
        record("c3", "client", phone="2"),
        record("e1", "caller", day=5, phone="1"),
        record("e2", "caller", phone="2"),
        record("e3", "caller", phone="3"),
        record("e4", "caller", phone="3"),
    )
    assert clusters(result) == {
        frozenset({"c1", "e1"}),
        *(frozenset({x}) for x in ("c2", "c3", "e2", "e3", "e4")),
    }
    assert links(result)["e1"] == ("unique_phone", 5)
    assert links(result)["e2"] == ("own_record", 0)


def test_a_phone_that_two_clients_had_one_after_the_other_links_nobody() -> None:
    result = resolve(
        record("c1", "client", phone="1"),
        record("c1", "client", day=9, phone="2"),
        record("c2", "client", day=9, phone="1"),
        record("e1", "caller", phone="1"),
    )
    assert frozenset({"e1"}) in clusters(result)


def test_a_link_that_would_join_two_anchors_is_left_out_and_reported() -> None:
    result = resolve(
        record("c1", "client", phone="1"), record("c2", "client"), record("e1", "caller", ref="c2", phone="1")
    )
    assert clusters(result) == {frozenset({"c1"}), frozenset({"c2", "e1"})}
    assert result.conflicts[["party_id_a", "party_id_b", "rule_name"]].to_numpy().tolist() == [
        ["c1", "e1", "unique_phone"]
    ]


def test_a_reference_to_nobody_is_counted_and_links_nothing() -> None:
    result = resolve(record("c1", "client"), record("e1", "caller", ref="c9"))
    assert result.unknown_references == 1
    assert len(clusters(result)) == 2


def test_a_chain_is_known_when_its_last_link_is() -> None:
    result = resolve(
        record("c1", "client"),
        record("e1", "caller", day=7, ref="c1"),
        record("e2", "caller", day=2, ref="e1"),
    )
    assert links(result) == {"c1": ("anchor", 0), "e1": ("customer_ref", 7), "e2": ("customer_ref", 7)}


def test_no_records_resolve_to_nothing() -> None:
    empty = pd.DataFrame([record("c1", "client")]).iloc[:0]
    result = ExactResolver().resolve(empty, Config())
    assert result.entities.empty
    assert result.edges.empty


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([record("c1", "client")]).drop(columns="phone"), r"lack the columns \['phone'\]"),
        (pd.DataFrame([record("c1", "client") | {"party_id": None}]), "1 of 1 records have no party_id"),
        (pd.DataFrame([record("c1", "client"), record("c1", "caller")]), "1 parties have two record types"),
    ],
)
def test_bad_records_are_refused_with_what_was_expected(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidRecordsError, match=message):
        ExactResolver().resolve(frame, Config())


PHONES = st.one_of(st.none(), st.sampled_from("123"))


@st.composite
def populations(draw: st.DrawFn) -> list[dict]:
    clients = [f"c{i}" for i in range(draw(st.integers(0, 5)))]
    callers = [f"e{i}" for i in range(draw(st.integers(0, 6)))]
    rows = [record(c, "client", day=draw(st.integers(0, 9)), phone=draw(PHONES)) for c in clients]
    for caller in callers:
        for _ in range(draw(st.integers(1, 2))):
            ref = draw(st.one_of(st.none(), st.sampled_from([*clients, *callers, "nobody"])))
            rows.append(record(caller, "caller", day=draw(st.integers(0, 9)), ref=ref, phone=draw(PHONES)))
    return rows


@settings(max_examples=50, deadline=None)
@given(populations().filter(bool), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_no_entity_holds_two_anchors(rows: list[dict], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = resolve(*rows), resolve(*shuffled)
    pd.testing.assert_frame_equal(one.entities, other.entities)
    pd.testing.assert_frame_equal(one.edges, other.edges)
    pd.testing.assert_frame_equal(one.conflicts, other.conflicts)
    assert one.entities.groupby("entity")["is_anchor"].sum().max() <= 1
    assert (one.entities["entity"] <= one.entities["party_id"]).all()


@settings(max_examples=50, deadline=None)
@given(populations().filter(bool), st.integers(0, 9))
def test_a_link_known_by_a_day_needs_no_record_of_later_days(rows: list[dict], day: int) -> None:
    """Reachability by the cut-off from the first record, walked step by step over the accepted edges."""
    cutoff = DAY + pd.Timedelta(days=day)
    result = resolve(*rows)
    by_id = result.entities.set_index("party_id")
    first_known = pd.DataFrame(rows).groupby("party_id")["known_at"].min()
    for _, group in result.entities.groupby("entity"):
        ranked = group.assign(first=group["party_id"].map(first_known)).sort_values(
            ["is_anchor", "first", "party_id"], ascending=[False, True, True]
        )
        root = ranked["party_id"].iloc[0]
        reached = {root} if first_known[root] <= cutoff else set()
        edges = result.edges[result.edges["evidence_known_at"] <= cutoff]
        for _ in range(len(group)):
            for edge in edges.itertuples():
                if edge.party_id_a in reached or edge.party_id_b in reached:
                    reached |= {edge.party_id_a, edge.party_id_b}
        known = set(group.loc[by_id.loc[group["party_id"], "known_at"].le(cutoff).to_numpy(), "party_id"])
        assert known == reached & set(group["party_id"])
