"""A day decides what was open and known by its cut-off; what comes later, and other days, change nothing."""

import datetime as dt
from zoneinfo import ZoneInfo

import psycopg
import pytest

from ml import registry
from ml.eligibility.applications import CHARACTERISTICS, read_decided, read_open
from ml.eligibility.days import NO_MODEL, ReviewShares, decide_day
from ml.eligibility.lifecycle import champion_or_train
from ml.eligibility.model import MODEL_NAME
from ml.eligibility.realised import realised_decisions, realised_rates
from ml.eligibility.record import is_drawn
from tests.integration.eligibility.conftest import OTHER, Agency
from tests.integration.eligibility.registry import CUTOFF, DAY, DECIDED, OPEN, apply, known

HALF = ReviewShares(declined=0.5, approved=0.5, seed=1)


def hashes(connection: psycopg.Connection) -> list[tuple]:
    return connection.execute(
        "select 'd', count(*), md5(string_agg(d::text, '|' order by d::text)) from ml.eligibility_decisions as d "
        "union all "
        "select 'r', count(*), md5(string_agg(r::text, '|' order by r::text)) from ops.eligibility_reviews as r"
    ).fetchall()


def test_every_open_application_is_decided_with_what_an_auditor_asks_for(agency: Agency, connection) -> None:
    day = decide_day(connection, DAY, CUTOFF, HALF)
    assert (day.version, sum(day.statuses.values()), day.written) == (agency.version, OPEN, OPEN)
    assert sum(day.decisions.values()) == OPEN
    assert set(day.decisions) == {"APPROVE", "REVIEW", "SOFT_DECLINE"}
    (lacking,) = connection.execute(
        "select count(*) from ml.eligibility_decisions where score_status = 'scored' and not ("
        "model_version = %s and rule_version like 'support/1-%%' and not is_retrospective and knowledge_cutoff = %s "
        "and jsonb_array_length(reasons) > 0 and (decision = case when probability >= approve_threshold then 'APPROVE' "
        "when probability >= review_threshold then 'REVIEW' else 'SOFT_DECLINE' end or "
        "decision = 'REVIEW' and missing_evidence::text like '%%the decision waits for it%%'))",
        (agency.version, CUTOFF),
    ).fetchone()
    assert lacking == 0
    drawn = connection.execute("select eid, decision from ops.eligibility_reviews").fetchall()
    assert len(drawn) == day.drawn > 5
    assert {decision for _, decision in drawn} == {"APPROVE", "SOFT_DECLINE"}


def test_a_rerun_and_what_becomes_known_later_change_nothing(agency: Agency, connection) -> None:
    decide_day(connection, DAY, CUTOFF, HALF)
    yesterday = DAY - dt.timedelta(days=1)
    decide_day(connection, yesterday, CUTOFF - dt.timedelta(days=1), HALF)
    before = hashes(connection)
    facts, impossible = read_decided(connection, DAY, CUTOFF)
    # Afterwards: two people become one, open applications are decided, one is corrected, another made, somebody's death
    # is told; a file that came late would have its own time.
    later = known(DAY + dt.timedelta(days=3))
    connection.execute(
        "update ml.party_xref set superseded_at = %s, retired_at = now() where party_id > 'p70'", (later,)
    )
    connection.execute(
        "insert into ml.party_xref (party_id, gr_id, link_rule, known_at, recorded_at, valid_from) "
        "select party_id, 'g0', 'linkage', superseded_at, now(), valid_from from ml.party_xref where party_id > 'p70'"
    )
    connection.execute(
        "insert into core.eligibility_applications select eid, source_system, party_id, scheme_id, applied_on, "
        "applied_on + 15, 0, 9, 'Unemployed', 0, 0, 300, 99999, 0, 0, true, 'late', %s, null "
        "from core.eligibility_applications where superseded_at is null",
        (later,),
    )
    connection.execute(
        "update core.eligibility_applications set superseded_at = %s "
        "where row_hash <> 'late' and superseded_at is null",
        (later,),
    )
    connection.execute(
        "insert into core.parties select 'p' || n, '2026-01-01', %s, '2026-01-01' from generate_series(0, 900) as n",
        (later,),
    )
    connection.execute(
        "insert into core.beneficiaries select 'p' || n, 'h' || n / 5, '2026-01-01', %s "
        "from generate_series(0, 900) as n",
        (later,),
    )
    assert decide_day(connection, DAY, CUTOFF, HALF).written == 0
    assert decide_day(connection, yesterday, CUTOFF - dt.timedelta(days=1), HALF).written == 0
    assert hashes(connection) == before
    again, _ = read_decided(connection, DAY, CUTOFF)
    assert again.equals(facts)
    assert impossible == {}
    # Nor does a later day rewrite an earlier one, whose people have been merged since.
    decide_day(connection, DAY + dt.timedelta(days=4), later + dt.timedelta(days=2), HALF)
    (row,) = connection.execute(
        "select count(*) filter (where gr_id = 'g0') from ml.eligibility_decisions where as_of_date <= %s", (DAY,)
    ).fetchall()
    assert row == (0,)


