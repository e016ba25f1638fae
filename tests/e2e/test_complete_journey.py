"""A retailer's purchases as a portfolio: every gold table against figures that pandas computes from the files."""

import pandas as pd
import psycopg
import pytest

from orchestration.definitions import build_defs
from tests.e2e.chain import Chain

pytestmark = [pytest.mark.xdist_group("journey"), pytest.mark.real_data]

GROCERY = {
    "GROCERY", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY", "SEAFOOD", "SEAFOOD-PCKGD", "SPIRITS", "SALAD BAR",
    "FROZEN GROCERY", "NUTRITION",
}  # fmt: skip
RETAIL = {
    "DRUG GM", "COSMETICS", "FLORAL", "GARDEN CENTER", "TOYS", "AUTOMOTIVE", "HOUSEWARES", "GM MERCH EXP",
    "ELECT &PLUMBING", "PROD-WHS SALES",
}  # fmt: skip
OTHERS = {
    "FUEL": "Gas Station", "CHEF SHOPPE": "Restaurant", "RESTAURANT": "Restaurant", "TRAVEL & LEISURE": "Travel",
    "PHOTO & VIDEO": "Services", "POSTAL CENTER": "Services",
}  # fmt: skip
CATEGORY = dict.fromkeys(GROCERY, "Grocery") | dict.fromkeys(RETAIL, "Retail") | OTHERS
BRACKETS = {
    "Under 15K": "Low", "15-24K": "Low", "25-34K": "Low", "35-49K": "Medium", "50-74K": "Medium", "75-99K": "High",
    "100-124K": "High", "125-149K": "High", "150-174K": "Very High", "175-199K": "Very High", "200-249K": "Very High",
    "250K+": "Very High",
}  # fmt: skip
FIRST, LAST = pd.Timestamp(2017, 10, 2), pd.Timestamp(2017, 12, 31)


@pytest.fixture(scope="module")
def lines(journey: Chain) -> pd.DataFrame:
    folder = journey.settings.landing
    products = pd.read_parquet(folder / "products.parquet", columns=["product_id", "department"])
    rows = pd.read_parquet(folder / "transactions.parquet").merge(products, on="product_id", how="left")
    local = rows["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    return rows.assign(
        category=rows["department"].map(CATEGORY),
        cents=(rows["sales_value"] * 100).round().astype(int),
        day=local.dt.tz_localize(None).dt.normalize(),
        hour=local.dt.hour,
    )


@pytest.fixture(scope="module")
def baskets(journey: Chain, lines: pd.DataFrame) -> pd.DataFrame:
    """One row per basket with its main category, and what its household told of itself."""
    by_category = lines.groupby(["basket_id", "category"], dropna=False)["cents"].sum().reset_index()
    # Most money first; of equals the category that comes first by name, an unknown one last.
    main = by_category.sort_values(["basket_id", "cents", "category"], ascending=[True, False, True])
    main = main.drop_duplicates("basket_id").set_index("basket_id")["category"]
    found = lines.groupby("basket_id").agg(
        household_id=("household_id", "first"), store_id=("store_id", "first"), cents=("cents", "sum"),
        day=("day", "first"), hour=("hour", "first"),
    )  # fmt: skip
    told = pd.read_parquet(journey.settings.landing / "demographics.parquet").set_index("household_id")
    age = found["household_id"].map(told["age"]).replace({"19-24": "18-24"}).fillna("Unknown")
    bracket = found["household_id"].map(told["income"]).map(BRACKETS).fillna("Unknown")
    return found.assign(
        category=main, age_group=age, income_bracket=bracket, day_of_week=(found["day"].dt.day_of_week + 1) % 7
    ).fillna({"category": "Unknown"})


@pytest.fixture
def bi(journey: Chain) -> psycopg.Connection:
    with psycopg.connect(journey.runtime.warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection


def table(bi: psycopg.Connection, query: str) -> pd.DataFrame:
    cursor = bi.execute(query)
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])


def recent(baskets: pd.DataFrame) -> pd.DataFrame:
    return baskets[baskets["day"].between(FIRST, LAST)]


