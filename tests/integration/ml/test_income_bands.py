"""Income bands in a real database: trained when due, told by the training that counts, twice is once."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from ml.delinquency import ArtifactError
from ml.income.daily import IncomeDay, infer_day
from ml.income.store import StaleEvidenceError
from orchestration.checks.tables import income_bands_suite, run_suite
from orchestration.warehouse import Warehouse
from tests.unit.income.people import QUICK, SCALE, people

DAY = dt.date(2026, 9, 28)


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A session that owns everything: it plays dbt and the inference."""
    with warehouse.connect() as opened:
        yield opened


def build(connection: psycopg.Connection, day: dt.date, n: int = 600, declared: int = 400) -> None:
    """Evidence and declarations of a day as dbt leaves them; the first ``declared`` people have declared."""
    frame, band = people(n)
    frame = frame.astype({"age": "int64"}).reset_index().assign(as_of_date=day)
    kinds = {"int64": "integer", "float64": "numeric(18, 2)", "bool": "boolean"}
    columns = {
        name: "date" if name == "as_of_date" else kinds.get(str(frame[name].dtype), "text") for name in frame.columns
    }
    connection.execute("drop table if exists core.income_evidence, core.income_declared")
    connection.execute(
        sql.SQL("create table core.income_evidence ({})").format(
            sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(kind)) for n, kind in columns.items())  # type: ignore[arg-type]
        )
    )
    connection.execute(
        "create table core.income_declared (gr_id text, family_id text, declared_band text, declared_basis text)"
    )
    rows = frame.astype(object).where(frame.notna(), None)
    with connection.cursor() as cursor:
        with cursor.copy("copy core.income_evidence from stdin") as copy:
            for row in rows.itertuples(index=False):
                copy.write_row(row)
        with cursor.copy("copy core.income_declared from stdin") as copy:
            for at in range(declared):
                copy.write_row((frame["gr_id"][at], frame["family_id"][at], SCALE.bands[band[at]], "amount"))
    connection.commit()


def run(connection: psycopg.Connection, day: dt.date = DAY) -> IncomeDay:
    told = infer_day(connection, day, SCALE.bounds, "USD", QUICK)
    connection.commit()
    return told


def stored(connection: psycopg.Connection, query: str, given: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    return connection.execute(query, given).fetchall()


BANDS_OF = (
    "select gr_id, income_band, confidence, method, evidence::text, probabilities::text, model_version "
    "from ml.income_bands where as_of_date = %s order by gr_id"
)


def test_a_day_told_twice_is_told_once(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    build(connection, DAY)
    first = run(connection)
    assert (first.people, first.written, first.trained_now, first.declared) == (600, 600, True, 400)
    assert sum(first.by_band.values()) == 600
    assert {"model", "model_out_of_fold"} <= set(first.by_method)
    assert first.figures["brier_skill"] > 0.3
    place = "select b::text, xmin::text from ml.income_bands as b order by gr_id"
    before = stored(connection, place)
    again = run(connection)
    assert (again.written, again.trained_now, again.model_version) == (0, False, first.model_version)
    assert again.figures == first.figures
    assert stored(connection, place) == before
    assert stored(connection, "select model_version from ml.model_aliases where model_name = 'income_band'") == [
        (first.model_version,)
    ]
    assert run_suite(warehouse, "income_bands", income_bands_suite()).unmet == ()


def test_a_month_has_one_training_and_a_past_day_keeps_its_own(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    first = run(connection)
    then = stored(connection, BANDS_OF, (DAY,))
    next_day, next_month = DAY + dt.timedelta(days=1), dt.date(2026, 10, 1)
    build(connection, next_day)
    assert run(connection, next_day).trained_now is False
    build(connection, next_month, declared=405)
    later = run(connection, next_month)
    assert later.trained_now
    assert later.model_version != first.model_version
    # The day of September is told by what was known in September, whatever has been learnt since.
    build(connection, DAY)
    assert run(connection).model_version == first.model_version
    assert stored(connection, BANDS_OF, (DAY,)) == then


def test_few_new_declarations_wait_for_the_month_and_many_do_not(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    run(connection)
    build(connection, DAY + dt.timedelta(days=1), declared=430)
    told = run(connection, DAY + dt.timedelta(days=1))
    assert not told.trained_now
    build(connection, DAY + dt.timedelta(days=2), declared=450)
    assert run(connection, DAY + dt.timedelta(days=2)).trained_now


def test_what_a_person_declares_later_changes_nothing_of_the_band(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    run(connection)
    before = stored(connection, BANDS_OF, (DAY,))
    connection.execute(
        "update core.income_declared set declared_band = case declared_band when 'Low' then 'Very High' else 'Low' end "
        "where gr_id in ('GR0000000000', 'GR0000000007')"
    )
    connection.commit()
    assert run(connection).written == 0
    assert stored(connection, BANDS_OF, (DAY,)) == before


def test_who_is_gone_from_the_evidence_is_gone_from_the_day(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    run(connection)
    connection.execute("delete from core.income_evidence where gr_id = 'GR0000000599'")
    connection.commit()
    told = run(connection)
    assert (told.people, told.written) == (599, 1)
    assert stored(connection, "select count(*) from ml.income_bands") == [(599,)]


def test_evidence_of_another_day_is_refused(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    with pytest.raises(StaleEvidenceError, match=r"as of 2026-09-28; expected 2026-09-29"):
        infer_day(connection, DAY + dt.timedelta(days=1), SCALE.bounds, "USD", QUICK)


def test_with_too_few_declarations_the_income_seen_is_told_without_a_confidence(
    connection: psycopg.Connection, warehouse: Warehouse
) -> None:
    build(connection, DAY, declared=40)
    told = run(connection)
    assert (told.model_version, told.mean_confidence, told.figures) == (None, None, {})
    assert told.note is not None
    assert "40 people have declared an income" in told.note
    assert set(told.by_method) == {"observed_income", "unknown_no_income_seen"}
    assert stored(connection, "select count(*) from ml.models") == [(0,)]
    assert run_suite(warehouse, "income_bands", income_bands_suite()).unmet == ()


def test_a_model_goes_on_where_declarations_have_become_too_few(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    first = run(connection)
    october = dt.date(2026, 10, 1)
    build(connection, october, declared=40)
    told = run(connection, october)
    assert (told.model_version, told.trained_now) == (first.model_version, False)
    assert told.note is not None
    assert "not trained" in told.note


def test_a_tampered_model_is_refused(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    run(connection)
    connection.execute("update ml.models set artifact = replace(artifact, '\"intercept\":[', '\"intercept\":[1')")
    connection.commit()
    with pytest.raises(ArtifactError, match="was changed"):
        infer_day(connection, DAY, SCALE.bounds, "USD", QUICK)


def test_metadata_and_evidence_name_no_person(connection: psycopg.Connection) -> None:
    build(connection, DAY)
    run(connection)
    (metadata,) = stored(connection, "select metadata::text from ml.models")[0]
    (evidence,) = stored(connection, "select string_agg(evidence::text, ' ') from ml.income_bands")[0]
    ids = pd.Series([row[0] for row in stored(connection, "select gr_id from core.income_evidence")])
    assert not ids.map(lambda gr_id: gr_id in metadata or gr_id in evidence).any()
