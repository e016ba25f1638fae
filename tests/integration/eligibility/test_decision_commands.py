"""What people put in place of the model's decisions: who and why, in order, for good."""

import datetime as dt
from io import StringIO

import psycopg
import pytest
from rich.console import Console

from ml.eligibility.days import ReviewShares, decide_day
from orchestration.cli.eligibility import (
    DecisionError,
    appeal_decision,
    override_decision,
    print_reviews,
    record_review,
    show_decision,
)
from orchestration.errors import AssayError
from orchestration.settings import Settings
from orchestration.warehouse import Role
from tests.integration.eligibility.conftest import Agency
from tests.integration.eligibility.registry import CUTOFF, DAY, known

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def declined(agency: Agency) -> list[str]:
    """Applications that the model declined, all of them drawn for review."""
    with agency.warehouse.connect(Role.ML) as connection:
        decide_day(connection, DAY, CUTOFF, ReviewShares(declined=1.0, approved=0.0))
        query = "select eid from ml.eligibility_decisions where decision = 'SOFT_DECLINE' order by eid"
        return [eid for (eid,) in connection.execute(query).fetchall()]


def said(run, *arguments, **options) -> str:
    console = Console(file=StringIO(), width=200)
    run(*arguments, console, **options)
    return console.file.getvalue()