def test_every_asset_is_materialised_and_no_row_is_lost(journey: Chain) -> None:
    keys = build_defs(settings=journey.settings).resolve_asset_graph().materializable_asset_keys
    events = journey.instance.get_latest_materialization_events(list(keys))
    assert [key.to_user_string() for key, event in events.items() if event is None] == []
    loads = journey.query("select table_name, rows_read, rows_accepted, rows_rejected from ops.loads order by 1")
    assert [(name, read) for name, read, *_ in loads] == [
        ("campaign_descriptions", 27), ("campaigns", 6589), ("coupon_redemptions", 2102), ("demographics", 801),
        ("products", 92331), ("transactions", 1469307),
    ]  # fmt: skip
    assert all(read == accepted and rejected == 0 for _, read, accepted, rejected in loads)


def test_a_transaction_is_a_basket_and_its_lines_add_up_to_it(
    journey: Chain, lines: pd.DataFrame, baskets: pd.DataFrame
) -> None:
    ((count, total),) = journey.query("select count(*), sum(amount) from core.transactions")
    assert (count, round(total * 100)) == (len(baskets), baskets["cents"].sum())
    ((count, total, quantity),) = journey.query(
        "select count(*), sum(amount), sum(quantity) from core.transaction_lines"
    )
    assert (count, round(total * 100), quantity) == (len(lines), lines["cents"].sum(), lines["quantity"].sum())
    assert journey.query(
        "select count(*) from core.transactions as t join (select transaction_id, sum(amount) as amount "
        "from core.transaction_lines group by 1) as l using (transaction_id) where t.amount <> l.amount"
    ) == [(0,)]
    assert journey.query("select min(event_date)::text, max(event_date)::text from core.transactions") == [
        ("2017-01-01", "2017-12-31")
    ]


def test_time_patterns_are_those_of_the_files_in_eastern_time(bi: psycopg.Connection, baskets: pd.DataFrame) -> None:
    keys = ["day_of_week", "hour", "category"]
    wanted = recent(baskets).groupby(keys).agg(
        n=("cents", "size"), mean=("cents", "mean"), people=("household_id", "nunique")
    )  # fmt: skip
    found = table(bi, "select * from analytics_transaction_time_patterns")
    assert set(found["channel"]) == {"Unknown"}
    assert found["fraud_count"].isna().all()
    found = found.rename(columns={"transaction_hour": "hour", "merchant_category": "category"}).set_index(keys)
    assert found.index.is_unique
    assert found["transaction_count"].to_dict() == wanted["n"].to_dict()
    assert found["unique_customers"].to_dict() == wanted["people"].to_dict()
    mean = (wanted["mean"] / 100).reindex(found.index)
    assert ((found["avg_amount"].astype(float) - mean).abs() < 0.00501).all()
    by_hour = wanted["n"].groupby("hour").sum()
    assert by_hour.idxmax() in (16, 17, 18), "purchases peak in the early evening"


def test_merchant_spending_is_that_of_the_files(bi: psycopg.Connection, baskets: pd.DataFrame) -> None:
    wanted = recent(baskets).assign(category=lambda rows: rows["category"].str.upper().replace("UNKNOWN", "Unknown"))
    wanted = wanted.groupby(["category", "age_group"]).agg(
        n=("cents", "size"), cents=("cents", "sum"), people=("household_id", "nunique"), stores=("store_id", "nunique")
    )  # fmt: skip
    found = table(bi, "select * from analytics_merchant_spending_patterns")
    assert set(found["region"]) == {"Unknown"}
    assert set(found["customer_segment"]) == {"Unknown"}
    found = found.set_index(["category", "age_group"])
    assert found["transaction_count"].to_dict() == wanted["n"].to_dict()
    assert (found["total_spend"] * 100).astype(int).to_dict() == wanted["cents"].to_dict()
    assert found["unique_customers"].to_dict() == wanted["people"].to_dict()
    assert found["unique_merchants"].to_dict() == wanted["stores"].to_dict()


