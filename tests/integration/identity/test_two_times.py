"""Who somebody was on a day as known by another; merges and splits found later; rows from before the two times."""

import datetime as dt

import psycopg
import pytest

from ml.identity import record_training
from ml.identity.history import history_of
from orchestration.settings import MIGRATIONS_DIR
from orchestration.warehouse import Role, Warehouse
from tests.integration.identity.people import (
    FIRST_DAY,
    LATE,
    add,
    as_of,
    current,
    cutoff,
    last_event,
    ledger,
    run,
)

ONE, TWO, THREE, FOUR, FIVE = (f"GR000000000{number}" for number in range(1, 6))
HOUR = dt.timedelta(hours=1)


def merged_then_split(parties: Warehouse) -> None:
    """e2 is somebody on its own on day 0, client 2 from day 3 on, and on its own again from day 6 on."""
    run(parties, 0)
    add(parties, ("e2", "caller", None, "2", cutoff(1)))
    run(parties, 3)
    add(parties, ("c3", "client", None, "2", cutoff(4)))
    run(parties, 6)


def test_who_was_this_on_1_march_as_known_on_5_march(parties: Warehouse) -> None:
    merged_then_split(parties)
    told = {day: as_of(parties, FIRST_DAY, cutoff(day))["e2"] for day in range(8)}
    assert told == {0: THREE, 1: THREE, 2: THREE, 3: TWO, 4: TWO, 5: TWO, 6: FIVE, 7: FIVE}
    assert as_of(parties, FIRST_DAY, cutoff(3) - HOUR)["e2"] == THREE
    # Nothing is known before its evidence, and no record speaks of the days before its first version.
    assert "e2" not in as_of(parties, FIRST_DAY, LATE - HOUR)
    assert as_of(parties, dt.date(2013, 11, 30), cutoff(7)) == {}


def test_a_merge_and_a_split_stand_in_the_ledger_with_their_causes(parties: Warehouse) -> None:
    run(parties, 0)
    mark = last_event(parties)
    add(parties, ("e2", "caller", None, "2", cutoff(1)))
    assert (run(parties, 3).merges, run(parties, 3).merges) == (1, 0)
    assert ledger(parties, after=mark) == [
        ("merged", TWO, THREE, 1, "unique_phone"),
        ("retired", THREE, TWO, 1, "unique_phone"),
    ]
    mark = last_event(parties)
    add(parties, ("c3", "client", None, "2", cutoff(4)))
    assert run(parties, 6).splits == 1
    # Of two equal parts the one with the anchor keeps the id.
    assert current(parties)["c2"] == TWO
    assert ledger(parties, after=mark) == [
        ("created", FOUR, None, 1, "new_records"),
        ("created", FIVE, None, 1, "evidence_gone"),
        ("split", TWO, FIVE, 1, "evidence_gone"),
    ]


def test_an_older_day_that_runs_again_changes_nothing_that_was_known(parties: Warehouse) -> None:
    merged_then_split(parties)
    before = {day: as_of(parties, FIRST_DAY, cutoff(day)) for day in range(8)}
    assert (run(parties, 0).merges, run(parties, 3).splits) == (0, 0)
    assert {day: as_of(parties, FIRST_DAY, cutoff(day)) for day in range(8)} == before


def test_what_an_older_day_finds_is_known_from_the_newest_one_on(parties: Warehouse) -> None:
    run(parties, 6)
    add(parties, ("e2", "caller", None, "2", LATE))
    run(parties, 1)
    assert as_of(parties, FIRST_DAY, cutoff(6) - HOUR)["e2"] == THREE
    assert as_of(parties, FIRST_DAY, cutoff(6))["e2"] == TWO


def test_a_deleted_record_is_nobody_after_its_last_day_once_that_is_known(parties: Warehouse) -> None:
    run(parties, 0)
    with parties.connect("assay_dbt") as connection:
        connection.execute("update core.parties set deleted_on = %s where party_id = 'e1'", (FIRST_DAY,))
    mark = last_event(parties)
    run(parties, 2)
    assert ledger(parties, after=mark) == [("validity_changed", ONE, None, 1, "source")]
    assert "e1" in as_of(parties, FIRST_DAY, cutoff(1))
    assert "e1" not in as_of(parties, FIRST_DAY, cutoff(2))
    assert as_of(parties, FIRST_DAY - dt.timedelta(days=1), cutoff(2))["e1"] == ONE
    assert run(parties, 2).retired == 0


def test_a_golden_record_whose_last_record_vanishes_is_retired_and_has_its_id_again_when_it_returns(
    parties: Warehouse,
) -> None:
    run(parties, 0)
    gone = current(parties)["e2"]

    def delivered(deleted_on: dt.date | None, number: int) -> list[tuple]:
        with parties.connect("assay_dbt") as connection:
            connection.execute("update core.parties set deleted_on = %s where party_id = 'e2'", (deleted_on,))
        mark = last_event(parties)
        run(parties, number)
        return ledger(parties, after=mark)

    validity = ("validity_changed", gone, None, 1, "source")
    assert delivered(FIRST_DAY, 2) == [("retired", gone, None, 1, "records_gone"), validity]
    with parties.connect() as connection:
        told = history_of(connection, gone)
    assert told.chain == [gone]
    assert "retired" in [event.event for event in told.events]
    assert delivered(None, 3) == [validity]
    assert current(parties)["e2"] == gone
    assert run(parties, 3).retired == 0


