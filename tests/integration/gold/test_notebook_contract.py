"""What the gold analytics notebook relies on: the columns of its seven tables in order, and its queries.

The queries are copied literally from the notebook; they run through ``published_bi_connection``, a
psycopg connection of the BI login to a published sample portfolio.
"""

from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

GOLD_MODELS = Path(__file__).resolve().parents[3] / "dbt_project" / "models" / "gold"

NOTEBOOK_COLUMNS: dict[str, list[str]] = {
    "analytics_customer_behavior_clusters": [
        "customer_segment",
        "age_group",
        "income_bracket",
        "customer_count",
        "avg_transactions_90d",
        "avg_transaction_size",
        "avg_unique_categories",
        "avg_accounts",
        "avg_total_balance",
        "mobile_usage_pct",
        "weekend_activity_pct",
        "avg_service_contacts",
        "avg_satisfaction_score",
        "engagement_score",
        "last_updated",
    ],
    "analytics_transaction_time_patterns": [
        "day_name",
        "day_of_week",
        "transaction_hour",
        "channel",
        "merchant_category",
        "transaction_count",
        "avg_amount",
        "unique_customers",
        "fraud_count",
        "fraud_rate_pct",
        "high_value_count",
        "high_value_pct",
        "international_count",
        "international_pct",
        "last_updated",
    ],
    "analytics_product_cross_sell_patterns": [
        "product_1",
        "category_1",
        "product_2",
        "category_2",
        "customer_count",
        "avg_combined_balance",
        "avg_min_age_months",
        "cross_sell_score",
        "last_updated",
    ],
    "analytics_merchant_spending_patterns": [
        "category_group",
        "category",
        "region",
        "customer_segment",
        "age_group",
        "transaction_count",
        "unique_customers",
        "unique_merchants",
        "total_spend",
        "avg_transaction_amount",
        "transactions_per_customer",
        "recurring_pct",
        "last_updated",
    ],
    "analytics_credit_score_behavior_correlation": [
        "credit_score_band",
        "income_bracket",
        "customer_segment",
        "customer_count",
        "avg_credit_score",
        "avg_annual_income",
        "avg_transactions",
        "avg_transaction_size",
        "avg_volatility",
        "avg_credit_utilization_pct",
        "avg_total_balance",
        "avg_past_due_accounts",
        "avg_late_payments",
        "avg_missed_payments",
        "avg_tenure_months",
        "last_updated",
    ],
    "analytics_geographic_clustering": [
        "state",
        "city",
        "customer_count",
        "avg_credit_score",
        "avg_annual_income",
        "avg_clv",
        "premium_pct",
        "affluent_pct",
        "total_transactions_90d",
        "total_volume_90d",
        "avg_transaction_amount",
        "total_accounts",
        "total_balance",
        "avg_balance_per_account",
        "avg_churn_risk_pct",
        "last_updated",
    ],
    "analytics_seasonal_patterns": [
        "month",
        "month_name",
        "quarter",
        "day_of_week",
        "day_name",
        "merchant_category",
        "transaction_count",
        "total_volume",
        "avg_amount",
        "unique_customers",
        "year",
        "season",
        "last_updated",
    ],
}

INTEGER_COLUMNS = {"day_of_week", "transaction_hour", "month", "quarter", "year"}
COUNT_COLUMNS = {
    "customer_count",
    "transaction_count",
    "unique_customers",
    "unique_merchants",
    "total_accounts",
}

NOTEBOOK_QUERIES: dict[str, str] = {
    "customer_behavior_3d_scatter": (
        "SELECT * FROM gold.analytics_customer_behavior_clusters WHERE customer_count >= 20"
    ),
    "customer_engagement_radar": "SELECT * FROM gold.analytics_customer_behavior_clusters",
    "transaction_time_heatmap": "SELECT * FROM gold.analytics_transaction_time_patterns",
    "hourly_channel_distribution": """
    SELECT transaction_hour, channel, SUM(transaction_count) as total
    FROM gold.analytics_transaction_time_patterns
    GROUP BY transaction_hour, channel
    ORDER BY transaction_hour
""",
    "product_network_graph": ("SELECT * FROM gold.analytics_product_cross_sell_patterns ORDER BY customer_count DESC"),
    "product_affinity_matrix": "SELECT * FROM gold.analytics_product_cross_sell_patterns",
    "merchant_spending_sunburst": ("SELECT * FROM gold.analytics_merchant_spending_patterns ORDER BY total_spend DESC"),
    "merchant_category_treemap": (
        "SELECT * FROM gold.analytics_merchant_spending_patterns ORDER BY total_spend DESC LIMIT 40"
    ),
    "credit_score_behavior_scatter_matrix": (
        "SELECT * FROM gold.analytics_credit_score_behavior_correlation WHERE customer_count >= 20"
    ),
    "credit_score_risk_bubble": "SELECT * FROM gold.analytics_credit_score_behavior_correlation",
    "geographic_bubble_map": (
        "SELECT * FROM gold.analytics_geographic_clustering ORDER BY customer_count DESC LIMIT 50"
    ),
    "geographic_metrics_heatmap": (
        "SELECT * FROM gold.analytics_geographic_clustering ORDER BY customer_count DESC LIMIT 20"
    ),
    "seasonal_decomposition": ("SELECT * FROM gold.analytics_seasonal_patterns ORDER BY year, month, day_of_week"),
}