def test_a_version_that_learnt_later_replaces_no_decision_and_any_other_does(agency: Agency, connection) -> None:
    decide_day(connection, DAY, CUTOFF, HALF)
    before = hashes(connection)
    second = champion_or_train(connection, DAY, CUTOFF, OTHER).version
    learnt = (
        "update ml.models set metadata = metadata || jsonb_build_object('outcomes_known_at', %s::text) "
        "where model_version = %s"
    )
    connection.execute(learnt, ((CUTOFF + dt.timedelta(hours=1)).isoformat(), second))
    again = decide_day(connection, DAY, CUTOFF, HALF)
    assert (again.version, again.written, again.kept, again.drawn) == (second, 0, OPEN, 0)
    assert hashes(connection) == before
    connection.execute(learnt, (CUTOFF.isoformat(), second))
    again = decide_day(connection, DAY, CUTOFF)
    assert (again.version, again.written, again.kept) == (second, OPEN, 0)
    registry.set_alias(connection, MODEL_NAME, "champion", agency.version, set_by="rollback")
    again = decide_day(connection, DAY, CUTOFF)
    assert (again.version, again.written, again.kept) == (agency.version, OPEN, 0)


def test_a_file_that_came_late_removes_what_had_been_decided_by_then(agency: Agency, connection) -> None:
    decide_day(connection, DAY, CUTOFF)
    eid = connection.execute("select min(eid) from ml.eligibility_decisions").fetchone()[0]
    connection.execute(
        "update core.eligibility_applications set decided_on = %s, is_eligible = true where eid = %s", (DAY, eid)
    )
    day = decide_day(connection, DAY, CUTOFF)
    assert (day.written, sum(day.statuses.values())) == (1, OPEN - 1)


def test_the_dead_the_forgotten_the_unknown_and_the_impossible(agency: Agency, connection) -> None:
    facts = connection.execute(
        "select * from core.eligibility_applications where superseded_at is null and decided_on is null "
        "order by eid limit 1"
    )
    names = [column.name for column in facts.description or ()]
    stated = dict(zip(names, facts.fetchone(), strict=True))
    row = {name.removesuffix("_amount"): value for name, value in stated.items()} | {"eligible": False}
    apply(connection, row | {"eid": "nobody"}, "stranger", DAY)
    apply(connection, row | {"eid": "forgotten"}, "p0", DAY - dt.timedelta(days=366))
    apply(connection, row | {"eid": "impossible", "family_size": 0, "employment_status": "Retired"}, "p1", DAY)
    nothing = dict.fromkeys(row) | {"eid": "empty"}
    apply(connection, nothing, "p2", DAY)
    apply(connection, row | {"eid": "negative", "declared_monthly_income": -5}, "p3", DAY)
    connection.execute("update core.eligibility_applications set total_debt_amount = 'NaN' where eid = 'negative'")
    apply(connection, row | {"eid": "dead"}, "p4", DAY)
    # Told by mistake of p5 and taken back; of p6 the newest version says nothing else.
    apply(connection, row | {"eid": "living"}, "p5", DAY)
    apply(connection, row | {"eid": "gone"}, "p6", DAY)
    for party, died, from_ in (("p4", DAY, 2), ("p5", DAY, 5), ("p5", None, 3), ("p6", None, 5), ("p6", DAY, 3)):
        day = DAY - dt.timedelta(days=from_)
        connection.execute("insert into core.parties values (%s, %s, %s, %s)", (party, died, known(day), day))
    found = read_open(connection, DAY, CUTOFF)
    assert (found.without_person, found.stale) == (1, 1)
    assert found.impossible == {"declared_monthly_income": 1, "family_size": 1, "employment_status": 1}
    decide_day(connection, DAY, CUTOFF)
    said = {
        eid: rest
        for eid, *rest in connection.execute(
            "select eid, score_status, decision, jsonb_array_length(missing_evidence) from ml.eligibility_decisions "
            "where eid in ('nobody', 'forgotten', 'impossible', 'empty', 'negative', 'dead', 'living', 'gone')"
        )
    }
    assert set(said) == {"impossible", "empty", "negative", "dead", "living", "gone"}
    assert (said["living"][0], said["gone"][0]) == ("scored", "not_applicable")
    assert said["empty"] == ["insufficient_data", "REVIEW", 9]
    assert said["dead"] == ["not_applicable", None, 0]
    assert said["impossible"][0] == "scored"
    assert said["impossible"][2] >= 2