def test_an_override_and_an_appeal_take_their_way_and_survive_a_rerun(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid = module_warehouse_settings, declined[0]
    with pytest.raises(DecisionError, match="expected filed"):
        appeal_decision(settings, eid, "upheld", "board", "new proof", QUIET)
    appeal_decision(settings, eid, "filed", "case worker 7", "letter of 3 October", QUIET)
    with pytest.raises(DecisionError, match="against SOFT_DECLINE, and that still stands; override it first"):
        appeal_decision(settings, eid, "upheld", "board", "new proof", QUIET)
    told = said(override_decision, settings, eid, "approve", "board", "the salary has ended")
    assert "SOFT_DECLINE -> APPROVE by board" in told
    appeal_decision(settings, eid, "upheld", "board", "new proof", QUIET)
    with agency.warehouse.connect(Role.ML) as connection:
        assert decide_day(connection, DAY, CUTOFF, ReviewShares(declined=1.0, approved=0.0)).written == 0
    shown = said(show_decision, settings, eid)
    assert "model's decision SOFT_DECLINE" in shown
    assert "decision APPROVE; appeal upheld" in shown
    assert "because: " in shown
    assert "by board: the salary has ended" in shown
    with agency.warehouse.connect() as connection:
        rows = connection.execute(
            "select decision, appeal_state, model_decision, as_of_date, decided_by, database_login "
            "from ops.eligibility_overrides where eid = %s order by override_id",
            (eid,),
        ).fetchall()
    assert [row[:2] for row in rows] == [(None, "filed"), ("APPROVE", None), (None, "upheld")]
    assert {row[2:4] for row in rows} == {("SOFT_DECLINE", DAY)}
    assert all(row[5] for row in rows)


def test_a_decision_that_contradicts_a_settled_appeal_opens_it_again(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid = module_warehouse_settings, declined[7]
    for state in ("filed", "rejected"):
        appeal_decision(settings, eid, state, "board", "letter", QUIET)
    assert "rejected: it is open again" in said(override_decision, settings, eid, "approve", "board", "new proof")
    with pytest.raises(DecisionError, match="has succeeded; expected upheld"):
        appeal_decision(settings, eid, "rejected", "board", "letter", QUIET)
    appeal_decision(settings, eid, "upheld", "board", "letter", QUIET)
    assert "upheld: it is open again" in said(override_decision, settings, eid, "soft_decline", "board", "forged")
    assert "decision SOFT_DECLINE; appeal filed" in said(show_decision, settings, eid)
    appeal_decision(settings, eid, "rejected", "board", "forged", QUIET)


def test_an_appeal_is_against_what_was_in_force_when_it_was_filed(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings = module_warehouse_settings
    with agency.warehouse.connect() as connection:
        (approved,) = connection.execute(
            "select min(eid) from ml.eligibility_decisions where decision = 'APPROVE'"
        ).fetchone()
    override_decision(settings, approved, "soft_decline", "clerk", "a rumour", QUIET)
    appeal_decision(settings, approved, "filed", "case worker 7", "letter", QUIET)
    with pytest.raises(DecisionError, match="against SOFT_DECLINE, and that still stands"):
        appeal_decision(settings, approved, "upheld", "board", "no proof", QUIET)
    override_decision(settings, approved, "approve", "board", "no proof of it", QUIET)
    appeal_decision(settings, approved, "upheld", "board", "no proof of it", QUIET)
    # What the model says since has no say in it.
    eid = declined[3]
    appeal_decision(settings, eid, "filed", "case worker 7", "letter", QUIET)
    override_decision(settings, eid, "approve", "board", "new proof", QUIET)
    with agency.warehouse.connect() as connection:
        connection.execute("update ml.eligibility_decisions set decision = 'APPROVE' where eid = %s", (eid,))
    appeal_decision(settings, eid, "upheld", "board", "new proof", QUIET)
    assert "decision APPROVE; appeal upheld" in said(show_decision, settings, eid)


def test_what_people_type_is_printed_as_they_typed_it(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid, by = module_warehouse_settings, declined[4], "[bold]x[/nope]"
    assert f"by {by}; gold shows it" in said(override_decision, settings, eid, "review", by, "x")
    appeal_decision(settings, eid, "filed", by, "x", QUIET)
    record_review(settings, eid, in_need=True, by=by, why="[/x]", console=QUIET)
    assert by in said(print_reviews, settings, all_=True)
    assert f"by {by}: [/x]" in said(show_decision, settings, eid)


def test_words_of_the_dead_are_refused_those_of_closed_cases_told_and_reopened_ones_are_new(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid, gone = module_warehouse_settings, declined[5], declined[6]
    with agency.warehouse.connect(Role.ML) as connection:
        connection.execute(
            "update ml.eligibility_decisions set decision = null, score_status = 'not_applicable', probability = null "
            "where eid = %s",
            (gone,),
        )
    for run, word in ((override_decision, "approve"), (appeal_decision, "filed")):
        with pytest.raises(DecisionError, match="the applicant has died"):
            run(settings, gone, word, "me", "x", QUIET)
    override_decision(settings, eid, "approve", "board", "the salary has ended", QUIET)
    appeal_decision(settings, eid, "filed", "case worker 7", "letter", QUIET)
    with agency.warehouse.connect() as connection:
        connection.execute(
            "insert into core.eligibility_applications (eid, decided_on, known_at, superseded_at) "
            "values (%s, %s, %s, %s)",
            (eid, DAY + dt.timedelta(days=1), known(DAY + dt.timedelta(days=1)), known(DAY + dt.timedelta(days=2))),
        )

    def decided_again(day: dt.date, but: str) -> None:
        with agency.warehouse.connect() as connection:
            names = connection.execute("select * from ml.eligibility_decisions limit 0").description or ()
            kept = ", ".join(c.name for c in names if c.name not in ("as_of_date", "knowledge_cutoff"))
            connection.execute(
                f"insert into ml.eligibility_decisions (as_of_date, knowledge_cutoff, {kept}) "  # type: ignore[arg-type]
                f"select %s, %s, {kept} from ml.eligibility_decisions where as_of_date = %s and eid <> %s",
                (day, known(day), DAY, but),
            )

    decided_again(DAY + dt.timedelta(days=1), eid)
    assert f"not been open since {DAY}, so that gold does not show it" in said(
        override_decision, settings, eid, "review", "board", "x"
    )
    shown = said(show_decision, settings, eid)
    assert "decision REVIEW; appeal filed" in shown
    assert "not open any more" in shown
    decided_again(DAY + dt.timedelta(days=3), "")
    shown = said(show_decision, settings, eid)
    assert "decision SOFT_DECLINE; appeal none" in shown
    assert "by board: the salary has ended" in shown, "history stays"
    appeal_decision(settings, eid, "filed", "case worker 7", "again", QUIET)
    with agency.warehouse.connect() as connection:
        connection.execute("delete from ml.eligibility_decisions where as_of_date > %s", (DAY,))


def test_who_and_why_are_asked_and_unknown_things_refused(
    module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid = module_warehouse_settings, declined[1]
    for by, why in ((" ", "x"), ("x", "")):
        with pytest.raises(AssayError, match="must not be empty"):
            override_decision(settings, eid, "approve", by, why, QUIET)
        with pytest.raises(AssayError, match="must not be empty"):
            record_review(settings, eid, in_need=True, by=by, why=why, console=QUIET)
    with pytest.raises(AssayError, match="expected approve, review, soft_decline"):
        override_decision(settings, eid, "decline", "me", "x", QUIET)
    with pytest.raises(AssayError, match="expected filed, upheld, rejected"):
        appeal_decision(settings, eid, "won", "me", "x", QUIET)
    for run in (show_decision, lambda *a: override_decision(*a[:2], "approve", "me", "x", a[2])):
        with pytest.raises(DecisionError, match="No day has decided the application 'e0'"):
            run(settings, "e0", QUIET)


def test_reviews_wait_until_they_have_a_result_and_only_drawn_ones_get_one(
    agency: Agency, module_warehouse_settings: Settings, declined: list[str]
) -> None:
    settings, eid = module_warehouse_settings, declined[2]
    assert all(one in said(print_reviews, settings) for one in declined[:4])
    record_review(
        settings, eid, in_need=True, by="case worker 7", why="the bank statement is another person's", console=QUIET
    )
    assert eid not in said(print_reviews, settings)
    assert "in need" in said(print_reviews, settings, all_=True)
    with agency.warehouse.connect() as connection:
        day = connection.execute("select as_of_date from ops.eligibility_review_outcomes where eid = %s", (eid,))
        assert day.fetchone() == (DAY,)
        approved = connection.execute(
            "select min(eid) from ml.eligibility_decisions where decision = 'APPROVE'"
        ).fetchone()[0]
    with pytest.raises(DecisionError, match="was not drawn for review"):
        record_review(settings, approved, in_need=True, by="me", why="x", console=QUIET)


def test_what_people_said_is_only_ever_added_to(agency: Agency, declined: list[str]) -> None:
    for table in ("eligibility_overrides", "eligibility_reviews", "eligibility_review_outcomes"):
        for statement in (f"delete from ops.{table}", f"update ops.{table} set eid = eid"):
            with (
                agency.warehouse.connect() as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"),
            ):
                connection.execute(statement)  # type: ignore[arg-type]
    with agency.warehouse.connect(Role.ML) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            "insert into ops.eligibility_overrides (eid, as_of_date, decision, decided_by, reason) "
            "values ('e', %s, 'APPROVE', 'model', 'x')",
            (dt.date(2026, 9, 30),),
        )
