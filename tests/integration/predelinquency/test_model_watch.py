"""Watching ``predelinquency_30d`` on built days: idempotent, alerts once, late sources named, challengers in shadow."""

import dataclasses
import datetime as dt

import psycopg
import pytest

from ml.delinquency import Candidate, LogisticSettings
from ml.delinquency.monitoring import watch_day
from ml.delinquency.predelinquency import MODEL_NAME, champion_or_train, score_day
from ml.delinquency.shadow import shadow_day
from ml.drift.watching import Watched
from ml.registry import set_alias
from ml.registry.promotion import challenge
from orchestration.warehouse import Role, Warehouse
from tests.integration.predelinquency.borrowers import LAST
from tests.integration.predelinquency.conftest import RunDay
from tests.integration.predelinquency.test_predelinquency_days import CUTOFF, DECISION, QUICK

OTHER = dataclasses.replace(QUICK, candidates=(Candidate("other", (LogisticSettings(5.0),)),))
STORED = "select m::text, xmin::text from ml.model_monitoring as m order by subject_kind, subject, measure"


@pytest.fixture(scope="module")
def scored(borrowers: Warehouse, run_day: RunDay) -> Warehouse:
    run_day(LAST)
    with borrowers.connect(Role.ML) as connection:
        versions = [champion_or_train(connection, CUTOFF, config).version for config in (QUICK, OTHER)]
        set_alias(connection, MODEL_NAME, "champion", str(versions[0]), set_by="test")
        challenge(connection, MODEL_NAME, str(versions[1]), by="test", why="test")
        score_day(connection, LAST, DECISION)
    return borrowers


def watch(connection: psycopg.Connection, day: dt.date = LAST) -> Watched:
    return watch_day(connection, MODEL_NAME, day, CUTOFF + (day - LAST))


def test_a_day_watched_twice_writes_nothing_the_second_time(scored: Warehouse) -> None:
    with scored.connect(Role.ML) as connection:
        first = watch(connection)
        assert first.message is None
        assert set(first.found["subject_kind"]) == {"feature", "score", "population", "source", "performance"}
        assert {"csi", "ks", "missing_rate", "psi", "volume", "days_late", "auc_estimated"} <= set(
            first.found["measure"]
        )
    with scored.connect(Role.ML) as connection:
        before = connection.execute(STORED).fetchall()
        assert len(before) == len(first.found)
        assert watch(connection).written == 0
        assert connection.execute(STORED).fetchall() == before
        # What a day no longer shows does not stay.
        connection.execute(
            "insert into ml.model_monitoring (model_name, model_version, as_of_date, subject_kind, subject, measure, "
            "level, rows_actual) values (%s, %s, %s, 'feature', 'product_name: Boat', 'vanished', 'alert', 40)",
            (MODEL_NAME, first.model_version, LAST),
        )
        assert watch(connection).written == 1
        assert connection.execute(STORED).fetchall() == before