def test_facts_are_learnt_as_they_were_while_the_application_was_open(agency: Agency, connection) -> None:
    connection.execute(
        "update core.eligibility_applications set declared_monthly_income_amount = 1 where row_hash = 'decided'"
    )
    frame, _ = read_decided(connection, DAY, CUTOFF)
    assert len(frame) == DECIDED
    assert (frame["declared_monthly_income"] != 1).all()


def test_a_review_counts_as_the_outcome_from_the_next_day_on(agency: Agency, connection) -> None:
    frame, _ = read_decided(connection, DAY, CUTOFF)
    eid, eligible = frame.loc[0, "eid"], bool(frame.loc[0, "eligible"])
    still_open = connection.execute(
        "select min(eid) from core.eligibility_applications where row_hash = 'made' and superseded_at is null"
    ).fetchone()[0]
    for one in (eid, still_open):
        connection.execute("insert into ops.eligibility_reviews values (%s, %s, 'g', 'SOFT_DECLINE', 'v')", (one, DAY))
        connection.execute(
            "insert into ops.eligibility_review_outcomes (eid, as_of_date, is_eligible, decided_by, reason) "
            "values (%s, %s, %s, 'me', 'seen')",
            (one, DAY, not eligible),
        )
    assert read_decided(connection, DAY, CUTOFF)[0].equals(frame)
    after, _ = read_decided(connection, DAY + dt.timedelta(days=1), CUTOFF + dt.timedelta(days=1))
    known_at = after.set_index("eid")["known_at"]
    assert known_at[eid] == known_at[still_open] == CUTOFF + dt.timedelta(days=1), "so it looks back at the day"
    labels = after.set_index("eid")["eligible"]
    assert bool(labels[eid]) is bool(labels[still_open]) is not eligible
    assert len(after) == len(frame) + 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"])
def test_a_review_becomes_known_after_its_days_cut_off_and_stays_at_that_time(
    agency: Agency, connection, zone: str
) -> None:
    eid = read_decided(connection, DAY, CUTOFF)[0].loc[0, "eid"]
    connection.execute("insert into ops.eligibility_reviews values (%s, %s, 'g', 'SOFT_DECLINE', 'v')", (eid, DAY))
    connection.execute(
        "insert into ops.eligibility_review_outcomes (eid, as_of_date, is_eligible, decided_by, reason) "
        "values (%s, %s, true, 'me', 'seen')",
        (eid, DAY),
    )

    def cutoff(days: int) -> dt.datetime:
        return dt.datetime.combine(DAY + dt.timedelta(days=days + 1), dt.time(2), tzinfo=ZoneInfo(zone))

    # Forty days later the clocks of New York have changed.
    for days in (1, 40):
        frame, _ = read_decided(connection, DAY + dt.timedelta(days=days), cutoff(days))
        assert frame.set_index("eid").loc[eid, "known_at"] == cutoff(1)
        assert cutoff(0) < cutoff(1)


def test_an_old_days_training_is_the_same_after_a_merge_and_groups_follow_it(agency: Agency, connection) -> None:
    connection.execute(
        "insert into core.beneficiaries select 'p' || n, 'h' || n / 2, '2026-01-01', '2026-01-02' "
        "from generate_series(0, 9) as n"
    )
    before, _ = read_decided(connection, DAY, CUTOFF)
    households = before[before["household_id"].str.startswith("h")].groupby("household_id")["gr_id"].agg(set)
    assert households.to_dict() == {f"h{n}": {f"g{2 * n}", f"g{2 * n + 1}"} for n in range(5)}
    # Three days later g3 becomes part of g1, whose groups are the ones that are known from then on.
    later = known(DAY + dt.timedelta(days=3))
    connection.execute(
        "update ml.party_xref set superseded_at = %s, retired_at = now() where party_id = 'p3'", (later,)
    )
    connection.execute(
        "insert into ml.party_xref (party_id, gr_id, link_rule, known_at, recorded_at, valid_from) "
        "values ('p3', 'g1', 'linkage', %s, now(), '2025-01-01')",
        (later,),
    )
    connection.execute("insert into core.gr_redirects values ('g3', 'g1')")
    connection.execute("update core.applicant_groups set gr_id = 'gone' where gr_id = 'g1'")
    connection.execute("update core.applicant_groups set gr_id = 'g1' where gr_id = 'g3'")
    after, _ = read_decided(connection, DAY, CUTOFF)
    stays = [name for name in before.columns if name not in CHARACTERISTICS]
    assert after[stays].equals(before[stays])
    # The row of g3, which is g1's now, has its groups still.
    groups = [frame.set_index("gr_id").loc["g3", list(CHARACTERISTICS)].tolist() for frame in (before, after)]
    assert groups[0] == groups[1]