# Rows depend on how many customers the portfolio has: these two ask for cells of at least 20 people.
QUERIES_OF_LARGE_CELLS = {"customer_behavior_3d_scatter", "credit_score_behavior_scatter_matrix"}

QUERIES_WITHOUT_SCHEMA: dict[str, str] = {
    "records_and_families": (
        "SELECT COUNT(*), COUNT(DISTINCT family_id), COUNT(*) FILTER (WHERE status='active') FROM golden_records"
    ),
    "active_records_by_district": (
        "SELECT district_id, COUNT(*) FROM golden_records WHERE status='active' GROUP BY district_id"
    ),
    "relationships_by_type": ("SELECT relationship_type, COUNT(*) FROM gr_relationships GROUP BY relationship_type"),
}

DIRECT_IDENTIFIERS = {
    "first_name",
    "middle_name",
    "last_name",
    "full_name",
    "name",
    "birth_date",
    "death_date",
    "national_id",
    "phone",
    "email",
    "address_line",
    "postcode",
    "party_id",
    "anchor_party_id",
    "source_record_id",
}


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
        "publication",
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
    published_bi_connection: psycopg.Connection[Any], table: str
) -> None:
    with published_bi_connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM gold.{table} LIMIT 0")
        assert cursor.description is not None
        columns = [column.name for column in cursor.description]
    expected = NOTEBOOK_COLUMNS[table]
    assert columns[: len(expected)] == expected


@pytest.mark.parametrize("chart", NOTEBOOK_QUERIES)
def test_query_of_the_notebook_runs_as_the_bi_login(
    published_bi_connection: psycopg.Connection[Any], chart: str
) -> None:
    with published_bi_connection.cursor() as cursor:
        cursor.execute(NOTEBOOK_QUERIES[chart])
        rows = cursor.fetchall()
    if chart not in QUERIES_OF_LARGE_CELLS:
        assert rows, f"{chart} has no rows"


@pytest.mark.parametrize("question", QUERIES_WITHOUT_SCHEMA)
def test_question_without_a_schema_is_answered_from_gold(
    published_bi_connection: psycopg.Connection[Any], question: str
) -> None:
    with published_bi_connection.cursor() as cursor:
        cursor.execute(QUERIES_WITHOUT_SCHEMA[question])
        rows = cursor.fetchall()
    assert rows, f"{question} has no rows"


def test_heat_map_has_seven_days_from_sunday_and_real_hours(
    published_bi_connection: psycopg.Connection[Any],
) -> None:
    with published_bi_connection.cursor() as cursor:
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
    published_bi_connection: psycopg.Connection[Any],
) -> None:
    with published_bi_connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT (year, month)) FROM gold.analytics_seasonal_patterns WHERE is_closed_month"
        )
        row = cursor.fetchone()
    assert row == (24,)


def test_loans_score_in_cross_sell_and_balances_are_assets(
    published_bi_connection: psycopg.Connection[Any],
) -> None:
    with published_bi_connection.cursor() as cursor:
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


def test_one_publication_has_one_last_updated(published_bi_connection: psycopg.Connection[Any]) -> None:
    with published_bi_connection.cursor() as cursor:
        cursor.execute("SELECT data_cutoff FROM gold.publication")
        publications = cursor.fetchall()
        assert len(publications) == 1
        for table in NOTEBOOK_COLUMNS:
            cursor.execute(f"SELECT DISTINCT last_updated FROM gold.{table}")
            assert cursor.fetchall() == publications, table
