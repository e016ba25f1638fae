"""What the notebooks rely on: the columns of the gold analytics notebook's seven tables in order, and all queries.

The queries are copied literally from the notebooks; they run through ``sample_bi``, a
psycopg connection of the BI login to a published sample portfolio.
"""

from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.e2e.notebook import (
    COUNT_COLUMNS,
    DIRECT_IDENTIFIERS,
    INTEGER_COLUMNS,
    NOTEBOOK_COLUMNS,
    NOTEBOOK_QUERIES,
    QUERIES_WITHOUT_SCHEMA,
)

pytestmark = pytest.mark.xdist_group("sample")

GOLD_MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "gold"


def gold_models() -> dict[str, dict[str, Any]]:
    """The models that the YAML files of gold declare, by the name of their table."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(GOLD_MODELS.glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["config"].get("alias", model["name"])] = model
    return found


@pytest.mark.parametrize("table", NOTEBOOK_COLUMNS)
def test_contract_starts_with_the_notebooks_columns_in_their_order(table: str) -> None:
    columns = [column["name"] for column in gold_models()[table]["columns"]]
    expected = NOTEBOOK_COLUMNS[table]
    assert columns[: len(expected)] == expected


@pytest.mark.parametrize("table", NOTEBOOK_COLUMNS)
def test_contract_types_are_sensible(table: str) -> None:
    types = {column["name"]: column["data_type"] for column in gold_models()[table]["columns"]}
    assert types["last_updated"] == "timestamptz"
    assert {name: kind for name, kind in types.items() if name in INTEGER_COLUMNS and kind != "integer"} == {}
    assert {name: kind for name, kind in types.items() if name in COUNT_COLUMNS and kind != "bigint"} == {}
    assert [n for n, kind in types.items() if n.endswith("_pct") and not kind.startswith("numeric(")] == []


def test_every_gold_model_has_contract_key_grain_and_described_columns() -> None:
    models = gold_models()
    assert set(NOTEBOOK_COLUMNS) | {
        "golden_records",
        "gr_relationships",
        "profile_360",
        "risk_scores",
        "risk_drivers",
        "portfolio_health",
        "model_monitoring",
        "publication",
        "analytics_flags",
        "benefit_events",
        "eligibility_applications",
        "golden_record_lineage",
        "gr_redirects",
        "income_bands",
        "profile_coverage",
        "scheme_master",
        "scheme_rules",
    } == set(models)
    for table, model in models.items():
        assert model["config"]["contract"] == {"enforced": True}, table
        assert "ne row" in model["description"], f"{table} does not say what one row is"
        (key,) = [c["columns"] for c in model["constraints"] if c["type"] == "primary_key"]
        assert key == model["config"]["meta"]["key"], table
        assert [c["name"] for c in model["columns"] if not c.get("description")] == [], table
        declared = {c["name"] for c in model["columns"]}
        assert set(key) <= declared, table
        if table != "publication":
            assert "last_updated" in declared, table


def test_every_gold_model_has_its_sql_beside_its_contract() -> None:
    named = {model["name"] for model in gold_models().values()}
    assert {path.stem for path in GOLD_MODELS.glob("*.sql")} == named


def test_no_gold_column_identifies_a_person_directly() -> None:
    for table, model in gold_models().items():
        assert DIRECT_IDENTIFIERS.isdisjoint(column["name"] for column in model["columns"]), table


@pytest.mark.parametrize("table", NOTEBOOK_COLUMNS)
def test_published_table_starts_with_the_notebooks_columns_in_their_order(
    sample_bi: psycopg.Connection[Any], table: str
) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(f"SELECT * FROM gold.{table} LIMIT 0")
        assert cursor.description is not None
        columns = [column.name for column in cursor.description]
    expected = NOTEBOOK_COLUMNS[table]
    assert columns[: len(expected)] == expected


@pytest.mark.parametrize("chart", NOTEBOOK_QUERIES)
def test_query_of_the_notebook_runs_as_the_bi_login(sample_bi: psycopg.Connection[Any], chart: str) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(NOTEBOOK_QUERIES[chart])
        rows = cursor.fetchall()
    assert rows, f"{chart} has no rows"


@pytest.mark.parametrize("question", QUERIES_WITHOUT_SCHEMA)
def test_query_of_the_profile_notebook_is_answered_from_gold(sample_bi: psycopg.Connection[Any], question: str) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(QUERIES_WITHOUT_SCHEMA[question])
        rows = cursor.fetchall()
    assert rows, f"{question} has no rows"


def test_coverage_is_what_the_profile_notebook_counts(sample_bi: psycopg.Connection[Any]) -> None:
    with sample_bi.cursor() as cursor:
        (counted,) = cursor.execute(QUERIES_WITHOUT_SCHEMA["profile_coverage"]).fetchall()
        measures = "total_golden_records, profiles_with_360, with_income_band, with_cluster, with_flags"
        assert cursor.execute(
            f"SELECT {measures} FROM profile_coverage WHERE coverage_scope = 'overall'"
        ).fetchall() == [counted]
        total, *parts = counted
        assert total > 0
        shares = cursor.execute(
            "SELECT profiles_with_360_pct, with_income_band_pct, with_cluster_pct, with_flags_pct"
            " FROM profile_coverage WHERE coverage_scope = 'overall'"
        ).fetchone()
        assert [float(share) for share in shares or ()] == [round(100 * part / total, 2) for part in parts]
        sums = ", ".join(f"sum({measure})" for measure in measures.split(", "))
        assert cursor.execute(f"SELECT {sums} FROM profile_coverage WHERE coverage_scope = 'district'").fetchall() == [
            counted
        ]


def test_heat_map_has_seven_days_from_sunday_and_real_hours(
    sample_bi: psycopg.Connection[Any],
) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT day_of_week, day_name FROM gold.analytics_transaction_time_patterns ORDER BY day_of_week"
        )
        assert cursor.fetchall() == [
            (0, "Sunday"),
            (1, "Monday"),
            (2, "Tuesday"),
            (3, "Wednesday"),
            (4, "Thursday"),
            (5, "Friday"),
            (6, "Saturday"),
        ]
        cursor.execute("SELECT DISTINCT transaction_hour FROM gold.analytics_transaction_time_patterns")
        hours = {hour for (hour,) in cursor.fetchall()}
    assert hours <= set(range(-1, 24))
    assert len(hours - {-1}) > 1, f"the sample tells times, but gold shows only the hours {sorted(hours)}"


def test_seasonal_patterns_show_every_month_of_two_years(
    sample_bi: psycopg.Connection[Any],
) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT (year, month)) FROM gold.analytics_seasonal_patterns WHERE is_closed_month"
        )
        row = cursor.fetchone()
    assert row == (24,)


def test_loans_score_in_cross_sell_and_balances_are_assets(
    sample_bi: psycopg.Connection[Any],
) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE cross_sell_score > 0), count(*)"
            " FROM gold.analytics_product_cross_sell_patterns WHERE 'LOAN' IN (category_1, category_2)"
        )
        row = cursor.fetchone()
        assert row is not None
        scoring, pairs = row
        cursor.execute("SELECT sum(total_balance) > 0 FROM gold.analytics_geographic_clustering")
        assert cursor.fetchone() == (True,)
    assert pairs > 0
    assert scoring > 0


def test_one_publication_has_one_last_updated(sample_bi: psycopg.Connection[Any]) -> None:
    with sample_bi.cursor() as cursor:
        cursor.execute("SELECT data_cutoff FROM gold.publication")
        publications = cursor.fetchall()
        assert len(publications) == 1
        for table in NOTEBOOK_COLUMNS:
            cursor.execute(f"SELECT DISTINCT last_updated FROM gold.{table}")
            assert cursor.fetchall() == publications, table
