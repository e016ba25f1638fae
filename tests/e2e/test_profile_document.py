"""A person's profile as one document: whole, in a stable order, without personal data unless somebody answers."""

import dataclasses
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.cli.profile import print_profile
from orchestration.documents import (
    PersonalDataRefusedError,
    UnknownGoldenRecordError,
    personal_section,
    profile_document,
)
from orchestration.errors import AssayError
from tests.e2e.chain import Chain

pytestmark = pytest.mark.xdist_group("sample")

SECTIONS = [
    "publication", "identity", "demographics", "family", "relationships", "accounts", "activity", "credit", "value",
    "income", "community", "benefits", "flags", "scores", "applications", "lineage",
]  # fmt: skip
# Who is known to all three sources, has benefits, a score, and sources that differ.
KNOWN_WELL = (
    "select gr_id from gold.golden_records as g where party_count >= 3 and conflicting_attributes_count > 0 "
    "and exists (select from gold.benefit_events as b where b.gr_id = g.gr_id) "
    "and exists (select from gold.risk_scores as r where r.gr_id = g.gr_id) order by gr_id limit 1"
)


@pytest.fixture(scope="module")
def person(sample: Chain) -> str:
    ((gr_id,),) = sample.query(KNOWN_WELL)
    return gr_id


@pytest.fixture
def document(sample_bi: psycopg.Connection[Any], person: str) -> dict[str, Any]:
    return profile_document(sample_bi, person)


def test_every_section_stands_in_its_place_and_agrees_with_gold(
    sample: Chain, document: dict[str, Any], person: str
) -> None:
    assert list(document) == SECTIONS
    assert document["publication"]["snapshot_date"] == sample.day
    assert document["identity"]["gr_id"] == person
    assert "asked_for" not in document["identity"]
    assert document["identity"]["source_systems"] == ["benefit_registry", "core_banking", "crm"]
    ((events, amount),) = sample.query(
        f"select count(*), sum(amount) from gold.benefit_events where gr_id = '{person}'"
    )
    benefits = document["benefits"]
    assert (benefits["events_count"], benefits["total_amount"]) == (events, amount)
    assert sum(scheme["events_count"] for scheme in benefits["by_scheme"]) == events
    ((accounts, balance),) = sample.query(
        f"select accounts_count, total_balance_amount from gold.profile_360 where gr_id = '{person}'"
    )
    assert (document["accounts"]["accounts_count"], document["accounts"]["total_balance_amount"]) == (accounts, balance)
    assert all(score["reason_1"] for score in document["scores"] if score["score_status"] == "scored")
    assert {row["attribute"] for row in document["lineage"]} >= {"name", "birth_date", "address"}
    assert any(row["conflicting_values_count"] for row in document["lineage"])


def test_relationships_and_family_are_ids_of_others(sample: Chain, sample_bi: psycopg.Connection[Any]) -> None:
    ((start, other),) = sample.query(
        "select gr_id_from, gr_id_to from gold.gr_relationships where relationship_type = 'same_household' limit 1"
    )
    for one, another, direction in ((start, other, "to"), (other, start, "from")):
        told = profile_document(sample_bi, one)
        assert another in told["family"]["members"]
        assert one not in told["family"]["members"]
        assert (another, direction, "same_household") in {
            (row["gr_id"], row["direction"], row["relationship_type"]) for row in told["relationships"]
        }


def personal_values(sample: Chain, gr_id: str) -> set[str]:
    """What the sources say of one person and only people say of themselves: names, numbers, addresses, dates."""
    columns = (
        "last_name, first_name, national_id, phone, email, address_line, postcode, birth_date::text, source_record_id"
    )
    found = sample.query(
        f"select {columns} from core.parties join ml.party_xref as x using (party_id) "
        f"where x.gr_id = '{gr_id}' and x.retired_at is null"
    )
    return {str(value) for row in found for value in row if value is not None and len(str(value)) > 2}


def words_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from words_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from words_of(part)
    else:
        yield str(value)


def test_without_personal_no_name_number_or_address_is_told(sample: Chain, sample_bi: psycopg.Connection[Any]) -> None:
    people = sample.query("select gr_id from gold.golden_records where party_count >= 2 order by gr_id limit 25")
    for (gr_id,) in people:
        told = " ".join(words_of(profile_document(sample_bi, gr_id))).lower()
        leaked = [value for value in personal_values(sample, gr_id) if f" {value.lower()} " in f" {told} "]
        assert len(leaked) == 0, f"{len(leaked)} personal values in the profile of {gr_id}"