def test_spending_by_product_category_is_that_of_the_lines(
    journey: Chain, bi: psycopg.Connection, lines: pd.DataFrame
) -> None:
    products = pd.read_parquet(journey.settings.landing / "products.parquet").set_index("product_id")
    told = pd.read_parquet(journey.settings.landing / "demographics.parquet").set_index("household_id")
    bought = lines[lines["day"].between(FIRST, LAST)]
    bought = bought.assign(
        department=bought["product_id"].map(products["department"]).fillna("Unknown"),
        product_category=bought["product_id"].map(products["product_category"]).fillna("Unknown"),
        age_group=bought["household_id"].map(told["age"]).replace({"19-24": "18-24"}).fillna("Unknown"),
        income_bracket=bought["household_id"].map(told["income"]).map(BRACKETS).fillna("Unknown"),
    )
    keys = ["department", "product_category", "age_group", "income_bracket"]
    wanted = bought.groupby(keys).agg(
        n=("cents", "size"), cents=("cents", "sum"), baskets=("basket_id", "nunique"),
        people=("household_id", "nunique"),
    )  # fmt: skip
    found = table(bi, "select * from analytics_product_category_spending").set_index(keys)
    assert found["line_count"].to_dict() == wanted["n"].to_dict()
    assert (found["total_spend"] * 100).astype(int).to_dict() == wanted["cents"].to_dict()
    assert found["transaction_count"].to_dict() == wanted["baskets"].to_dict()
    assert found["unique_customers"].to_dict() == wanted["people"].to_dict()


def test_seasonal_patterns_are_those_of_the_files(bi: psycopg.Connection, baskets: pd.DataFrame) -> None:
    wanted = baskets.groupby([baskets["day"].dt.to_period("M"), "day_of_week", "category"]).agg(
        n=("cents", "size"), cents=("cents", "sum"), people=("household_id", "nunique")
    )  # fmt: skip
    found = table(bi, "select * from analytics_seasonal_patterns where transaction_count > 0")
    month = pd.PeriodIndex(pd.to_datetime(found["month_start"]), freq="M")
    found = found.set_index([month, "day_of_week", "merchant_category"])
    assert found["transaction_count"].astype(int).to_dict() == wanted["n"].to_dict()
    assert (found["total_volume"] * 100).astype(int).to_dict() == wanted["cents"].to_dict()
    assert found["unique_customers"].astype(int).to_dict() == wanted["people"].to_dict()
    before = table(bi, "select * from analytics_seasonal_patterns where year = 2016")
    assert len(before)
    assert before["transaction_count"].isna().all(), "what was not delivered is unknown, not zero"


def test_segments_are_what_households_told_and_unknown_where_they_told_nothing(
    bi: psycopg.Connection, journey: Chain, baskets: pd.DataFrame
) -> None:
    households = baskets.drop_duplicates("household_id")
    assert len(households) == 2469
    wanted = households.groupby(["age_group", "income_bracket"]).size()
    found = table(bi, "select * from analytics_customer_behavior_clusters").set_index(["age_group", "income_bracket"])
    assert found["customer_count"].to_dict() == wanted.to_dict()
    per_household = recent(baskets).groupby("household_id").size().reindex(households["household_id"]).fillna(0)
    per_household.index = pd.MultiIndex.from_frame(households[["age_group", "income_bracket"]])
    known = found["avg_transactions_90d"].dropna().astype(float)
    assert ((known - per_household.groupby(level=[0, 1]).mean().reindex(known.index)).abs() < 0.0501).all()
    for unknown in ("avg_total_balance", "mobile_usage_pct", "avg_service_contacts", "avg_satisfaction_score"):
        assert found[unknown].isna().all()
    ((city, count, value),) = bi.execute(
        "select city, customer_count, avg_clv from analytics_geographic_clustering"
    ).fetchall()
    assert (city, count, value) == ("Unknown", 2469, None)
    credit = table(bi, "select * from analytics_credit_score_behavior_correlation")
    assert set(credit["credit_score_band"]) == {"Unknown"}
    assert credit.set_index("income_bracket")["customer_count"].to_dict() == (
        households.groupby("income_bracket").size().to_dict()
    )
    assert bi.execute("select count(*) from analytics_product_cross_sell_patterns").fetchall() == [(0,)]
    assert bi.execute("select count(*) from risk_scores").fetchall() == [(0,)]


def test_the_unit_tests_of_the_sql_pass(journey: Chain) -> None:
    ran, failures = journey.unit_tests()
    assert failures == []
    assert ran >= 10
