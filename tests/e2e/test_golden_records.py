"""Survivorship on the sample, worked out anew without SQL: every value, every winner, every count of conflicts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.survivorship import ATTRIBUTES
from tests.e2e.chain import Chain

pytestmark = pytest.mark.xdist_group("sample")

Record = dict[str, Any]


def rows(chain: Chain, query: str) -> list[Record]:
    with chain.runtime.warehouse.connect() as connection:
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def key_of(record: Record, columns: Sequence[str]) -> tuple[str, ...]:
    def plain(column: str) -> str:
        text = "" if record[column] is None else str(record[column]).lower()
        return text if column == "email" else "".join(letter for letter in text if letter not in " .,;:-_/()+#'")

    return tuple(plain(column) for column in columns)


def order_of(rule: Record, record: Record, anchor: str, agreeing: int) -> tuple[Any, ...]:
    """Sort key, smallest first."""
    trusted = [
        place
        for place, one in enumerate(rule["trust"])
        if (record["record_type"] == anchor if one == "anchor" else record["source_system"] == one)
    ]
    filled = [column for column in rule["columns"] if record[column] is not None]
    everything = [column for columns in ATTRIBUTES.values() for column in columns if record[column] is not None]
    places = {
        "still_held": record["is_deleted"],
        "source_trust": min(trusted, default=len(rule["trust"])),
        "recency": -record["valid_from"].toordinal(),
        "completeness": -len(filled) if len(rule["columns"]) > 1 else -len(everything),
        "agreement": -agreeing,
    }
    return (*(places[criterion] for criterion in rule["criteria"]), -record["known_at"].timestamp(), record["party_id"])


@pytest.fixture(scope="module")
def records(sample: Chain) -> dict[str, list[Record]]:
    """Known versions by golden record, from the sources' rows."""
    cutoff = sample.settings.portfolio.knowledge_cutoff(sample.day)
    newest: dict[str, Record] = {}
    query = (
        "select p.*, x.gr_id from core.parties as p join ml.party_xref as x using (party_id) where x.retired_at is null"
    )
    for record in rows(sample, query):
        if record["known_at"] <= cutoff and record["valid_from"] <= sample.day:
            before = newest.get(record["party_id"])
            if before is None or record["valid_from"] > before["valid_from"]:
                newest[record["party_id"]] = record
    grouped = defaultdict(list)
    for record in newest.values():
        deleted_on: dt.date | None = record["deleted_on"]
        grouped[record["gr_id"]].append({**record, "is_deleted": deleted_on is not None and deleted_on <= sample.day})
    return grouped


def test_every_attribute_survives_by_the_declared_rule(sample: Chain, records: dict[str, list[Record]]) -> None:
    portfolio = sample.settings.portfolio
    golden = {row["gr_id"]: row for row in rows(sample, "select * from core.golden_attributes")}
    told = {(row["gr_id"], row["attribute"]): row for row in rows(sample, "select * from core.golden_record_sources")}
    assert set(golden) == set(records)
    compared = 0
    for rule in portfolio.survivorship.rules(portfolio.sources):
        for gr_id, candidates in records.items():
            filled = [one for one in candidates if any(one[column] is not None for column in rule["columns"])]
            where = f"{gr_id} {rule['attribute']}"
            if not filled:
                assert (gr_id, rule["attribute"]) not in told, where
                assert all(golden[gr_id][column] is None for column in rule["columns"]), where
                continue
            sources_of = defaultdict(set)
            for one in filled:
                sources_of[key_of(one, rule["compared"])].add(one["source_system"])
            agreeing = {key: len(sources) for key, sources in sources_of.items()}
            best = min(
                filled,
                key=lambda one: order_of(
                    rule, one, portfolio.anchor_record_type, agreeing[key_of(one, rule["compared"])]
                ),
            )
            for column in rule["columns"]:
                assert golden[gr_id][column] == best[column], where
            source = told[gr_id, rule["attribute"]]
            assert (source["party_id"], source["valid_from"], source["load_id"]) == (
                best["party_id"], best["valid_from"], best["load_id"],
            ), where  # fmt: skip
            assert source["records_count"] == len(filled), where
            assert source["conflicting_values_count"] == len(agreeing) - 1, where
            assert source["agreeing_sources_count"] == agreeing[key_of(best, rule["compared"])], where
            compared += len(agreeing) > 1
    assert compared > 100, "the sample has conflicts, and they were looked at"


def test_agreement_of_sources_keeps_more_birth_dates_right_than_the_bank_alone(sample: Chain) -> None:
    truth = sample.settings.home / "truth" / "sample"
    born = {
        row["person"]: row["birth_date"]
        for path in sorted(truth.glob("people_*.parquet"))
        for row in pq.read_table(path).to_pylist()
    }
    prefixes = {
        "core_banking": "core_banking:customer",
        "crm": "crm:person",
        "benefit_registry": "benefit_registry:beneficiary",
    }
    person_of = {
        f"{prefixes[row['source']]}:{row['record_no']}": row["person"]
        for path in sorted(truth.glob("records_*.parquet"))
        for row in pq.read_table(path).to_pylist()
    }
    banked = rows(
        sample,
        "select k.party_id, k.birth_date as bank_says, g.birth_date as survives from core.known_parties as k "
        "join core.golden_attributes as g on k.gr_id = g.gr_id where k.record_type = 'customer'",
    )
    right = sum(row["survives"] == born[person_of[row["party_id"]]] for row in banked)
    right_at_the_bank = sum(row["bank_says"] == born[person_of[row["party_id"]]] for row in banked)
    assert right >= right_at_the_bank
    assert right / len(banked) > 0.99


def test_the_rules_can_be_read_in_the_warehouse(sample: Chain) -> None:
    shown = rows(sample, "select * from core.survivorship_rules order by attribute, criterion_rank")
    portfolio = sample.settings.portfolio
    for rule in portfolio.survivorship.rules(portfolio.sources):
        own = [row for row in shown if row["attribute"] == rule["attribute"]]
        assert [row["criterion"] for row in own] == rule["criteria"]
        assert all(row["meaning"] for row in own)
        (trust,) = {row["order_of_trust"] for row in own if row["criterion"] == "source_trust"} or {None}
        assert trust in (None, ",".join(rule["trust"]))


def test_gold_tells_how_much_sources_differ_but_no_value(sample: Chain) -> None:
    (conflicts,) = rows(
        sample,
        "select sum(conflicting_attributes_count) as people, (select count(*) from gold.golden_record_lineage "
        "where conflicting_values_count > 0) as attributes from gold.golden_records",
    )
    assert conflicts["people"] == conflicts["attributes"] > 0
    lineage = rows(sample, "select * from gold.golden_record_lineage limit 1")[0]
    assert not {"surviving_value", "conflicting_values", "party_id", "load_id"} & set(lineage)
