"""What people decide survives reruns, stands in the ledger, and where it cannot be followed somebody is told."""

import datetime as dt
import io
import re

import pytest
from rich.console import Console

from ml.identity.why import ColumnEvidence
from orchestration.cli import identity as cli
from orchestration.errors import AssayError
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse
from tests.integration.identity.people import (
    EARLY,
    FIRST_DAY,
    LATE,
    add,
    as_of,
    current,
    cutoff,
    last_event,
    ledger,
    queue,
    run,
    same,
)

ONE, TWO, THREE, FOUR = (f"GR000000000{number}" for number in (1, 2, 3, 4))


class Steward:
    """Somebody at the command line."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.output = io.StringIO()
        self.console = Console(file=self.output, width=200, highlight=False)

    def says_same(self, a: str, b: str, until: dt.date | None = None) -> int:
        return cli.decide(self.settings, "must_link", (a, b), "Kim", "saw both papers", until, self.console)

    def says_apart(self, a: str, b: str, until: dt.date | None = None) -> int:
        return cli.decide(self.settings, "cannot_link", (a, b), "Kim", "twins", until, self.console)

    def takes_back(self, override_id: int) -> None:
        cli.revoke(self.settings, override_id, "Lee", "wrong papers", self.console)

    def reads(self) -> str:
        text = self.output.getvalue()
        self.output.truncate(0)
        self.output.seek(0)
        return re.sub(r"\s+", " ", text)


@pytest.fixture
def steward(warehouse_settings: Settings) -> Steward:
    return Steward(warehouse_settings)


def test_two_records_that_a_steward_links_are_one_from_the_next_run_on(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    mark = last_event(parties)
    number = steward.says_same("e2", "c2")
    assert run(parties, 1).merges == 1
    assert same(parties, "e2", "c2")
    assert ledger(parties, after=mark) == [
        ("override_decided", TWO, THREE, None, f"override:{number}"),
        ("merged", TWO, THREE, 1, f"override:{number}"),
        ("retired", THREE, TWO, 1, f"override:{number}"),
        ("override_applied", TWO, None, None, f"override:{number}"),
    ]
    assert as_of(parties, FIRST_DAY, cutoff(0))["e2"] == THREE
    assert as_of(parties, FIRST_DAY, cutoff(1))["e2"] == TWO


def test_a_decision_survives_reruns_which_write_nothing(parties: Warehouse, steward: Steward) -> None:
    steward.says_same("e2", "c2")
    steward.says_apart("e1", "c1")
    run(parties, 0)
    mark = last_event(parties)
    for day in (0, 1, 2):
        summary = run(parties, day)
        assert (summary.new_ids, summary.retired, summary.overrides_in_force) == (0, 0, 2)
    assert same(parties, "e2", "c2")
    assert not same(parties, "e1", "c1")
    assert ledger(parties, after=mark) == []


def test_two_records_that_a_steward_separates_are_two_and_stay_so(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    mark = last_event(parties)
    number = steward.says_apart("c1", "e1")
    run(parties, 1)
    assert current(parties) == {"c1": ONE, "c2": TWO, "e1": FOUR, "e2": THREE}
    assert ledger(parties, after=mark)[1:] == [
        ("created", FOUR, None, 1, f"override:{number}"),
        ("split", ONE, FOUR, 1, f"override:{number}"),
        ("override_applied", ONE, FOUR, None, f"override:{number}"),
    ]
    # Evidence against a decision is what the decision is for: nobody is asked again.
    assert queue(parties) == []


def test_separation_holds_through_others(parties: Warehouse, steward: Steward) -> None:
    add(parties, ("e8", "caller", "c1", None, LATE), ("e9", "caller", "e8", None, LATE))
    steward.says_apart("c1", "e9")
    run(parties, 0)
    assert same(parties, "c1", "e8")
    assert not same(parties, "c1", "e9")


def test_a_decision_ends_after_its_last_day(parties: Warehouse, steward: Steward) -> None:
    number = steward.says_same("e2", "c2", until=FIRST_DAY + dt.timedelta(days=1))
    run(parties, 0)
    assert run(parties, 1).splits == 0
    mark = last_event(parties)
    run(parties, 2)
    assert not same(parties, "e2", "c2")
    events = ledger(parties, after=mark)
    assert [event[0] for event in events] == ["created", "split", "override_expired"]
    assert events[1][4] == "evidence_gone"
    # It would still make a difference: somebody should say whether it was meant to end.
    assert queue(parties) == [("override_expired", "c2", "e2", "open")]
    # An older day that runs again does not bring it back.
    run(parties, 0)
    assert not same(parties, "e2", "c2")
    steward.takes_back(number)
    run(parties, 3)
    assert queue(parties) == [("override_expired", "c2", "e2", "closed")]


def test_what_is_taken_back_counts_no_more(parties: Warehouse, steward: Steward) -> None:
    number = steward.says_same("e2", "c2")
    run(parties, 0)
    steward.takes_back(number)
    mark = last_event(parties)
    run(parties, 1)
    assert not same(parties, "e2", "c2")
    assert ("split", current(parties)["c2"], current(parties)["e2"], 1, "evidence_gone") in ledger(parties, after=mark)
    with pytest.raises(cli.IdentityError, match="No override 1 is in force"):
        steward.takes_back(number)


def test_a_contradiction_lands_in_the_queue_once_and_closes_by_itself(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    apart = steward.says_apart("c2", "e2")
    add(parties, ("e9", "caller", None, None, LATE))
    chain = [steward.says_same("c2", "e9"), steward.says_same("e9", "e2")]
    mark = last_event(parties)
    summary = run(parties, 1)
    assert (summary.overrides_in_force, summary.overrides_contradicted, summary.open_reviews) == (3, 1, 1)
    # The separation wins; of the chain the link made later is the one not followed.
    assert same(parties, "c2", "e9")
    assert not same(parties, "e9", "e2")
    assert queue(parties) == [("must_link_against_cannot_link", "e2", "e9", "open")]
    told = [event for event in ledger(parties, after=mark) if event[0] == "override_contradicted"]
    assert [event[4] for event in told] == [f"override:{apart}"]
    mark = last_event(parties)
    run(parties, 2)
    assert ledger(parties, after=mark) == []
    assert len(queue(parties)) == 1
    steward.takes_back(chain[0])
    run(parties, 3)
    assert same(parties, "e9", "e2")
    assert queue(parties) == [("must_link_against_cannot_link", "e2", "e9", "closed")]


def test_opposite_decisions_about_one_pair_are_told_at_once_and_queued(parties: Warehouse, steward: Steward) -> None:
    steward.says_same("e2", "c2")
    steward.reads()
    steward.says_apart("e2", "c2")
    assert "It contradicts override 1" in steward.reads()
    run(parties, 0)
    assert not same(parties, "e2", "c2")
    assert queue(parties) == [("must_link_against_cannot_link", "c2", "e2", "open")]


def test_two_anchors_are_never_one_whoever_says_so(parties: Warehouse, steward: Steward) -> None:
    steward.says_same("c1", "c2")
    assert run(parties, 0).overrides_contradicted == 1
    assert not same(parties, "c1", "c2")
    assert queue(parties) == [("must_link_of_anchors", "c1", "c2", "open")]


def test_evidence_that_would_join_two_anchors_is_queued_until_it_is_gone(parties: Warehouse) -> None:
    add(parties, ("e3", "caller", "c2", "1", LATE))
    run(parties, 0)
    assert queue(parties) == [("anchor_conflict", "c1", "e3", "open")]
    with parties.connect("assay_dbt") as connection:
        connection.execute("update core.parties set phone = null where party_id = 'e3'")
    run(parties, 1)
    assert queue(parties) == [("anchor_conflict", "c1", "e3", "closed")]
    with parties.connect("assay_dbt") as connection:
        connection.execute("update core.parties set phone = '1' where party_id = 'e3'")
    run(parties, 2)
    assert queue(parties) == [("anchor_conflict", "c1", "e3", "open")]


def test_a_decision_about_a_record_that_is_gone_is_queued(parties: Warehouse, steward: Steward) -> None:
    steward.says_same("e2", "c2")
    with parties.connect("assay_dbt") as connection:
        connection.execute("delete from core.parties where party_id = 'e2'")
    run(parties, 0)
    assert queue(parties) == [("override_without_record", "c2", "e2", "open")]


@pytest.mark.parametrize(
    ("a", "b", "by", "why", "until", "message"),
    [
        ("e2", "c9", "Kim", "x", None, "no record 'c9'.*not a gr_id"),
        ("e2", "e2", "Kim", "x", None, "given twice"),
        ("e2", "c2", " ", "x", None, "--by and --why"),
        ("e2", "c2", "Kim", "", None, "--by and --why"),
        ("e2", "c2", "Kim", "x", FIRST_DAY - dt.timedelta(days=1), "would never count"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_with_what_to_do(
    parties: Warehouse,
    warehouse_settings: Settings,
    a: str,
    b: str,
    by: str,
    why: str,
    until: dt.date | None,
    message: str,
) -> None:
    run(parties, 0)
    with pytest.raises(AssayError, match=message):
        cli.decide(warehouse_settings, "must_link", (a, b), by, why, until, Console(quiet=True))
    with parties.connect() as connection:
        assert connection.execute("select count(*) from ops.identity_overrides").fetchone() == (0,)


def test_the_same_decision_twice_is_refused(parties: Warehouse, steward: Steward) -> None:
    steward.says_same("e2", "c2")
    with pytest.raises(AssayError, match="stands already"):
        steward.says_same("c2", "e2")


def test_why_names_columns_links_and_the_way_without_values(parties: Warehouse, steward: Steward) -> None:
    add(parties, ("e3", "caller", "e1", "7", LATE))
    run(parties, 0)
    cli.print_why(steward.settings, ("c1", "e3"), steward.console)
    text = steward.reads()
    assert "linked through others: c1 and e3" in text
    assert "phone │ different" in text
    assert "customer_ref │ missing" in text
    assert "c1 │ e1 │ unique_phone" in text
    assert "e1 │ e3 │ customer_ref" in text
    assert "record 1" not in text
    cli.print_why(steward.settings, ("c1", "e1"), steward.console, with_values=True)
    text = steward.reads()
    assert "linked directly" in text
    assert "phone │ equal │ │ 1 │ 1" in text


def test_why_of_a_non_match_tells_decisions_and_former_ids(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    steward.says_apart("c1", "e1")
    run(parties, 1)
    cli.print_why(steward.settings, ("c1", "e1"), steward.console)
    text = steward.reads()
    assert "not linked: c1 and e1" in text
    assert f"e1: {ONE} -> {FOUR}" in text
    assert "override 1: cannot_link, in force" in text


def test_why_takes_what_a_model_makes_of_the_columns(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    cli.print_why(
        steward.settings,
        ("c1", "c2"),
        steward.console,
        weigh=lambda one, other: [ColumnEvidence("phone", "one digit apart", -3.25), ColumnEvidence("name", "x", 7.0)],
    )
    text = steward.reads()
    assert "phone │ one digit apart │ -3.2" in text
    assert "name │ x │ +7.0" in text


def test_history_follows_a_retired_id_to_where_its_records_are(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    number = steward.says_same("e2", "c2")
    run(parties, 1)
    cli.print_history(steward.settings, THREE, steward.console)
    text = steward.reads()
    assert f"{THREE} is no more: {THREE} -> {TWO}" in text
    assert f"merged │ {TWO} │ {THREE} │ 1 │ override:{number}" in text
    assert f"e2 │ {THREE} │ own_record │ 1.0000 │ 2014-02-01 00:00 UTC │ 2014-03-03 02:00 UTC" in text
    with pytest.raises(cli.IdentityError, match="never given"):
        cli.print_history(steward.settings, "GR9999999999", steward.console)


def test_history_leads_to_the_records_also_after_the_merge_was_taken_back(parties: Warehouse, steward: Steward) -> None:
    run(parties, 0)
    number = steward.says_same("e2", "c2")
    run(parties, 1)
    steward.takes_back(number)
    run(parties, 2)
    now = current(parties)["e2"]
    assert now not in (TWO, THREE)
    steward.says_same("e2", "c1")
    run(parties, 3)
    heir = current(parties)["e2"]
    assert heir == current(parties)["c1"] != current(parties)["c2"]
    for gone in (THREE, now):
        steward.reads()
        cli.print_history(steward.settings, gone, steward.console)
        assert f"{gone} is no more: {gone} -> {heir}" in steward.reads()


def test_queue_and_overrides_are_listed(parties: Warehouse, steward: Steward) -> None:
    cli.print_queue(steward.settings, steward.console)
    assert "Nothing to review." in steward.reads()
    steward.says_same("c1", "c2")
    steward.says_same("e2", "c2", until=FIRST_DAY)
    run(parties, 0)
    cli.print_queue(steward.settings, steward.console)
    assert "must_link_of_anchors │ c1 │ c2 │ override:1" in steward.reads()
    cli.print_overrides(steward.settings, steward.console)
    text = steward.reads()
    assert "contradicted" in text
    assert "2014-03-01 │ applied" in text
    run(parties, 1)
    cli.print_overrides(steward.settings, steward.console)
    assert "expired" in steward.reads()


def test_a_decision_made_before_the_records_are_resolved_counts_from_the_first_run(
    parties: Warehouse, steward: Steward
) -> None:
    add(parties, ("e7", "caller", None, None, EARLY))
    steward.says_same("e7", "c1")
    run(parties, 0)
    assert as_of(parties, FIRST_DAY, cutoff(0))["e7"] == ONE
    assert "e7" not in as_of(parties, FIRST_DAY, cutoff(-1))
