"""Eligibility is watched by day: what has moved is named and asks for a training, chance is not."""

import dataclasses
import datetime as dt

import psycopg
import pytest

from ml.drift.watching import Watched
from ml.eligibility.days import decide_day
from ml.eligibility.lifecycle import champion_or_train
from ml.eligibility.monitoring import watch_day
from ml.eligibility.registered import MODEL_NAME, judge
from ml.eligibility.shadow import shadow_day
from ml.registry.events import unanswered_drift
from tests.integration.eligibility.conftest import OTHER, QUICK, Agency
from tests.integration.eligibility.registry import CUTOFF, DAY, DECIDED, OPEN

STORED = "select m::text, xmin::text from ml.model_monitoring as m order by subject_kind, subject, measure, as_of_date"
LATELY = "update core.eligibility_applications set {} where applied_on > %s"
WINDOW = DAY - dt.timedelta(days=91)


def watched(connection: psycopg.Connection, day: dt.date = DAY) -> Watched:
    cutoff = CUTOFF + (day - DAY)
    decide_day(connection, day, cutoff)
    return watch_day(connection, day, cutoff)


def failed(connection: psycopg.Connection, version: str) -> list[str]:
    return [result.name for result in judge(connection, version, DAY, known_by=CUTOFF) if not result.passed]


def test_a_day_is_watched_like_those_of_the_default_models_and_only_once(agency: Agency, connection) -> None:
    first = watched(connection)
    assert (first.model_version, first.message) == (agency.version, None)
    assert set(first.found["subject_kind"]) == {"feature", "score", "population", "source", "performance"}
    values = first.found.set_index(["subject", "measure"])
    assert {"csi", "ks", "missing_rate", "psi"} <= set(first.found["measure"])
    assert values.loc[("open applications", "volume"), "value"] == OPEN
    assert values.loc[("new applications", "volume"), "reference_value"] == 1.5, "of the newest four of its weekdays"
    assert values.loc[("score", "true_positive_rate_estimated"), "value"] > 0.9
    assert list(first.found.loc[first.found["subject_kind"] == "source", "subject"]) == ["test all"], "no other source"
    # As many whole days as hold 300 applications, each once: not the 60 that are open.
    assert 300 <= values.loc[("total_debt", "csi"), "rows_actual"] < 310
    before = connection.execute(STORED).fetchall()
    assert watched(connection).written == 0
    assert connection.execute(STORED).fetchall() == before


def test_two_clean_months_alert_on_nothing(agency: Agency, connection) -> None:
    # Applications of half a year ago come again as those of the days after, as many a day, and wait.
    connection.execute(
        "insert into core.eligibility_applications select eid || 'x', source_system, party_id, scheme_id, "
        "applied_on + 183, null, {}, null, 'made', known_at + interval '183 days', null "
        "from core.eligibility_applications where row_hash = 'made' and superseded_at is not null".format(
            "declared_monthly_income_amount, family_size, employment_status, avg_monthly_income_amount, "
            "avg_monthly_expenses_amount, credit_score, total_debt_amount, asset_value_amount, liabilities_value_amount"
        )
    )
    for after in range(0, 60, 5):
        assert watched(connection, DAY + dt.timedelta(days=after)).named("alert") == []


@pytest.mark.parametrize(
    ("change", "alert", "gate"),
    [
        ("avg_monthly_expenses_amount = avg_monthly_expenses_amount * 2.5", "avg_monthly_expenses csi", ["drift"]),
        ("credit_score = null", "credit_score missing_rate 1", ["drift"]),
        ("employment_status = 'Employed'", "employment_status: Unemployed vanished 0", ["drift"]),
    ],
)
def test_what_has_moved_is_named_keeps_versions_back_and_asks_for_one_training(
    agency: Agency, connection, change: str, alert: str, gate: list[str]
) -> None:
    assert failed(connection, agency.version) == []
    connection.execute(LATELY.format(change), (WINDOW,))
    alerts = watched(connection).named("alert")
    assert [name for name in alerts if name.startswith(alert)], alerts
    assert failed(connection, agency.version) == gate
    assert unanswered_drift(connection, MODEL_NAME)
    for day in (DAY - dt.timedelta(days=9), DAY):
        again = champion_or_train(connection, day, CUTOFF + (day - DAY), QUICK)
        assert not again.trained_now, "a day that runs again does what it did at first"
    assert unanswered_drift(connection, MODEL_NAME)
    later, cutoff = DAY + dt.timedelta(days=1), CUTOFF + dt.timedelta(days=1)
    assert champion_or_train(connection, later, cutoff, QUICK).trained_now
    watched(connection, later)
    assert unanswered_drift(connection, MODEL_NAME) == [], "a drift that lasts asks once"


