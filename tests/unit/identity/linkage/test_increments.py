"""Order never matters, and what is updated step by step is what a batch gives."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from ml.identity.linkage import Linkage, LinkageError, LinkageModel, cluster, link, resolve, train
from tests.unit.identity.linkage.made_up import households, people


@cache
def _records() -> pd.DataFrame:
    return people(120, seed=11).drop(columns="truth")


@cache
def _linkage() -> Linkage:
    return resolve(_records(), id_column="id")


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_equal_input_in_any_order_gives_equal_output(seed: int) -> None:
    records = _records()
    rng = np.random.default_rng(seed)
    again = resolve(records.iloc[rng.permutation(len(records))], id_column="id")
    assert_frame_equal(again.entities, _linkage().entities, check_exact=True)
    assert_frame_equal(again.edges, _linkage().edges, check_exact=True)
    assert again.model == _linkage().model


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_ten_increments_give_the_entities_of_one_batch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    linkage = resolve(_records(), id_column="id")
    model = linkage.model
    now = _records().set_index("id")
    strangers = households(60, seed=int(rng.integers(1000))).drop(columns="truth").set_index("id")
    strangers.index = "n" + strangers.index
    for step in range(10):
        changed = now.sample(4, random_state=int(rng.integers(2**31))).copy()
        changed["last_name"] = changed["last_name"].str[::-1]
        new = strangers.iloc[step * 6 : step * 6 + 6]
        gone = [one for one in rng.choice(now.index, 3, replace=False) if one not in changed.index]
        step_records = pd.concat([changed, new]).reset_index()
        linkage = linkage.update(step_records, gone)
        now = pd.concat([now.drop(index=[*changed.index, *gone]), changed, new])
    edges = link(now.reset_index(), model, id_column="id")
    assert_frame_equal(linkage.edges, edges, check_exact=True)
    assert_frame_equal(linkage.entities, cluster(now.index, edges), check_exact=True)
    assert linkage.model is model


def test_a_block_that_outgrows_the_model_is_bounded_told_and_still_gives_the_batch() -> None:
    linkage = resolve(_records(), {"block_limit": 30}, id_column="id")
    model, now = linkage.model, _records()
    crowd = pd.concat([now.iloc[:1]] * 300, ignore_index=True).assign(id=[f"x{i:04d}" for i in range(300)])
    crowd["ssn"] = [f"{i:09d}" for i in range(300)]
    for part in (crowd.iloc[:100], crowd.iloc[100:]):
        linkage = linkage.update(part)
        now = pd.concat([now, part])
        edges = link(now, model, id_column="id")
        assert_frame_equal(linkage.edges, edges, check_exact=True)
        assert_frame_equal(linkage.entities, cluster(now["id"], edges), check_exact=True)
    assert any("train the model again" in warning for warning in linkage.report.warnings)
    linkage = linkage.update(now.iloc[:0], crowd["id"].iloc[20:])
    now = now[~now["id"].isin(crowd["id"].iloc[20:])]
    assert_frame_equal(linkage.edges, link(now, model, id_column="id"), check_exact=True)


def test_edges_kept_elsewhere_are_renewed_by_changed_ids() -> None:
    model = _linkage().model
    now = _records().copy()
    changed = list(now["id"].iloc[:5])
    now.loc[now["id"].isin(changed), "phone"] = "5551234567"
    kept = _linkage().edges
    kept = kept[~kept["record_id_a"].isin(changed) & ~kept["record_id_b"].isin(changed)]
    renewed = link(now, model, id_column="id", changed_ids=changed)
    together = pd.concat([kept, renewed]).sort_values(["record_id_a", "record_id_b"], ignore_index=True)
    assert_frame_equal(together, link(now, model, id_column="id"), check_exact=True)


def test_a_model_written_down_and_read_again_scores_the_same() -> None:
    model = train(_records(), id_column="id")
    again = LinkageModel.from_json(model.to_json())
    assert again == model == _linkage().model
    assert again.version == model.version
    assert_frame_equal(link(_records(), again, id_column="id"), _linkage().edges, check_exact=True)


def test_a_text_that_is_no_model_is_refused() -> None:
    with pytest.raises(LinkageError, match="no linkage model"):
        LinkageModel.from_json("{}")


def test_a_linkage_that_was_updated_takes_no_second_update() -> None:
    linkage = resolve(_records(), id_column="id")
    linkage.update(_records().iloc[:1])
    with pytest.raises(LinkageError, match="updated before"):
        linkage.update(_records().iloc[:1])


def test_removing_what_is_not_there_is_an_error_with_counts() -> None:
    linkage = resolve(_records(), id_column="id")
    with pytest.raises(LinkageError, match="1 of 1 ids"):
        linkage.update(_records().iloc[:0], ["nobody"])


def test_a_refused_update_leaves_the_linkage_as_it_was() -> None:
    linkage = resolve(_records(), id_column="id")
    some = _records().iloc[:3]
    refused = (
        (some.drop(columns="ssn"), (), "the records lack"),
        (pd.concat([some, some]), (), "share their"),
        (some.assign(id=[1, 2, 3]), (), "give ids of one type"),
        (some, [1], "give ids of one type"),
        (some, ["nobody"], "1 of 1 ids"),
    )
    for changed, removed, message in refused:
        with pytest.raises(LinkageError, match=message):
            linkage.update(changed, removed)
    again = linkage.update(_records().iloc[100:101])
    assert_frame_equal(again.entities, _linkage().entities, check_exact=True)
    assert_frame_equal(again.edges, _linkage().edges, check_exact=True)


def test_an_update_that_fails_halfway_leaves_the_linkage_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    linkage = resolve(_records(), id_column="id")
    changed = _records().iloc[:3].assign(last_name="other")
    with monkeypatch.context() as broken:
        broken.setattr("ml.identity.linkage.scoring.score", _out_of_memory)
        with pytest.raises(MemoryError):
            linkage.update(changed, [_records()["id"].iloc[50]])
    again = linkage.update(_records().iloc[100:101])
    assert_frame_equal(again.entities, _linkage().entities, check_exact=True)


def _out_of_memory(*_: object) -> None:
    raise MemoryError


def test_a_chain_of_pairs_is_not_one_entity() -> None:
    edges = pd.DataFrame({"record_id_a": [1, 2, 3], "record_id_b": [2, 3, 4], "match_probability": [0.9, 0.6, 0.9]})
    entities = cluster([4, 3, 2, 1], edges)
    assert dict(zip(entities["record_id"], entities["entity_id"], strict=True)) == {1: 1, 2: 1, 3: 3, 4: 3}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_clusters_do_not_depend_on_the_order_of_the_edges(data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] < pair[1])
    chosen = data.draw(st.lists(pairs, unique=True, max_size=25))
    edges = pd.DataFrame(chosen, columns=["record_id_a", "record_id_b"]).astype("int64")
    edges["match_probability"] = data.draw(
        st.lists(st.sampled_from([0.2, 0.5, 0.7, 0.9]), min_size=len(chosen), max_size=len(chosen))
    )
    shuffled = edges.iloc[data.draw(st.permutations(range(len(edges))))]
    assert_frame_equal(cluster(range(9), edges), cluster(range(9), shuffled), check_exact=True)