def test_a_late_source_and_a_lost_category_are_alerts_once(scored: Warehouse) -> None:
    with scored.connect(Role.ML) as connection:
        watch(connection)
        # Five weeks in which every source came in time.
        connection.execute(
            "insert into ml.model_monitoring (model_name, model_version, as_of_date, subject_kind, subject, measure, "
            "level, value, rows_actual) select model_name, model_version, as_of_date - days, subject_kind, subject, "
            "measure, level, value, rows_actual from ml.model_monitoring, generate_series(1, 35) as days "
            "where subject_kind = 'source' and as_of_date = %s",
            (LAST,),
        )
    with scored.connect(Role.DBT) as dbt:
        dbt.execute("update core.coverage set covered_to = %s where subject = 'bureau'", (LAST - dt.timedelta(days=9),))
        dbt.execute("update features.exposures set product_name = 'Car Loan' where product_name = 'Personal Loan'")
    day = LAST + dt.timedelta(days=1)
    events = "select subject, from_version from ops.model_events where action = 'drift_alert' and as_of_date = %s"
    try:
        with scored.connect(Role.DBT) as dbt:
            dbt.execute("update features.exposures set as_of_date = %s where as_of_date = %s", (day, LAST))
        with scored.connect(Role.ML) as connection:
            connection.execute(
                "insert into ml.scores select model_name, exposure_id, gr_id, %s, knowledge_cutoff, model_version, "
                "target, horizon_days, score_status, probability, risk_band, is_retrospective, reasons from ml.scores "
                "where model_name = %s and as_of_date = %s",
                (day, MODEL_NAME, LAST),
            )
            with scored.connect(Role.DBT) as dbt:
                dbt.execute("update features.customer_features set as_of_date = %s where as_of_date = %s", (day, LAST))
            found = watch(connection, day)
            alerts = found.named("alert")
            assert any(name.startswith("test bureau days_late") for name in alerts)
            assert "product_name: Personal Loan vanished 0" in alerts
            told = connection.execute(events, (day,)).fetchall()
            assert len(told) == len(alerts)
            watch(connection, day)
            assert connection.execute(events, (day,)).fetchall() == told
    finally:
        with scored.connect(Role.ML) as connection:
            connection.execute("delete from ml.model_monitoring where as_of_date < %s", (LAST,))
        with scored.connect(Role.DBT) as dbt:
            for table in ("exposures", "customer_features"):
                dbt.execute(f"update features.{table} set as_of_date = %s where as_of_date = %s", (LAST, day))
            dbt.execute("update features.exposures set product_name = 'Personal Loan' where product_name = 'Car Loan'")


def test_the_challenger_is_scored_in_shadow_and_compared(scored: Warehouse) -> None:
    stored = "select s::text, xmin::text from ml.shadow_scores as s order by exposure_id"
    with scored.connect(Role.ML) as connection:
        found = shadow_day(connection, MODEL_NAME, LAST)
        assert found.challenger != found.champion
        assert found.written == found.figures["rows_compared"] > 40
        assert 0.5 < found.figures["rank_correlation"] <= 1
        champions = connection.execute(
            "select distinct model_version from ml.scores where model_name = %s", (MODEL_NAME,)
        ).fetchall()
        assert champions == [(found.champion,)]
    with scored.connect(Role.ML) as connection:
        before = connection.execute(stored).fetchall()
        assert shadow_day(connection, MODEL_NAME, LAST).written == 0
        assert connection.execute(stored).fetchall() == before
        (row,) = connection.execute("select rows_compared, champion_version from ml.model_comparisons").fetchall()
        assert row == (found.figures["rows_compared"], found.champion)


def test_matured_outcomes_tell_what_earlier_scores_were_worth(scored: Warehouse) -> None:
    with scored.connect(Role.ML) as connection:
        (day,) = connection.execute(
            "select max(as_of_date) from features.predelinquency_outcomes where label_known_at <= %s", (CUTOFF,)
        ).fetchone() or (None,)
        connection.execute(
            "insert into ml.scores (model_name, exposure_id, gr_id, as_of_date, knowledge_cutoff, model_version, "
            "target, horizon_days, score_status, probability) select model_name, s.exposure_id, s.gr_id, %s, "
            "knowledge_cutoff, model_version, target, horizon_days, score_status, probability from ml.scores as s "
            "where model_name = %s and as_of_date = %s and score_status = 'scored'",
            (day, MODEL_NAME, LAST),
        )
        watch(connection)
        realised = dict(
            connection.execute(
                "select measure, value from ml.model_monitoring where as_of_date = %s and measure like '%%_realised'",
                (day,),
            ).fetchall()
        )
        assert set(realised) == {"auc_realised", "brier_realised", "bad_rate_realised"}
        watch(connection)
        connection.rollback()


def test_a_version_without_a_reference_is_said_not_skipped(scored: Warehouse) -> None:
    with scored.connect(Role.ML) as connection:
        connection.execute("update ml.models set metadata = metadata - 'reference'")
        found = watch(connection)
        assert "before references were kept" in str(found.message)
        assert set(found.found["subject_kind"]) == {"population", "source"}
        connection.execute("delete from ml.model_aliases")
        connection.execute("delete from ml.scores")
        assert watch(connection).message == "not watched: there is no champion"
        connection.rollback()
