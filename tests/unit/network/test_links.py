"""How much relationships and money count as links."""

import pandas as pd

from ml.network import links


def relationships(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["gr_id_from", "gr_id_to", "relationship_type", "confidence"])


def flows(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["gr_id_from", "gr_id_to", "payments_count"])


def rows(edges: pd.DataFrame) -> set[tuple[str, str, float]]:
    return set(edges.itertuples(index=False, name=None))


def test_of_several_relationships_of_a_pair_the_strongest_counts() -> None:
    stated = relationships(
        ("a", "b", "parent", 0.95),
        ("b", "a", "child", 0.95),
        ("a", "b", "same_household", 0.8),
        ("c", "b", "guarantor", 1.0),
    )
    assert rows(links(stated, flows())) == {("a", "b", 0.95), ("b", "c", 0.75)}


def test_a_type_of_a_source_s_own_counts_half() -> None:
    assert rows(links(relationships(("a", "b", "trustee", 0.9)), flows())) == {("a", "b", 0.45)}


def test_money_counts_in_steps_of_payments_in_both_directions() -> None:
    paid = flows(("a", "b", 1), ("b", "c", 2), ("c", "b", 2), ("d", "e", 7), ("e", "f", 8), ("f", "g", 3))
    assert rows(links(relationships(), paid)) == {
        ("a", "b", 0.25), ("b", "c", 0.75), ("d", "e", 0.75), ("e", "f", 1.0), ("f", "g", 0.5),
    }  # fmt: skip


def test_money_comes_on_top_of_a_relationship() -> None:
    both = links(relationships(("b", "a", "spouse", 1.0)), flows(("a", "b", 9)))
    assert sorted(both["weight"]) == [1.0, 1.0]


def test_nothing_known_is_no_links() -> None:
    assert links(relationships(), flows()).empty
