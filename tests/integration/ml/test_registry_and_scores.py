"""Versions of models and scores in a real database: twice is once, and nothing is rewritten without need."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from ml import registry
from ml.delinquency import (
    ArtifactError,
    Candidate,
    LogisticSettings,
    TrainedModel,
    TrainingConfig,
    train,
)
from ml.delinquency.lifecycle import ModelOutcome
from ml.delinquency.origination import ScoredDay, champion_or_train, score_day
from ml.delinquency.store import write_scores
from ml.features.catalogue import load_catalogue
from orchestration.warehouse import Warehouse

NAME = "origination_pd"
DAY = dt.date(2026, 9, 30)
CUTOFF = dt.datetime(2026, 10, 1, 6, tzinfo=dt.UTC)
QUICK = TrainingConfig(
    candidates=(Candidate("logistic", (LogisticSettings(0.1),)),),
    repeats=1,
    outer_folds=3,
    inner_folds=2,
    resamples=50,
)


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A session that may write ``ml``."""
    with warehouse.connect("assay_ml") as opened:
        yield opened


def small_frame(n: int = 120) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame({"stress": generator.normal(size=n), "income": generator.lognormal(8, 0.5, n)})
    frame["is_bad"] = generator.random(n) < 1 / (1 + np.exp(1.5 - 2 * frame["stress"]))
    return frame


@pytest.fixture(scope="module")
def models() -> tuple[TrainedModel, TrainedModel]:
    """Two versions of one model."""
    first, second = (
        train(small_frame(), "is_bad", features=["stress", "income"], config=dataclasses.replace(QUICK, seed=seed))
        for seed in (1, 2)
    )
    return first, second


def stored(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_registering_twice_is_registering_once(
    connection: psycopg.Connection, models: tuple[TrainedModel, TrainedModel]
) -> None:
    version = registry.register(connection, models[0])
    assert registry.register(connection, models[0]) == version
    assert stored(connection, "select model_version, status from ml.models") == [(version, "candidate")]
    found, model = registry.load(connection, NAME, version=version)
    assert found == version
    assert model.artifact == models[0].artifact


def test_the_champion_moves_and_the_one_before_retires(
    connection: psycopg.Connection, models: tuple[TrainedModel, TrainedModel]
) -> None:
    first, second = (registry.register(connection, model) for model in models)
    with pytest.raises(registry.UnknownModelError, match="no alias 'champion'"):
        registry.load(connection, NAME)
    assert registry.set_alias(connection, NAME, "champion", first, set_by="test") is None
    assert registry.set_alias(connection, NAME, "champion", second, set_by="test") == first
    assert registry.set_alias(connection, NAME, "champion", second, set_by="again") == second
    assert registry.load(connection, NAME)[0] == second
    assert dict(stored(connection, "select model_version, status from ml.models")) == {
        first: "retired",
        second: "champion",
    }
    assert stored(connection, "select set_by from ml.model_aliases") == [("test",)]
    with pytest.raises(registry.UnknownModelError, match="no version 'none'"):
        registry.set_alias(connection, NAME, "champion", "none", set_by="test")


def test_a_tampered_artifact_is_refused(
    connection: psycopg.Connection, models: tuple[TrainedModel, TrainedModel]
) -> None:
    version = registry.register(connection, models[0])
    connection.execute("update ml.models set artifact = replace(artifact, '\"slope\":', '\"slope\":1')")
    with pytest.raises(ArtifactError, match="was changed"):
        registry.load(connection, NAME, version=version)


def score_rows(version: str, probabilities: dict[str, float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "model_name": NAME,
                "exposure_id": loan,
                "gr_id": "GR0000000001",
                "as_of_date": DAY,
                "knowledge_cutoff": CUTOFF,
                "model_version": version,
                "target": "bad",
                "horizon_days": None,
                "score_status": "insufficient_data" if probability is None else "scored",
                "probability": probability,
                "risk_band": None if probability is None else "Low",
                "is_retrospective": False,
                "reasons": json.dumps([{"feature": "stress", "text": "Stress"}]),
            }
            for loan, probability in probabilities.items()
        ]
    )


