"""A flag from day to day: decisions stay with the evidence that was looked at, new evidence brings it back.

One small registry on a real PostgreSQL, three days of it built by dbt; every person is a scenario. The flags are
duplicates: the same scheme paid twice for a month.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from orchestration.warehouse import Role, Warehouse
from tests.dbt import Dbt
from tests.integration.features.population import Row, create_inputs, end_of, insert, party, write_links

JUNE, SEPTEMBER, NEXT_YEAR = dt.date(2026, 6, 30), dt.date(2026, 9, 30), dt.date(2027, 8, 31)
REGISTERED = dt.date(2024, 1, 1)
QUIET, NEW, CONFIRMED, RESOLVED, REOPENED, MERGED, INTO, LATE, GONE, UNDECIDED, TWO_TYPES, BOTH, OTHER = range(1, 14)
REPLACED, REPLACED_OF_OLD, FEWER, LATER_DAY, BACK, DATE_MOVED = range(14, 20)
EVERYBODY = range(1, 20)
DIED = dt.date(2026, 3, 15)


def paid(number: int, month: int, day: int, **more: object) -> Row:
    """A payment for a month of 2026."""
    on = dt.date(2026, month, day)
    return {
        "event_id": f"{number}-{month}-{day}",
        "source_system": "test",
        "party_id": f"test:customer:{number}",
        "scheme_id": "FOOD",
        "cycle_start_on": on.replace(day=1),
        "event_date": on,
        "amount": 100,
        "currency": "USD",
        "reporting_amount": 100,
        "payment_mode": "cash",
        "is_paid": True,
        "row_hash": "1",
        "known_at": end_of(on),
        "load_id": 1,
        **more,
    }


def duplicate(number: int, month: int, **more: object) -> list[Row]:
    """Two payments for one month, the second on the ninth."""
    return [paid(number, month, 5), paid(number, month, 9, **more)]


@dataclass
class Story:
    """Snapshots of the flags by chapter, and the ids that decisions were made about."""

    chapters: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, chapter: str, number: int, flag_type: str = "duplicate_benefit_in_cycle") -> list[Row]:
        """Flags of one golden record in a chapter, oldest first."""
        mine = [
            row
            for row in self.chapters[chapter]
            if row["gr_id"] == f"GR{number:010d}" and row["flag_type"] == flag_type
        ]
        return sorted(mine, key=lambda row: row["first_seen_on"])

    def status(self, chapter: str, number: int, flag_type: str = "duplicate_benefit_in_cycle") -> str:
        """State of the only flag of that type."""
        (flag,) = self.of(chapter, number, flag_type)
        return str(flag["flag_status"])


def build(dbt: Dbt, day: dt.date) -> list[Row]:
    """Run dbt up to the flags as of a day and return them."""
    dbt(day, "run", "--select", "core.identity", "core.flags")
    with dbt.warehouse.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("select * from core.analytics_flags order by flag_id").fetchall()


def decide(warehouse: Warehouse, flag: Row, decision: str, day: dt.date = JUNE, *, has_keys: bool = True) -> None:
    """What ``assay flag`` writes; without keys: what it wrote before it kept them."""
    keys = flag["evidence_keys"].split(",") if has_keys else None
    with warehouse.connect(Role.OPS) as connection:
        connection.execute(
            "insert into ops.flag_decisions (flag_id, gr_id, flag_type, evidence_from, evidence_until, evidence_count, "
            "evidence_keys, as_of_date, decision, decided_by, reason) values (%(flag_id)s, %(gr_id)s, %(flag_type)s, "
            "%(first_seen_on)s, %(last_evidence_on)s, %(evidence_count)s, %(keys)s, %(day)s, %(decision)s, "
            "'an officer', 'looked at the papers')",
            {**flag, "decision": decision, "keys": keys, "day": day if has_keys else None},
        )


def withdraw(connection: psycopg.Connection[Any], event_id: str, known_at: dt.datetime) -> None:
    """The payment came back, as the registry learns later."""
    connection.execute("update core.benefit_events set superseded_at = %s where event_id = %s", (known_at, event_id))


@pytest.fixture(scope="module")
def story(module_warehouse: Warehouse, module_dbt: Dbt) -> Story:
    people = [party(number, REGISTERED, birth_date=dt.date(1980, 1, 1)) for number in EVERYBODY]
    people[TWO_TYPES - 1]["death_date"] = DIED
    events = [row for number in EVERYBODY if number != INTO for row in duplicate(number, 5)]
    events += [row for number in (NEW, CONFIRMED, RESOLVED) for row in duplicate(number, 8)]
    events.append(paid(FEWER, 5, 8))
    scheme = {
        "scheme_id": "FOOD", "source_system": "test", "scheme_name": "Food", "category": "Food",
        "payment_cycle": "monthly", "base_amount": 100, "per_child_amount": 0, "valid_from": REGISTERED, "load_id": 1,
    }  # fmt: skip
    with module_warehouse.connect(Role.DBT) as connection:
        create_inputs(connection)
        insert(connection, "parties", people)
        insert(connection, "benefit_events", events)
        insert(connection, "scheme_master", [scheme])
    with module_warehouse.connect(Role.ML) as connection:
        write_links(connection, people)
    told = Story()

    def chapter(name: str, day: dt.date) -> None:
        told.chapters[name] = build(module_dbt, day)

    chapter("found", JUNE)
    decisions = {
        QUIET: "DISMISSED", NEW: "DISMISSED", CONFIRMED: "CONFIRMED", RESOLVED: "RESOLVED", MERGED: "DISMISSED",
        LATE: "DISMISSED", GONE: "CONFIRMED", TWO_TYPES: "DISMISSED", BOTH: "DISMISSED",
        REPLACED: "DISMISSED", FEWER: "DISMISSED", BACK: "DISMISSED", DATE_MOVED: "DISMISSED",
    }  # fmt: skip
    for number, decision in decisions.items():
        decide(module_warehouse, told.of("found", number)[0], decision)
    decide(module_warehouse, told.of("found", REOPENED)[0], "DISMISSED")
    decide(module_warehouse, told.of("found", REOPENED)[0], "REOPENED")
    decide(module_warehouse, told.of("found", REPLACED_OF_OLD)[0], "DISMISSED", has_keys=False)
    decide(module_warehouse, told.of("found", LATER_DAY)[0], "DISMISSED", SEPTEMBER)
    chapter("decided", JUNE)
    chapter("rerun", JUNE)

    with module_warehouse.connect(Role.DBT) as connection:
        # Another payment for May, of May, that the registry delivers in August.
        insert(connection, "benefit_events", [paid(LATE, 5, 8, known_at=end_of(dt.date(2026, 8, 1)))])
        # The second payment of May came back, as the registry learns in August.
        back = end_of(dt.date(2026, 8, 1))
        for event_id in (f"{GONE}-5-9", f"{REPLACED}-5-9", f"{REPLACED_OF_OLD}-5-9", f"{FEWER}-5-8"):
            withdraw(connection, event_id, back)
        insert(connection, "benefit_events", [paid(GONE, 5, 9, is_paid=False, row_hash="2", known_at=back)])
        # Another one of the same day is delivered in its place.
        insert(
            connection,
            "benefit_events",
            [paid(n, 5, 9, event_id=f"{n}-5-9-again", known_at=back) for n in (REPLACED, REPLACED_OF_OLD)],
        )
        # One is of another day than the registry had said, months later.
        withdraw(connection, f"{DATE_MOVED}-5-9", back)
        moved = paid(DATE_MOVED, 7, 9, event_id=f"{DATE_MOVED}-5-9", cycle_start_on=dt.date(2026, 5, 1))
        insert(connection, "benefit_events", [moved | {"row_hash": "2", "known_at": back}])
        # One came back in August, and the registry takes that back in October.
        withdraw(connection, f"{BACK}-5-9", back)
        october = end_of(dt.date(2026, 10, 1))
        insert(connection, "benefit_events", [paid(BACK, 5, 9, row_hash="2", known_at=october)])
    with module_warehouse.connect(Role.ML) as connection:
        for number, target_number in ((MERGED, INTO), (BOTH, OTHER)):
            merged = end_of(dt.date(2026, 8, 1))
            connection.execute(
                "update ml.party_xref set retired_at = now(), superseded_at = %s where party_id = %s",
                (merged, f"test:customer:{number}"),
            )
            connection.execute(
                "insert into ml.party_xref (party_id, gr_id, link_rule, valid_from, known_at, recorded_at) "
                "values (%s, %s, 'national_id', %s, %s, now())",
                (f"test:customer:{number}", f"GR{target_number:010d}", REGISTERED, merged),
            )
    chapter("september", SEPTEMBER)
    chapter("a year later", NEXT_YEAR)
    return told


def test_a_flag_is_found_once_with_its_evidence_in_words(story: Story) -> None:
    (flag,) = story.of("found", QUIET)
    assert (flag["flag_status"], flag["flag_severity"], flag["evidence_count"]) == ("ACTIVE", "HIGH", 1)
    assert flag["evidence"] == "FOOD paid 2 times for the cycle of 2026-05-01"
    assert flag["first_seen_on"] == flag["last_seen_on"] == dt.date(2026, 5, 9)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (QUIET, "DISMISSED"),
        (CONFIRMED, "CONFIRMED"),
        (RESOLVED, "RESOLVED"),
        (REOPENED, "ACTIVE"),
        (UNDECIDED, "ACTIVE"),
    ],
)
def test_a_decision_shows_in_the_next_build(story: Story, number: int, status: str) -> None:
    assert story.status("decided", number) == status


def test_a_rerun_changes_nothing(story: Story) -> None:
    assert story.chapters["rerun"] == story.chapters["decided"]
    assert [row["flag_id"] for row in story.chapters["decided"]] == [row["flag_id"] for row in story.chapters["found"]]


def test_a_decision_says_who_and_why(story: Story) -> None:
    (flag,) = story.of("decided", QUIET)
    assert (flag["decided_by"], flag["decision_reason"]) == ("an officer", "looked at the papers")


def test_a_dismissed_flag_stays_so_without_new_evidence(story: Story) -> None:
    assert story.status("september", QUIET) == "DISMISSED"


def test_a_dismissed_flag_returns_on_evidence_after_what_was_looked_at(story: Story) -> None:
    (flag,) = story.of("september", NEW)
    assert (flag["flag_status"], flag["evidence_count"]) == ("ACTIVE", 2)
    assert flag["flag_id"] == story.of("found", NEW)[0]["flag_id"]


def test_a_resolved_flag_returns_on_new_evidence_and_a_confirmed_one_stays(story: Story) -> None:
    assert story.status("september", RESOLVED) == "ACTIVE"
    assert story.status("september", CONFIRMED) == "CONFIRMED"


def test_evidence_of_days_that_were_looked_at_which_comes_in_later_is_new(story: Story) -> None:
    assert story.status("decided", LATE) == "DISMISSED"
    (flag,) = story.of("september", LATE)
    assert (flag["flag_status"], flag["evidence_count"]) == ("ACTIVE", 2)


def test_a_piece_that_takes_the_place_of_another_on_the_same_day_is_new(story: Story) -> None:
    assert story.status("decided", REPLACED) == "DISMISSED"
    (flag,) = story.of("september", REPLACED)
    assert (flag["flag_status"], flag["evidence_count"]) == ("ACTIVE", 1)
    assert flag["last_evidence_on"] == story.of("found", REPLACED)[0]["last_evidence_on"]
    assert flag["evidence_keys"] != story.of("found", REPLACED)[0]["evidence_keys"]


def test_a_decision_from_before_keys_were_kept_goes_by_days_and_number(story: Story) -> None:
    assert story.status("decided", REPLACED_OF_OLD) == "DISMISSED"
    assert story.status("september", REPLACED_OF_OLD) == "DISMISSED"


def test_fewer_pieces_than_were_looked_at_are_nothing_new(story: Story) -> None:
    assert story.of("decided", FEWER)[0]["evidence_count"] == 2
    (flag,) = story.of("september", FEWER)
    assert (flag["flag_status"], flag["evidence_count"]) == ("DISMISSED", 1)


def test_a_piece_that_was_looked_at_stays_so_when_it_is_gone_and_comes_back(story: Story) -> None:
    assert story.of("september", BACK)[0]["evidence_count"] == 0
    (flag,) = story.of("a year later", BACK)
    assert (flag["flag_status"], flag["evidence_count"]) == ("DISMISSED", 1)


def test_a_piece_that_was_looked_at_stays_so_when_its_day_is_corrected(story: Story) -> None:
    (flag,) = story.of("september", DATE_MOVED)
    assert flag["first_seen_on"] > story.of("found", DATE_MOVED)[0]["last_seen_on"]
    assert flag["flag_status"] == "DISMISSED"


def test_an_earlier_day_does_not_know_what_was_decided_of_a_later_one(story: Story) -> None:
    assert story.status("decided", LATER_DAY) == "ACTIVE"
    assert story.status("september", LATER_DAY) == "DISMISSED"


def test_a_decided_flag_whose_evidence_is_gone_is_resolved_and_says_so(story: Story) -> None:
    (flag,) = story.of("september", GONE)
    assert (flag["flag_status"], flag["evidence_count"], flag["flag_score"]) == ("RESOLVED", 0, 0)
    assert flag["evidence"] == "The evidence is no longer in the data"


def test_a_merge_of_golden_records_keeps_the_decision(story: Story) -> None:
    assert story.of("september", MERGED) == []
    (flag,) = story.of("september", INTO)
    assert (flag["flag_status"], flag["decided_by"]) == ("DISMISSED", "an officer")


def test_a_merge_with_somebody_who_has_evidence_of_their_own_brings_the_flag_back(story: Story) -> None:
    assert story.status("decided", BOTH) == "DISMISSED"
    (flag,) = story.of("september", OTHER)
    assert flag["flag_status"] == "ACTIVE"
    assert flag["evidence_count"] > 1


def test_a_decision_hides_neither_another_person_nor_another_type(story: Story) -> None:
    assert story.status("decided", UNDECIDED) == "ACTIVE"
    assert story.status("decided", TWO_TYPES) == "DISMISSED"
    assert story.status("decided", TWO_TYPES, "paid_after_death") == "ACTIVE"


def test_what_nobody_decided_is_over_a_year_after_its_last_evidence(story: Story) -> None:
    assert story.status("september", UNDECIDED) == "ACTIVE"
    assert story.status("a year later", UNDECIDED) == "RESOLVED"
    assert story.status("a year later", CONFIRMED) == "CONFIRMED"
    assert story.status("a year later", QUIET) == "DISMISSED"