def test_a_deletion_that_was_there_from_the_first_run_is_not_known_before_its_day(parties: Warehouse) -> None:
    with parties.connect("assay_dbt") as connection:
        connection.execute("update core.parties set deleted_on = %s where party_id = 'e1'", (FIRST_DAY,))
    run(parties, 2)
    assert "e1" in as_of(parties, FIRST_DAY, LATE)
    assert "e1" not in as_of(parties, FIRST_DAY, cutoff(0))


def test_rows_from_before_the_two_times_become_intervals(parties: Warehouse) -> None:
    """The migration is applied once more to rows as the earlier version left them."""
    text = (MIGRATIONS_DIR / "0008.identity.sql").read_text(encoding="utf-8")
    rows = [
        ("e1", THREE, "own_record", LATE, 1, 2),
        ("e1", ONE, "unique_phone", LATE - HOUR, 2, 3),
        ("e1", ONE, "customer_ref", LATE + HOUR, 3, None),
        ("gone", FOUR, "own_record", LATE, 1, None),
    ]
    with parties.connect() as connection:
        for constraint in ("superseded_when_retired", "superseded_after_known"):
            connection.execute(f"alter table ml.party_xref drop constraint {constraint}")
        connection.execute("alter table ml.party_xref alter column valid_from drop not null")
        for party, gr_id, rule, known, recorded, retired in rows:
            at = [None if number is None else cutoff(number) for number in (recorded, retired)]
            connection.execute(
                "insert into ml.party_xref (party_id, gr_id, link_rule, known_at, recorded_at, retired_at)"
                " values (%s, %s, %s, %s, %s, %s)",
                (party, gr_id, rule, known, *at),
            )
        for _ in range(2):
            connection.execute(text)
            stored = connection.execute(
                "select gr_id, known_at, superseded_at, valid_from from ml.party_xref where party_id = 'e1'"
                " order by recorded_at"
            ).fetchall()
            first = dt.date(2013, 12, 1)
            # The second row took the first one's place; the third corrected the second, which never counts.
            assert stored == [
                (THREE, LATE, LATE, first),
                (ONE, LATE, LATE, first),
                (ONE, LATE + HOUR, None, first),
            ]
        assert connection.execute("select valid_from from ml.party_xref where party_id = 'gone'").fetchall() == [
            (LATE.date(),)
        ]
    assert run(parties, 0).corrected == 1


def test_no_number_is_given_again_though_its_rows_are_gone(parties: Warehouse) -> None:
    run(parties, 0)
    with parties.connect("assay_ml") as connection:
        connection.execute("delete from ml.party_xref")
    run(parties, 1)
    assert min(current(parties).values()) == FOUR


def test_the_ledger_is_only_ever_added_to(parties: Warehouse) -> None:
    run(parties, 0)
    for role in (Role.ML, Role.OPS, None):
        for statement in (
            "update ops.identity_ledger set cause = 'x'",
            "delete from ops.identity_ledger",
            "truncate ops.identity_ledger",
        ):
            with parties.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_training_is_an_event(warehouse: Warehouse) -> None:
    with warehouse.connect("assay_ml") as connection:
        record_training(connection, "linkage-1", LATE, "first_run")
    with warehouse.connect("assay_dbt") as connection:
        told = connection.execute("select event, model_version, cause from ops.identity_ledger").fetchall()
    assert told == [("model_trained", "linkage-1", "first_run")]


def test_dbt_reads_identity_in_both_times_and_bi_reads_none_of_it(parties: Warehouse) -> None:
    run(parties, 0)
    questions = (
        "select count(*) from ml.party_xref",
        "select count(*) from ml.party_xref_as_of('2014-03-01', '2014-03-05')",
        "select count(*) from ops.identity_ledger",
        "select count(*) from ops.identity_review_queue",
        "select count(override_id) from ops.identity_overrides",
    )
    with parties.connect(Role.DBT) as connection:
        for question in questions:
            connection.execute(question)
    for question in questions:
        with (
            psycopg.connect(parties.bi_conninfo()) as bi,
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)),
        ):
            bi.execute(question)


@pytest.mark.parametrize("role", [Role.ML, Role.DBT, Role.INGEST])
def test_only_operations_decide_and_only_they_read_who_and_why(warehouse: Warehouse, role: Role) -> None:
    for statement in (
        "insert into ops.identity_overrides (kind, party_id_a, party_id_b, decided_by, reason)"
        " values ('must_link', 'a', 'b', 'me', 'because')",
        "select reason from ops.identity_overrides",
        "select decided_by from ops.identity_overrides",
    ):
        with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
