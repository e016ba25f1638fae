"""The two notebooks as data: the gold analytics notebook's columns in their order, the queries of both, literally."""

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

# The notebook on profiles: every query it sends, in its order; it relies on the search path.
QUERIES_WITHOUT_SCHEMA: dict[str, str] = {
    "golden_records_summary": """
SELECT 
    COUNT(*) as total_records,
    COUNT(DISTINCT family_id) as total_families,
    COUNT(*) FILTER (WHERE status = 'active') as active_records
FROM golden_records
""",
    "distribution_by_district": """
SELECT district_id, COUNT(*) as count
FROM golden_records
WHERE status = 'active'
GROUP BY district_id
ORDER BY count DESC
LIMIT 10
""",
    "relationship_types": """
SELECT relationship_type, COUNT(*) as count
FROM gr_relationships
GROUP BY relationship_type
ORDER BY count DESC
""",
    "benefits_by_category": """
SELECT 
    sm.category,
    COUNT(DISTINCT be.gr_id) as beneficiaries,
    SUM(be.amount) as total_amount,
    AVG(be.amount) as avg_amount
FROM benefit_events be
JOIN scheme_master sm ON be.scheme_id = sm.scheme_id
GROUP BY sm.category
ORDER BY total_amount DESC
""",
    "income_band_distribution": """
SELECT 
    inferred_income_band,
    COUNT(*) as count,
    AVG(income_band_confidence) as avg_confidence
FROM profile_360
WHERE inferred_income_band IS NOT NULL
GROUP BY inferred_income_band
ORDER BY count DESC
""",
    "cluster_sizes": """
SELECT 
    cluster_id,
    COUNT(*) as cluster_size
FROM profile_360
WHERE cluster_id IS NOT NULL
GROUP BY cluster_id
ORDER BY cluster_size DESC
LIMIT 20
""",
    "active_flags": """
SELECT 
    flag_type,
    flag_severity,
    COUNT(*) as count,
    AVG(flag_score) as avg_score
FROM analytics_flags
WHERE flag_status = 'ACTIVE'
GROUP BY flag_type, flag_severity
ORDER BY flag_type, flag_severity
""",
    "profile_coverage": """
SELECT 
    COUNT(DISTINCT gr.gr_id) as total_golden_records,
    COUNT(DISTINCT p.gr_id) as profiles_with_360,
    COUNT(DISTINCT CASE WHEN p.inferred_income_band IS NOT NULL THEN p.gr_id END) as with_income_band,
    COUNT(DISTINCT CASE WHEN p.cluster_id IS NOT NULL THEN p.gr_id END) as with_cluster,
    COUNT(DISTINCT CASE WHEN array_length(p.risk_flags, 1) > 0 THEN p.gr_id END) as with_flags
FROM golden_records gr
LEFT JOIN profile_360 p ON gr.gr_id = p.gr_id
WHERE gr.status = 'active'
""",
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
