"""A loan's features are computed anew when their definitions or their inputs changed, else left alone."""

import datetime as dt

import pytest

from orchestration.warehouse import Warehouse
from tests.integration.features.conftest import Build, build
from tests.integration.features.population import (
    AS_OF,
    SUBJECTS,
    account,
    coverage,
    create_inputs,
    end_of,
    holder,
    insert,
    party,
    transaction,
    write_links,
)

__all__ = ["build"]

OPENED, GRANTED = dt.date(2026, 1, 5), dt.date(2026, 8, 20)
# No feature has this value; a row that still has it was left alone.
UNTOUCHED = -987654.0
PEOPLE = range(1, 6)


@pytest.fixture(scope="module")
def loans(module_warehouse: Warehouse, build: Build) -> Warehouse:
    parties = [party(number, OPENED) for number in PEOPLE]
    with module_warehouse.connect("assay_dbt") as connection:
        create_inputs(connection)
        insert(connection, "parties", parties)
        insert(connection, "accounts", [account(number, OPENED) for number in PEOPLE])
        insert(connection, "account_holders", [holder(number, number, OPENED) for number in PEOPLE])
        covered = [coverage(subject, OPENED, scope=f"test:account:{n}") for subject in SUBJECTS for n in PEOPLE]
        insert(connection, "coverage", covered)
        terms = {"principal_amount": 6000, "term_months": 12, "instalment_amount": 520, "load_id": 1}
        dates = {"granted_on": GRANTED, "matures_on": GRANTED.replace(year=2027), "known_at": end_of(GRANTED)}
        keys = [{"loan_id": f"loan{n}", "settlement_account_id": f"test:account:{n}"} for n in PEOPLE]
        insert(connection, "loans", [{**key, **terms, **dates, "source_system": "test"} for key in keys])
    with module_warehouse.connect("assay_ml") as connection:
        write_links(connection, parties)
    build("--full-refresh")
    return module_warehouse


def mark(warehouse: Warehouse, *changes: str) -> None:
    with warehouse.connect("assay_dbt") as connection:
        connection.execute(f"update features.origination_features set principal_amount = {UNTOUCHED}")
        for change in changes:
            connection.execute(change)


def untouched(warehouse: Warehouse) -> list[str]:
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select loan_id from features.origination_features where principal_amount = %s order by loan_id",
            (UNTOUCHED,),
        ).fetchall()
    return [loan for (loan,) in rows]


def test_other_definitions_compute_the_row_anew(loans: Warehouse, build: Build) -> None:
    mark(loans, "update features.origination_features set catalogue_version = 'older' where loan_id = 'loan1'")
    build()
    assert untouched(loans) == ["loan2", "loan3", "loan4", "loan5"]
    with loans.connect() as connection:
        versions = connection.execute("select distinct catalogue_version from features.origination_features").fetchall()
    assert len(versions) == 1


def test_a_table_from_before_the_version_is_computed_anew(loans: Warehouse, build: Build) -> None:
    mark(loans, "alter table features.origination_features drop column catalogue_version cascade")
    build()
    assert untouched(loans) == []


def test_a_newer_load_of_what_an_account_is_read_from_computes_its_owners_loans_anew(
    loans: Warehouse, build: Build
) -> None:
    mark(loans)
    balance = {"balance_on": AS_OF, "balance_amount": 1, "row_hash": "1", "known_at": end_of(AS_OF)}
    fresh = {
        "accounts": {**account(1, OPENED), "valid_from": AS_OF},
        "account_balances": {"account_id": "test:account:2", **balance},
        "transactions": transaction("new", 3, AS_OF, "salary", 100),
        # Somebody without a loan: who else owns an account decides, too, whose it is.
        "account_holders": holder(4, 6, AS_OF),
    }
    with loans.connect("assay_dbt") as connection:
        for load, (table, row) in enumerate(fresh.items(), start=11):
            insert(connection, table, [{**row, "load_id": load}])
    build()
    assert untouched(loans) == ["loan5"]


def test_a_newer_load_of_coverage_computes_its_sources_loans_anew(loans: Warehouse, build: Build) -> None:
    mark(loans)
    with loans.connect("assay_dbt") as connection:
        wider = coverage("transactions", OPENED, scope="test:account:1")
        insert(connection, "coverage", [{**wider, "load_id": 20}])
    build()
    assert untouched(loans) == []
