"""Links of several sources and what people decided: the order in which they are followed, and what is left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.identity import EvidenceResolver, ExactResolver, ExactRules, IdentityConfig, InvalidEdgesError, Resolution
from ml.identity.resolution import EDGE_COLUMNS, OVERRIDE_COLUMNS

DAY = pd.Timestamp("2014-01-01", tz="UTC")


@dataclass(frozen=True)
class Rule:
    name: str
    column: str
    unique_within: str | None = None


@dataclass(frozen=True)
class Config:
    anchor_record_type: str = "client"
    identity_rules: tuple[Rule, ...] = (Rule("customer_ref", "customer_ref"), Rule("phone", "phone"))


@dataclass(frozen=True)
class Linkage:
    """A model that gives the edges it was told."""

    found: tuple[tuple[str, str, float], ...] = ()
    model_version: str | None = "linkage-7"

    def columns(self, config: IdentityConfig) -> Sequence[str]:
        return ["phone"]

    def edges(self, records: pd.DataFrame, config: IdentityConfig) -> pd.DataFrame:
        known = records.groupby("party_id")["known_at"].min()
        rows = [(a, b, "linkage", p, max(known.get(a, DAY), known.get(b, DAY))) for a, b, p in self.found]
        return pd.DataFrame(rows, columns=EDGE_COLUMNS).astype({"match_probability": float})


def record(party_id: str, *, ref: str | None = None, phone: str | None = None) -> dict[str, object]:
    kind = "client" if party_id.startswith("c") else "caller"
    return {"party_id": party_id, "record_type": kind, "known_at": DAY, "customer_ref": ref, "phone": phone}


def decided(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(*row, DAY) for row in rows], columns=OVERRIDE_COLUMNS)


def resolve(
    records: Sequence[dict[str, object]],
    linkage: Sequence[tuple[str, str, float]] = (),
    overrides: pd.DataFrame | None = None,
) -> Resolution:
    resolver = EvidenceResolver((ExactRules(), Linkage(tuple(linkage))))
    return resolver.resolve(pd.DataFrame(list(records)), Config(), overrides)


def clusters(resolution: Resolution) -> set[frozenset[str]]:
    return {frozenset(group) for _, group in resolution.entities.groupby("entity")["party_id"]}


def left_out(resolution: Resolution) -> list[tuple[str, str, str, str]]:
    columns = ["party_id_a", "party_id_b", "rule_name", "reason"]
    return [tuple(row) for row in resolution.conflicts[columns].itertuples(index=False)]


def test_of_two_links_to_different_anchors_the_more_probable_is_followed() -> None:
    records = [record("c1"), record("c2"), record("e1")]
    result = resolve(records, [("c1", "e1", 0.91), ("c2", "e1", 0.97)])
    assert clusters(result) == {frozenset({"c1"}), frozenset({"c2", "e1"})}
    assert left_out(result) == [("c1", "e1", "linkage", "two_anchors")]


def test_an_exact_rule_goes_before_any_probability_and_a_decision_before_both() -> None:
    records = [record("c1"), record("c2"), record("c3", phone="1"), record("e1", phone="1")]
    linkage = [("c1", "e1", 0.999)]
    assert frozenset({"c3", "e1"}) in clusters(resolve(records, linkage))
    result = resolve(records, linkage, decided((5, "must_link", "c2", "e1")))
    assert frozenset({"c2", "e1"}) in clusters(result)
    assert result.entities.set_index("party_id").loc["e1", "link_rule"] == "override:5"


def test_probabilities_that_differ_only_by_the_order_of_a_sum_are_equal() -> None:
    records = [record("c1"), record("c2"), record("e1")]
    for noise in (-1e-12, 1e-12):
        result = resolve(records, [("c1", "e1", 0.9), ("c2", "e1", 0.9 + noise)])
        assert frozenset({"c1", "e1"}) in clusters(result)


def test_a_separated_pair_is_kept_apart_through_any_chain_at_the_weakest_link() -> None:
    records = [record(f"e{number}") for number in range(5)]
    chain = [("e0", "e1", 0.99), ("e1", "e2", 0.95), ("e2", "e3", 0.98), ("e3", "e4", 0.97)]
    result = resolve(records, chain, decided((3, "cannot_link", "e0", "e4")))
    assert clusters(result) == {frozenset({"e0", "e1"}), frozenset({"e2", "e3", "e4"})}
    assert left_out(result) == [("e1", "e2", "linkage", "cannot_link")]
    assert result.conflicts["against_override_id"].tolist() == [3]


def test_groups_inherit_what_each_of_their_records_is_kept_apart_from() -> None:
    records = [record(f"e{number}") for number in range(6)]
    edges = [("e0", "e1", 0.99), ("e2", "e3", 0.98), ("e1", "e3", 0.97), ("e3", "e4", 0.96), ("e4", "e5", 0.95)]
    apart = decided((1, "cannot_link", "e0", "e5"), (2, "cannot_link", "e2", "e5"))
    result = resolve(records, edges, apart)
    assert clusters(result) == {frozenset({"e0", "e1", "e2", "e3", "e4"}), frozenset({"e5"})}


def test_a_decision_about_an_unknown_record_is_not_followed_and_breaks_nothing() -> None:
    result = resolve([record("e1")], (), decided((1, "must_link", "e1", "e9"), (2, "cannot_link", "e1", "e8")))
    assert clusters(result) == {frozenset({"e1"})}


def test_the_weakest_link_on_the_way_is_the_probability_of_a_record() -> None:
    records = [record("c1"), record("e1"), record("e2"), record("e3", ref="e2")]
    result = resolve(records, [("c1", "e1", 0.95), ("e1", "e2", 0.99)])
    rows = result.entities.set_index("party_id")
    assert rows["link_probability"].to_dict() == {"c1": 1.0, "e1": 0.95, "e2": 0.95, "e3": 0.95}
    assert rows.loc["e3", "link_rule"] == "customer_ref"
    assert result.model_versions == {"linkage": "linkage-7"}


def test_of_an_exact_and_a_probable_link_known_together_the_exact_one_is_told() -> None:
    result = resolve([record("c1", phone="1"), record("e1", phone="1")], [("c1", "e1", 0.99)])
    assert result.entities.set_index("party_id").loc["e1", ["link_rule", "link_probability"]].tolist() == ["phone", 1.0]
    assert result.edges["rule_name"].tolist() == ["linkage", "phone"]


def test_records_that_name_each_other_are_one_link() -> None:
    records = [record("e1", ref="e2"), record("e2", ref="e1")]
    assert len(ExactResolver().resolve(pd.DataFrame(records), Config()).edges) == 1


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        (("e1", "e9", 0.9), "1 of unknown records"),
        (("e2", "e1", 0.9), "1 not in the order"),
        (("e1", "e2", 1.1), "1 without a probability"),
        (("e1", "e2", float("nan")), "1 without a probability"),
    ],
)
def test_edges_that_are_none_are_refused(edge: tuple[str, str, float], message: str) -> None:
    with pytest.raises(InvalidEdgesError, match=message):
        resolve([record("e1"), record("e2")], [edge])


def test_a_link_given_twice_is_refused() -> None:
    with pytest.raises(InvalidEdgesError, match="2 edges of linkage: 1 there twice"):
        resolve([record("e1"), record("e2")], [("e1", "e2", 0.9), ("e1", "e2", 0.8)])


PARTIES = [*(f"c{number}" for number in range(3)), *(f"e{number}" for number in range(6))]
PAIRS = [(a, b) for place, a in enumerate(PARTIES) for b in PARTIES[place + 1 :]]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_the_evidence_no_entity_breaks_a_rule_and_order_does_not_matter(data: st.DataObject) -> None:
    phones = [data.draw(st.sampled_from([None, "1", "2"])) for _ in PARTIES]
    records = [record(party, phone=phone) for party, phone in zip(PARTIES, phones, strict=True)]
    pairs = data.draw(st.lists(st.sampled_from(PAIRS), unique=True, max_size=12))
    edges = [(a, b, data.draw(st.sampled_from([0.8, 0.9, 0.95]))) for a, b in pairs]
    kinds = st.sampled_from(["must_link", "cannot_link"])
    chosen = data.draw(st.lists(st.sampled_from(PAIRS), unique=True, max_size=5))
    overrides = decided(*((number, data.draw(kinds), *pair) for number, pair in enumerate(chosen)))

    result = resolve(records, edges, overrides)
    entity = result.entities.set_index("party_id")["entity"]
    assert result.entities.groupby("entity")["is_anchor"].sum().max() <= 1
    for row in overrides.itertuples():
        if row.kind == "cannot_link":
            assert entity[row.party_id_a] != entity[row.party_id_b]
    # What is left out really would have broken a rule: its ends are in different entities.
    for row in result.conflicts.itertuples():
        assert entity[row.party_id_a] != entity[row.party_id_b]
    # A decision is left out only for another decision or an anchor.
    assert len(result.edges) + len(result.conflicts) == len(resolve(records, edges).edges) + len(
        resolve(records, edges).conflicts
    ) + int(overrides["kind"].eq("must_link").sum())

    shuffled = resolve(data.draw(st.permutations(records)), data.draw(st.permutations(edges)), overrides.iloc[::-1])
    for one, other in (
        (result.entities, shuffled.entities), (result.edges, shuffled.edges), (result.conflicts, shuffled.conflicts),
    ):  # fmt: skip
        pd.testing.assert_frame_equal(one, other)
