"""``predelinquency_30d`` from day to day: whom it learns from, when it is trained, what a day's scores say."""

import dataclasses
import datetime as dt
import re

import psycopg
import pytest
from rich.console import Console

from ml.delinquency import Candidate, LogisticSettings, TrainingConfig
from ml.delinquency.decision import DecisionSettings
from ml.delinquency.exposures import read_training_frame
from ml.delinquency.predelinquency import MODEL_NAME, champion_or_train, feature_names, score_day
from ml.features.catalogue import load_catalogue
from ml.registry import set_alias
from orchestration.cli.interventions import UnknownExposureError, record_intervention
from orchestration.errors import AssayError
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.features.population import end_of
from tests.integration.predelinquency.borrowers import GRID, LAST, NEW_PRODUCT, OVERDUE, THIN, loan_id
from tests.integration.predelinquency.conftest import RunDay

CUTOFF = end_of(LAST) + dt.timedelta(hours=2)
LABELLED = [day for day in GRID if day >= dt.date(2026, 6, 29)]  # nine covered weeks behind them
QUICK = TrainingConfig(
    candidates=(Candidate("logistic", (LogisticSettings(0.1),)),),
    repeats=1,
    outer_folds=3,
    inner_folds=2,
    resamples=50,
    min_class_count=5,
)
DECISION = DecisionSettings(success_rate=0.5, lgd=0.5, contact_cost=1, capacity=3)


@pytest.fixture(scope="module")
def built(borrowers: Warehouse, run_day: RunDay) -> Warehouse:
    run_day(LAST)
    return borrowers


def training_rows(warehouse: Warehouse, known_by: dt.datetime = CUTOFF) -> dict[tuple[str, dt.date], bool]:
    with warehouse.connect(Role.ML) as connection:
        frame = read_training_frame(connection, feature_names(load_catalogue()), known_by)
    return {(row.exposure_id, row.as_of_date): row.is_delinquent for row in frame.itertuples()}


def test_only_covered_days_whose_labels_were_known_are_learnt_from(built: Warehouse) -> None:
    assert sorted({day for _, day in training_rows(built)}) == LABELLED
    assert loan_id(THIN) not in {loan for loan, _ in training_rows(built)}
    second = end_of(LABELLED[1] + dt.timedelta(days=35)) + dt.timedelta(hours=2)
    assert sorted({day for _, day in training_rows(built, second)}) == LABELLED[:2]
    assert sorted({day for _, day in training_rows(built, second - dt.timedelta(seconds=1))}) == LABELLED[:1]


def record(settings: Settings, number: int, on: dt.date, **more: object) -> int:
    return record_intervention(
        settings, loan_id(number), "call", "case worker 7", Console(quiet=True), contacted_on=on, **more
    )


def test_whom_an_intervention_reached_is_left_out_and_hold_outs_stay(
    built: Warehouse, module_warehouse_settings: Settings, run_day: RunDay
) -> None:
    before = training_rows(built)
    day = LABELLED[0]
    record(module_warehouse_settings, 5, day + dt.timedelta(days=30))
    record(module_warehouse_settings, 6, day + dt.timedelta(days=10), is_holdout=True)
    record(module_warehouse_settings, 7, day + dt.timedelta(days=10), outcome="not_reached")
    run_day(LAST)
    after = training_rows(built)
    # D+30 of the first day lies before the labels of two days are final: 28 days are between them.
    assert set(before) - set(after) == {(loan_id(5), LABELLED[0]), (loan_id(5), LABELLED[1])}
    assert {key: before[key] for key in after} == after
    with built.connect() as connection:
        held_out = connection.execute(
            "select exposure_id, is_treated from features.predelinquency_outcomes where is_holdout and as_of_date = %s",
            (day,),
        ).fetchall()
    assert held_out == [(loan_id(6), False)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "fax"}, "--kind is 'fax'; expected call, sms"),
        ({"contacted_by": " "}, "--by is empty"),
        ({"outcome": "maybe"}, "--outcome is 'maybe'; expected reached"),
        ({"contacted_on": dt.date(2026, 4, 14)}, "before test:loan:5 was granted on 2026-04-15"),
        ({"contacted_on": dt.date(9999, 1, 1)}, "a day to come"),
        ({"outcome": "reached", "is_holdout": True}, "exclude each other"),
        ({"exposure_id": "test:loan:none"}, "No run has seen the exposure 'test:loan:none'"),
    ],
)
def test_a_wrong_intervention_is_refused_in_words_and_leaves_nothing(
    built: Warehouse, module_warehouse_settings: Settings, given: dict[str, object], message: str
) -> None:
    usual = {"exposure_id": loan_id(5), "kind": "call", "contacted_by": "me"}
    count = "select count(*) from ops.interventions"
    with built.connect() as connection:
        before = connection.execute(count).fetchone()
        with pytest.raises((AssayError, UnknownExposureError), match=re.escape(message)):
            record_intervention(module_warehouse_settings, console=Console(quiet=True), **{**usual, **given})
        assert connection.execute(count).fetchone() == before
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
            connection.execute("delete from ops.interventions")