def test_scores_written_twice_are_equal_and_only_changed_rows_are_written(
    connection: psycopg.Connection, models: tuple[TrainedModel, TrainedModel]
) -> None:
    version = registry.register(connection, models[0])
    connection.commit()
    rows_now = "select s::text, xmin::text from ml.scores as s order by exposure_id"
    assert write_scores(connection, score_rows(version, {"a": 0.01, "b": 0.02, "c": None})).rows == 3
    connection.commit()
    before = stored(connection, rows_now)
    # Even the stored row itself stays: neither its values, nor when it was scored, nor its place.
    assert write_scores(connection, score_rows(version, {"c": None, "b": 0.02, "a": 0.01})).rows == 0
    connection.commit()
    assert stored(connection, rows_now) == before
    assert write_scores(connection, score_rows(version, {"a": 0.01, "b": 0.03, "c": None})).rows == 1
    connection.commit()
    after = stored(connection, rows_now)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def test_a_look_back_replaces_no_forecast_and_another_forecast_does(
    connection: psycopg.Connection, models: tuple[TrainedModel, TrainedModel]
) -> None:
    first, second = (registry.register(connection, model) for model in models)
    write_scores(connection, score_rows(first, {"a": 0.01, "b": None}))
    back = score_rows(second, {"a": 0.04, "b": 0.05, "c": 0.06}).assign(is_retrospective=True)
    assert write_scores(connection, back) == (1, 2)
    said = "select exposure_id, model_version, probability from ml.scores order by 1"
    assert stored(connection, said) == [("a", first, 0.01), ("b", first, None), ("c", second, 0.06)]
    assert write_scores(connection, back.assign(probability=0.07)) == (1, 2), "a look back replaces a look back"
    assert write_scores(connection, score_rows(second, {"a": 0.02, "b": None, "c": 0.03})) == (3, 0)
    assert write_scores(connection, score_rows(first, {"a": 0.01})) == (1, 0), "as after a rollback"
    assert stored(connection, said)[0] == ("a", first, 0.01)


def create_features(connection: psycopg.Connection, loans: int) -> None:
    """Loans with their features and outcomes as dbt would have left them; every third one is bad."""
    generator = np.random.default_rng(11)
    names = load_catalogue().names(used_by="origination_pd")
    columns = ", ".join(f"{name} double precision" for name in names)
    connection.execute(
        "create table features.origination_features (loan_id text, gr_id text, granted_on date, as_of_date date, "
        f"knowledge_cutoff timestamptz, is_history_covered boolean, {columns})"
    )
    connection.execute(
        "create table features.origination_outcomes (loan_id text, is_bad boolean, known_at timestamptz)"
    )
    connection.execute("create table core.loans (loan_id text, matures_on date)")
    connection.execute("create table core.gr_redirects (gr_id_from text, gr_id_to text)")
    with connection.cursor() as cursor:
        for number in range(loans):
            bad = number % 3 == 0
            loan, granted = f"loan{number:03d}", DAY + dt.timedelta(days=1 - 5 * number)
            # The newest loan is covered by nothing.
            values = generator.normal(size=len(names)) + 0.4 * bad
            told: list[float | None] = [None] * len(names) if number == 0 else values.tolist()
            places = ", ".join(["%s"] * (6 + len(names)))
            cursor.execute(
                f"insert into features.origination_features values ({places})",
                [loan, f"GR{number}", granted, granted - dt.timedelta(days=1),
                 dt.datetime.combine(granted, dt.time(6), tzinfo=dt.UTC), number > 0, *told],
            )  # fmt: skip
            known = dt.datetime.combine(granted, dt.time(6), tzinfo=dt.UTC) + dt.timedelta(days=60)
            cursor.execute("insert into features.origination_outcomes values (%s, %s, %s)", [loan, bad, known])
            cursor.execute("insert into core.loans values (%s, %s)", [loan, DAY + dt.timedelta(days=300)])


