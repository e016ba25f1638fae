{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'analytics_customer_behavior_clusters'}}}) }}
-- Every customer stands in exactly one cell of each table that divides the customers up.
with customers as (
    select count(*) as customer_count from {{ ref('profile_360') }} where is_customer
),

tables as (
    select
        'analytics_customer_behavior_clusters' as table_name,
        coalesce(sum(customer_count), 0) as customer_count
    from {{ ref('analytics_customer_behavior_clusters') }}
    union all
    select
        'analytics_credit_score_behavior_correlation' as table_name,
        coalesce(sum(customer_count), 0) as customer_count
    from {{ ref('analytics_credit_score_behavior_correlation') }}
    union all
    select
        'analytics_geographic_clustering' as table_name,
        coalesce(sum(customer_count), 0) as customer_count
    from {{ ref('analytics_geographic_clustering') }}
    union all
    select
        'gold_golden_records' as table_name,
        count(*) filter (where is_customer) as customer_count
    from {{ ref('gold_golden_records') }}
    union all
    select
        'gold_profile_360' as table_name,
        count(*) filter (where is_customer) as customer_count
    from {{ ref('gold_profile_360') }}
)

select
    tables.table_name,
    tables.customer_count as found_count,
    customers.customer_count as expected_count
from tables
cross join customers
where tables.customer_count <> customers.customer_count