def test_an_unknown_id_is_told_with_where_to_look(sample_bi: psycopg.Connection[Any]) -> None:
    with pytest.raises(UnknownGoldenRecordError, match=r"GR9999999999.*golden_records"):
        profile_document(sample_bi, "GR9999999999")


def test_a_retired_id_leads_to_the_person_it_is_now(sample: Chain, person: str) -> None:
    with sample.runtime.warehouse.connect() as connection:
        # Two merges one after the other, undone with the transaction.
        connection.execute(
            "insert into gold.gr_redirects (gr_id_from, gr_id_to, retired_at, last_updated) "
            "values ('GR8', 'GR9', now(), now()), ('GR9', %s, now(), now())",
            (person,),
        )
        connection.execute("set local search_path to gold")
        told = profile_document(connection, "GR8")
        connection.rollback()
    assert (told["identity"]["gr_id"], told["identity"]["asked_for"]) == (person, "GR8")


def test_a_portfolio_without_a_table_says_null_and_the_rest(sample: Chain, person: str) -> None:
    with sample.runtime.warehouse.connect() as connection:
        connection.execute("set local search_path to gold")
        connection.execute("drop table gold.benefit_events, gold.eligibility_applications, gold.gr_redirects")
        told = profile_document(connection, person)
        connection.rollback()
    assert list(told) == SECTIONS
    assert (told["benefits"], told["applications"]) == (None, None)
    assert told["lineage"]


def test_personal_data_are_told_to_who_answers_for_it_and_that_is_on_record(
    sample: Chain, person: str, tmp_path: Path
) -> None:
    before = sample.query("select count(*) from ops.profile_access")
    out = tmp_path / "profile.json"
    print_profile(sample.settings, person, out, personal=True, read_by="a.auditor", reason="complaint 17")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    told = json.loads(out.read_text(encoding="utf-8"))
    assert list(told) == [*SECTIONS, "personal"]
    ((first, last, born),) = sample.query(
        f"select first_name, last_name, birth_date::text from core.golden_records where gr_id = '{person}'"
    )
    values = {row["attribute"]: row for row in told["personal"]["attributes"]}
    assert values["name"]["surviving_value"] == f"{first}, {last}"
    assert values["birth_date"]["surviving_value"] == born
    assert any(row["conflicting_values"] for row in values.values())
    assert len(told["personal"]["records"]) == told["identity"]["party_count"]
    assert before == [(0,)]
    assert sample.query("select gr_id, asked_for, read_by, reason from ops.profile_access") == [
        (person, person, "a.auditor", "complaint 17")
    ]


@pytest.mark.parametrize(("who", "why"), [(None, "complaint"), ("a.auditor", None), ("  ", "complaint"), ("a", " ")])
def test_personal_data_need_a_name_and_a_reason(sample: Chain, person: str, who: str | None, why: str | None) -> None:
    before = sample.query("select count(*) from ops.profile_access")
    with pytest.raises(PersonalDataRefusedError, match="--by and --why"):
        print_profile(sample.settings, person, None, personal=True, read_by=who, reason=why)
    assert sample.query("select count(*) from ops.profile_access") == before


def test_a_reason_without_personal_is_a_mistake(sample: Chain, person: str) -> None:
    with pytest.raises(AssayError, match="--personal"):
        print_profile(sample.settings, person, None, read_by="a.auditor")


def test_a_login_that_may_not_read_core_is_told_whom_to_ask(sample: Chain, person: str) -> None:
    warehouse = sample.runtime.warehouse
    login = sql.Identifier("only_looks")
    with warehouse.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login password 'looks'").format(login))
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(warehouse.database), login)
        )
        try:
            limited = dataclasses.replace(warehouse, user="only_looks", password="looks", host=warehouse.bi_host)
            with pytest.raises(PersonalDataRefusedError, match=r"only_looks.*GRANT assay_ops TO only_looks"):
                personal_section(limited, person, asked_for=person, read_by="a", reason="b")
        finally:
            connection.execute(
                sql.SQL("revoke all on database {} from {}").format(sql.Identifier(warehouse.database), login)
            )
            connection.execute(sql.SQL("drop role {}").format(login))


def test_a_file_that_cant_be_written_is_told(sample: Chain, person: str, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="--out"):
        print_profile(sample.settings, person, tmp_path / "nowhere" / "profile.json")