@pytest.fixture
def scored(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A champion trained on what was known 100 days ago, and the scores of the day."""
    with warehouse.connect("assay_dbt") as dbt:
        create_features(dbt, 90)
    with warehouse.connect("assay_ml") as opened:
        outcome = champion_or_train(opened, NAME, "bad", CUTOFF - dt.timedelta(days=100), config=QUICK)
        assert outcome.trained_now
        registry.set_alias(opened, NAME, "champion", outcome.version, set_by="test")
        score_day(opened, NAME, DAY)
        opened.commit()
        yield opened


def test_scores_look_back_where_an_outcome_was_learnt_that_was_not_known_yet(scored: psycopg.Connection) -> None:
    ((learnt_until,),) = stored(scored, "select (metadata ->> 'outcomes_known_at')::timestamptz from ml.models")
    assert CUTOFF - dt.timedelta(days=105) < learnt_until <= CUTOFF - dt.timedelta(days=100)
    rows = stored(scored, "select score_status, knowledge_cutoff, is_retrospective from ml.scores")
    assert len(rows) == 90
    for status, cutoff, is_retrospective in rows:
        assert is_retrospective == (status == "scored" and cutoff < learnt_until)
    assert {(status, flag) for status, _, flag in rows} == {
        ("insufficient_data", False), ("scored", False), ("scored", True),
    }  # fmt: skip


def test_a_score_says_whether_training_has_seen_such_a_loan(warehouse: Warehouse, scored: psycopg.Connection) -> None:
    names = load_catalogue().names(used_by=NAME)
    with warehouse.connect("assay_dbt") as dbt:  # a loan with figures that nobody had
        dbt.execute(
            "insert into features.origination_features select 'stranger', 'GRX', granted_on, as_of_date, "
            f"knowledge_cutoff, true, {', '.join(['1e6'] * len(names))} from features.origination_features "
            "where loan_id = 'loan001'"
        )
        dbt.execute("insert into core.loans select 'stranger', matures_on from core.loans limit 1")
    score_day(scored, NAME, DAY)
    outside = dict(stored(scored, "select exposure_id, is_outside_population from ml.scores"))
    assert outside.pop("stranger") is True
    assert outside.pop("loan000") is None, "not scored"
    assert set(outside.values()) == {True, False}
    assert sum(outside.values()) < len(outside) / 4


def test_a_stored_score_is_not_rewritten_when_nothing_changed(scored: psycopg.Connection) -> None:
    rows_now = "select s::text, xmin::text from ml.scores as s order by exposure_id"
    before = stored(scored, rows_now)
    again = score_day(scored, NAME, DAY)
    scored.commit()
    assert (again.statuses, again.written) == ({"insufficient_data": 1}, 0)
    assert stored(scored, rows_now) == before


def test_equal_data_train_nothing_and_other_signs_do(
    scored: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_by = CUTOFF - dt.timedelta(days=100)
    assert not champion_or_train(scored, NAME, "bad", known_by, config=QUICK).trained_now
    monkeypatch.setattr("ml.delinquency.origination.expected_signs", lambda *_: {"other": 1})
    assert champion_or_train(scored, NAME, "bad", known_by, config=QUICK).trained_now


def test_a_few_outcomes_more_train_nothing_and_four_weeks_or_a_tenth_more_do(
    scored: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(days_before: int) -> ModelOutcome:
        known_by = CUTOFF - dt.timedelta(days=days_before)
        return champion_or_train(scored, NAME, "bad", known_by, config=QUICK)

    first = on(100)
    monkeypatch.setattr("ml.registry.lookup.KEPT_SHARE", 1.0)
    soon = on(80)
    assert soon.training_rows > 0
    assert (soon.trained_now, soon.version) == (False, first.version)
    assert soon.message is not None
    assert soon.message.startswith(f"not trained: {first.version} has learnt from")
    assert on(60).trained_now
    monkeypatch.setattr("ml.registry.lookup.KEPT_SHARE", 0.001)
    assert on(82).trained_now


def test_too_few_outcomes_keep_the_champion_and_scoring_goes_on(scored: psycopg.Connection) -> None:
    champion, _ = registry.load(scored, NAME)
    outcome = champion_or_train(scored, NAME, "bad", CUTOFF - dt.timedelta(days=3650), config=QUICK)
    assert (outcome.version, outcome.trained_now, outcome.training_rows) == (champion, False, 0)
    assert outcome.message is not None
    assert outcome.message.startswith("not trained: too few outcomes")
    assert score_day(scored, NAME, DAY).statuses == {"insufficient_data": 1}


def test_without_a_champion_and_outcomes_nothing_is_scored_and_that_is_said(scored: psycopg.Connection) -> None:
    none = champion_or_train(scored, "another_model", "bad", CUTOFF - dt.timedelta(days=3650), config=QUICK)
    assert (none.version, none.has_champion, none.training_rows) == (None, False, 0)
    assert none.message == "not applicable: no loan has an outcome"
    assert [verdict.passed for verdict in none.gate] == [True]
    too_many = dataclasses.replace(QUICK, min_class_count=10_000)
    few = champion_or_train(scored, "another_model", "bad", CUTOFF, config=too_many)
    assert few.version is None
    assert few.training_rows > 0
    assert [verdict.passed for verdict in few.gate] == [False]
    assert score_day(scored, "another_model", DAY) == ScoredDay(
        statuses={}, written=0, message="not scored: no version has passed the gate yet"
    )
