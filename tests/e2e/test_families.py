"""Families of the sample against its truth, which never reaches the warehouse."""

from itertools import combinations

import pandas as pd
import pytest

from tests.e2e.chain import Chain

pytestmark = pytest.mark.xdist_group("sample")


def truth(sample: Chain, table: str) -> pd.DataFrame:
    files = sorted((sample.settings.home / "truth" / "sample").glob(f"{table}_*.parquet"))
    return pd.concat(map(pd.read_parquet, files), ignore_index=True)


def pairs(people: pd.DataFrame, group: str) -> set[tuple[str, str]]:
    known = people.dropna(subset=[group])
    return {pair for _, rows in known.groupby(group) for pair in combinations(sorted(rows["gr_id"]), 2)}


def test_families_are_households_of_the_truth(sample: Chain) -> None:
    rows = sample.query(
        "select distinct x.gr_id, g.family_id, p.source_system, p.source_record_id from core.party_xref_current as x "
        "join core.parties as p using (party_id) join core.golden_records as g using (gr_id)"
    )
    found = pd.DataFrame(rows, columns=["gr_id", "family_id", "source", "record_no"])
    found["record_no"] = found["record_no"].astype("int64")
    known = found.merge(truth(sample, "records"), on=["source", "record_no"]).merge(
        truth(sample, "people"), on="person"
    )
    # A record linked to the wrong person is the business of identity: a golden record is most of its records.
    golden = known.groupby("gr_id", as_index=False).agg(
        family_id=("family_id", "first"), household_no=("household_no", lambda numbers: numbers.mode().iloc[0])
    )
    families, households = pairs(golden, "family_id"), pairs(golden, "household_no")
    precision, recall = (len(families & households) / len(kind) for kind in (families, households))
    print(f"families: {len(families)} pairs, precision {precision:.3f}, recall {recall:.3f}")
    # 2026-11: 0.993 and 0.900. Sharers of a flat whom nobody registered are households there and no families here.
    assert precision > 0.98
    assert recall > 0.85


def test_every_type_of_relationship_that_the_sample_states_is_there_and_mirrored(sample: Chain) -> None:
    counts = dict(sample.query("select relationship_type, count(*) from gold.gr_relationships group by 1"))
    assert set(counts) == {
        "spouse", "parent", "child", "sibling", "joint_account_holder", "same_household", "shared_contact",
    }  # fmt: skip
    assert counts["parent"] == counts["child"]


def test_communities_reach_the_profile(sample: Chain) -> None:
    ((linked, clustered, clusters),) = sample.query(
        "select count(cluster_stability), count(cluster_id), count(distinct cluster_id) from gold.profile_360"
    )
    ((people,),) = sample.query("select count(*) from ml.communities")
    assert linked == people > 0
    assert clustered > 0.9 * linked
    assert clusters > 1