def test_a_late_source_and_fewer_applications_are_alerts(agency: Agency, connection) -> None:
    watched(connection)
    connection.execute(
        "insert into ml.model_monitoring select (jsonb_populate_record(m, jsonb_build_object('as_of_date', "
        "m.as_of_date - n))).* from ml.model_monitoring as m, generate_series(10, 20) as n "
        "where subject_kind = 'source'"
    )
    connection.execute("delete from ml.eligibility_decisions")
    day = DAY + dt.timedelta(days=1)
    connection.execute(
        "update core.coverage set covered_to = %s where source_system = 'test'", (DAY - dt.timedelta(days=9),)
    )
    for back in (6, 13, 20):
        connection.execute(
            "insert into ml.eligibility_decisions (eid, as_of_date, gr_id, scheme_id, knowledge_cutoff, model_name, "
            "score_status, decision, reasons, missing_evidence, would_change) select 'e' || n, %s, 'g', 'S1', %s, %s, "
            "'insufficient_data', 'REVIEW', '[]', '[]', '[]' from generate_series(1, 300) as n",
            (DAY - dt.timedelta(days=back), CUTOFF, MODEL_NAME),
        )
    assert {*watched(connection, day).named("alert")} >= {"test all days_late 10", "open applications volume 60"}
    # Training mends neither.
    assert unanswered_drift(connection, MODEL_NAME) == []


def test_a_day_that_two_versions_decided_is_watched_once_as_the_one_that_decided_most(
    agency: Agency, connection
) -> None:
    watched(connection)
    other = "update ml.eligibility_decisions set model_version = 'zzz' where eid in (select eid from "
    other += "ml.eligibility_decisions where score_status = 'scored' order by eid limit %s)"
    connection.execute(
        "insert into ml.models select (jsonb_populate_record(m, jsonb_build_object('model_version', 'zzz', 'status', "
        "'candidate'))).* from ml.models as m where model_version = %s",
        (agency.version,),
    )
    for count, version in ((1, agency.version), (OPEN - 10, "zzz"), (OPEN - 10, "zzz")):
        connection.execute(other, (count,))
        found = watch_day(connection, DAY, CUTOFF)
        assert found.model_version == version
        stored = connection.execute("select distinct model_version from ml.model_monitoring").fetchall()
        assert stored == [(version,)]
    assert found.written == 0


def test_outcomes_tell_what_earlier_decisions_were_worth(agency: Agency, connection) -> None:
    connection.execute(
        "update ml.models set metadata = metadata || jsonb_build_object('outcomes_known_at', '2026-01-01T00:00:00Z')"
    )
    watched(connection)
    later = DAY + dt.timedelta(days=10)
    connection.execute(
        "update core.eligibility_applications set decided_on = %s, is_eligible = (total_debt_amount > 9000) "
        "where row_hash = 'made' and superseded_at is null",
        (later,),
    )
    watched(connection, later)
    realised = connection.execute(
        "select measure, rows_actual from ml.model_monitoring where as_of_date = %s and measure like '%%_realised'",
        (DAY,),
    ).fetchall()
    assert {measure for measure, _ in realised} == {"auc_realised", "brier_realised", "bad_rate_realised"}
    assert {rows for _, rows in realised} == {OPEN}


def test_without_a_reference_or_a_champion_it_is_said(agency: Agency, connection) -> None:
    connection.execute("update ml.models set metadata = metadata - 'reference'")
    found = watched(connection)
    assert "before references were kept" in str(found.message)
    assert set(found.found["subject_kind"]) == {"population", "source"}
    connection.execute("delete from ml.eligibility_decisions")
    connection.execute("delete from ml.model_aliases")
    assert watch_day(connection, DAY, CUTOFF).message == "not watched: there is no champion"


def test_a_version_that_failed_is_compared_in_shadow_and_decides_nothing(agency: Agency, connection) -> None:
    assert shadow_day(connection, DAY).message == "there is no challenger"
    strict = dataclasses.replace(OTHER, required_characteristics=("disability",))
    challenger = champion_or_train(connection, DAY, CUTOFF, strict).version
    decide_day(connection, DAY, CUTOFF)
    found = shadow_day(connection, DAY)
    assert (found.champion, found.challenger) == (agency.version, challenger)
    scored = "select count(*) from ml.eligibility_decisions where score_status = 'scored' and model_version = %s"
    assert connection.execute(scored, (agency.version,)).fetchone() == (found.written,)
    assert found.figures["rows_compared"] == found.written > 40
    assert found.figures["heldout_rows"] == DECIDED
    assert 0.8 < found.figures["rank_correlation"] < 1
    assert found.figures["same_band_pct"] > 50
    assert connection.execute("select distinct model_version from ml.eligibility_decisions").fetchall() == [
        (agency.version,)
    ]
    bands = connection.execute("select distinct risk_band from ml.shadow_scores").fetchall()
    assert {band for (band,) in bands} <= {"APPROVE", "REVIEW", "SOFT_DECLINE"}
    again = shadow_day(connection, DAY)
    assert (again.written, again.figures) == (0, found.figures)