def test_decisions_are_held_against_the_outcomes_that_came_since(agency: Agency, connection) -> None:
    early = dt.date(2026, 5, 1)
    open_then = sum(decide_day(connection, early, known(early)).statuses.values())
    assert realised_rates(connection, DAY, CUTOFF)[0] == 0, "a look back is no forecast"
    connection.execute("update ml.eligibility_decisions set is_retrospective = false")
    rows, rates = realised_rates(connection, DAY, CUTOFF, min_group_size=5)
    assert rows == open_then
    women = rates.set_index(["characteristic", "group"]).loc[("sex", "female")]
    (missed, needy) = connection.execute(
        "select count(*) filter (where d.decision = 'SOFT_DECLINE'), count(*) from ml.eligibility_decisions as d "
        "join core.eligibility_applications as a on a.eid = d.eid and a.is_eligible "
        "join core.applicant_groups as c on c.gr_id = d.gr_id and c.sex = 'female'"
    ).fetchone()
    assert needy > 5
    assert women["false_negative_rate"] == missed / needy
    # One person may have made many of them.
    connection.execute(
        "insert into core.gr_redirects select gr_id, first_value(gr_id) over (partition by sex order by gr_id) "
        "from core.applicant_groups"
    )
    merged = realised_rates(connection, DAY, CUTOFF, min_group_size=2)[1].set_index(["characteristic", "group"])
    assert merged.loc[("sex", "female"), ["n", "n_people", "is_large_enough"]].tolist() == [women["n"], 1, False]


def test_what_people_found_of_a_random_sample_counts_among_the_outcomes(agency: Agency, connection) -> None:
    decide_day(connection, DAY, CUTOFF, ReviewShares(declined=1.0))
    reviewed = "insert into ops.eligibility_review_outcomes (eid, as_of_date, is_eligible, decided_by, reason) "
    declined = [
        eid for (eid,) in connection.execute("select eid from ml.eligibility_decisions where decision = 'SOFT_DECLINE'")
    ]
    for eid in declined:
        connection.execute(reviewed + "values (%s, %s, true, 'p', 'no income')", (eid, DAY))
    assert realised_decisions(connection, DAY, CUTOFF).empty, "a result is known from the day after on"
    day, cutoff = DAY + dt.timedelta(days=1), CUTOFF + dt.timedelta(days=1)
    found = realised_decisions(connection, day, cutoff)
    assert (len(found), set(found["target"]), set(found["decision"])) == (len(declined), {1}, {"SOFT_DECLINE"})
    # The source decides otherwise later on, as it was told to: who looked without seeing the score is believed.
    connection.execute(
        "update core.eligibility_applications set decided_on = %s, is_eligible = false where eid = any(%s)",
        (day, declined),
    )
    assert set(realised_decisions(connection, day, cutoff)["target"]) == {1}
    assert realised_rates(connection, day, cutoff, min_group_size=1)[1]["false_negative_rate"].min() == 1.0


def test_without_a_version_a_person_decides_every_application(agency: Agency, connection) -> None:
    connection.execute("delete from ml.model_aliases")
    day = decide_day(connection, DAY, CUTOFF)
    assert (day.message, day.version, day.drawn) == (NO_MODEL, None, 0)
    assert (day.statuses, day.decisions) == ({"insufficient_data": OPEN}, {"REVIEW": OPEN})


def test_a_day_without_applications_is_decided_as_empty(agency: Agency, connection) -> None:
    early = dt.date(2025, 12, 31)
    day = decide_day(connection, early, known(early))
    assert (day.statuses, day.written, day.drawn) == ({}, 0, 0)


def test_the_review_sample_has_its_share_and_depends_on_number_and_seed_only() -> None:
    eids = [f"7841{n:011d}" for n in range(20_000)]
    drawn = is_drawn(eids, 0.05, 3)
    assert drawn.mean() == pytest.approx(0.05, abs=0.006)
    assert is_drawn(eids[::-1], 0.05, 3).tolist() == drawn[::-1].tolist()
    assert (is_drawn(eids, 0.05, 4) & drawn).mean() < 0.006
    assert not is_drawn(eids, 0.0, 3).any()
    assert is_drawn(eids, 1.0, 3).all()
    with pytest.raises(ValueError, match="expected 0 to 1"):
        is_drawn(eids, 1.5, 3)