@pytest.fixture(scope="module")
def scored(built: Warehouse) -> Warehouse:
    """A version trained on what is known by the day, made champion whatever the gate says of so few people."""
    with built.connect(Role.ML) as connection:
        outcome = champion_or_train(connection, CUTOFF, QUICK)
        assert outcome.version is not None
        assert outcome.trained_now
        set_alias(connection, MODEL_NAME, "champion", outcome.version, set_by="test")
        assert score_day(connection, LAST, DECISION).written > 40
    return built


def test_training_is_no_daily_cost(scored: Warehouse) -> None:
    with scored.connect(Role.ML) as connection:
        again = champion_or_train(connection, CUTOFF, QUICK)
        assert (again.trained_now, again.is_champion) == (False, True)
        # Until the next day of the grid matures.
        later = champion_or_train(connection, CUTOFF + dt.timedelta(days=20), QUICK)
        assert (later.trained_now, later.version) == (False, again.version)
        # A day of the past learns from what was known then, and its version never replaces what knows more.
        past = champion_or_train(connection, CUTOFF - dt.timedelta(days=20), QUICK)
        assert past.trained_now
        assert past.version != again.version
        assert not past.is_champion
        connection.rollback()


def test_a_day_scored_twice_writes_nothing_the_second_time(scored: Warehouse) -> None:
    rows = "select s::text, xmin::text from ml.scores as s order by exposure_id"
    with scored.connect(Role.ML) as connection:
        before = connection.execute(rows).fetchall()
        assert score_day(connection, LAST, DECISION).written == 0
        assert connection.execute(rows).fetchall() == before


def test_every_exposure_of_the_day_has_one_score_that_says_what_it_is(scored: Warehouse) -> None:
    with scored.connect() as connection:
        rows = connection.execute(
            "select e.exposure_id, e.exposure_status, s.score_status, s.probability, s.exposure_amount, "
            "s.expected_loss_amount, s.is_outside_population, s.contact_status, s.contact_rank, s.horizon_days, "
            "s.is_retrospective, jsonb_array_length(s.reasons) from features.exposures as e "
            "left join ml.scores as s on s.exposure_id = e.exposure_id and s.as_of_date = e.as_of_date "
            "where e.as_of_date = %s",
            (LAST,),
        ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == len(rows) == 49
    assert found[loan_id(OVERDUE)][:2] == ("past_due", "not_applicable")
    assert found[loan_id(THIN)][:2] == ("eligible", "insufficient_data")
    for status, score_status, p, ead, loss, outside, contact, rank, horizon, looks_back, reasons in found.values():
        assert (horizon, looks_back) == (30, False)
        assert ead > 0
        if score_status != "scored":
            assert (p, loss, outside, contact, rank, reasons) == (None, None, None, None, None, 0)
            continue
        assert status == "eligible"
        assert float(loss) == pytest.approx(p * 0.5 * float(ead), abs=0.006)
        assert reasons > 0
        worth = p * 0.25 * float(ead) > 1
        assert contact == ("contact" if worth and rank <= 3 else "over_capacity" if worth else "below_cost")
        assert (rank is not None) == worth
    assert found[loan_id("new")][5] is True
    inside = [row[5] for row in found.values() if row[1] == "scored"]
    assert inside.count(False) > len(inside) / 2
    assert found[loan_id(NEW_PRODUCT)][1] == "scored"


def test_without_a_champion_nothing_is_scored_and_that_is_said(built: Warehouse) -> None:
    with built.connect(Role.ML) as connection:
        connection.execute("delete from ml.model_aliases where model_name = %s", (MODEL_NAME,))
        scored = score_day(connection, LAST, DECISION)
        assert (scored.written, scored.message) == (0, "not scored: no version has passed the gate yet")
        young = champion_or_train(connection, end_of(dt.date(2026, 5, 1)), QUICK)
        assert (young.version, young.message) == (
            None, "not applicable: no exposure with an instalment plan has a matured outcome",
        )  # fmt: skip
        assert [verdict.passed for verdict in young.gate] == [True]
        few = champion_or_train(connection, CUTOFF, dataclasses.replace(QUICK, min_class_count=1000))
        assert few.version is None
        assert few.message is not None
        assert few.message.startswith("not trained: too few outcomes")
        # A small portfolio is no fault that somebody should be called for every day.
        assert [verdict.passed for verdict in few.gate] == [True]
        connection.rollback()
