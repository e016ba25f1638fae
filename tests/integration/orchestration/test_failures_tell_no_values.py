"""A failed step tells which constraint of which table broke, and nothing of the person whose row it was."""

import dagster as dg
import psycopg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info

from orchestration.assets.retries import only_transient_retries
from orchestration.warehouse import Warehouse

PERSON = "Ursula Nachname"


@pytest.fixture
def table(warehouse: Warehouse) -> Warehouse:
    with warehouse.connect() as connection:
        connection.execute(
            "create table ml.people (person_name text not null, age integer constraint age_is_one check (age < 150), "
            "born_on date)"
        )
    return warehouse


def failure_of(warehouse: Warehouse, statement: str, *values: object, wrapped: bool = False) -> tuple[str, str]:
    """Description of the failure, and everything that a log of it would hold."""
    import sys

    try:
        with only_transient_retries(), warehouse.connect() as connection:
            try:
                connection.execute(statement, values)
            except psycopg.Error as error:
                if wrapped:
                    raise ValueError(f"could not write: {error}") from error
                raise
    except dg.Failure as failure:
        told = serializable_error_info_from_exc_info(sys.exc_info())
        return str(failure.description), told.to_string()
    raise AssertionError("nothing failed")


@pytest.mark.parametrize(
    ("statement", "values", "told"),
    [
        ("insert into ml.people values (%s, 200)", [PERSON], "CheckViolation: new row for relation"),
        ("insert into ml.people values (null, 20)", [], 'NotNullViolation: null value in column "person_name"'),
        ("insert into ml.people (person_name, born_on) values ('x', %s::text::date)", [PERSON], "invalid input syntax"),
        ("insert into ml.people (person_name, age) values ('x', %s::text::integer)", [PERSON], "invalid input syntax"),
    ],
)
def test_the_values_of_a_row_stay_out_of_failure_and_log(
    table: Warehouse, statement: str, values: list[object], told: str
) -> None:
    description, log = failure_of(table, statement, *values)
    assert told in description
    for word in (PERSON, "Failing row", "DETAIL"):
        assert word not in description
        assert word not in log
    # Where it happened is still there.
    assert "test_failures_tell_no_values.py" in log


def test_an_error_of_ours_that_quotes_the_database_is_not_told_in_full(table: Warehouse) -> None:
    description, log = failure_of(table, "insert into ml.people values (%s, 200)", PERSON, wrapped=True)
    assert "ValueError" in description
    assert PERSON not in description
    assert PERSON not in log


def test_an_ordinary_error_keeps_its_words_and_a_lost_connection_its_type() -> None:
    with pytest.raises(dg.Failure, match="KeyError: 'portfolio'"), only_transient_retries():
        raise KeyError("portfolio")
    with pytest.raises(psycopg.OperationalError, match="server closed"), only_transient_retries():
        raise psycopg.OperationalError("server closed the connection")
