"""``assay identity`` as a person types it."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from orchestration.cli.app import app
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse
from tests.integration.identity.people import run

Assay = Callable[..., Result]


@pytest.fixture
def assay(warehouse_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Assay:
    monkeypatch.setenv("ASSAY_HOME", str(warehouse_settings.home))
    monkeypatch.setenv("ASSAY_DATABASE_URL", str(warehouse_settings.database_url))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ASSAY_DAGSTER_URL", str(warehouse_settings.dagster_url))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["identity", *arguments])

    return call


def test_a_decision_is_made_listed_and_taken_back(parties: Warehouse, assay: Assay) -> None:
    run(parties, 0)
    assert assay("separate", "c1", "e1", "--by", "Kim", "--why", "twins", "--until", "2030-01-31").exit_code == 0
    assert "2030-01-31" in assay("overrides").output
    assert assay("why", "c1", "e1").exit_code == 0
    assert assay("revoke", "1", "--by", "Lee", "--why", "the papers were wrong").exit_code == 0
    assert "revoked" in assay("overrides").output
    assert assay("link", "c1", "e2", "--by", "Kim", "--why", "one address").exit_code == 0
    run(parties, 1)
    assert "merged" in assay("history", "GR0000000003").output
    assert "Nothing to review." in assay("queue").output


def test_a_decision_without_who_or_why_or_with_no_date_is_a_usage_error(parties: Warehouse, assay: Assay) -> None:
    assert assay("link", "c1", "e2", "--by", "Kim").exit_code == 2
    assert assay("link", "c1", "e2", "--by", "Kim", "--why", "x", "--until", "tomorrow").exit_code == 2


def test_a_portfolio_with_too_few_records_to_learn_from_says_so(parties: Warehouse, assay: Assay) -> None:
    columns = [
        "first_name",
        "middle_name",
        "last_name",
        "sex",
        "birth_date",
        "national_id",
        "email",
        "address_line",
        "postcode",
        "city",
    ]
    with parties.connect("assay_dbt") as connection:
        for column in columns:
            connection.execute(f"alter table core.parties add column {column} text")
    run(parties, 0)
    asked = assay("retrain", "--by", "Kim", "--portfolio", "sample")
    assert asked.exit_code == 1
    assert "0 records can be compared; at least 50 are needed" in str(asked.exception)
