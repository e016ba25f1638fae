{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'publication'}}}) }}
-- One publication, one data cut-off.
{% set tables = [
    'analytics_customer_behavior_clusters',
    'analytics_transaction_time_patterns',
    'analytics_product_cross_sell_patterns',
    'analytics_merchant_spending_patterns',
    'analytics_credit_score_behavior_correlation',
    'analytics_geographic_clustering',
    'analytics_seasonal_patterns',
    'gold_golden_records',
    'gold_gr_relationships',
    'gold_profile_360',
    'risk_scores',
] %}
with publication as (
    select data_cutoff from {{ ref('publication') }}
)

{% for table in tables %}
select '{{ table }}' as table_name, gold_table.last_updated
from {{ ref(table) }} as gold_table
cross join publication
where gold_table.last_updated <> publication.data_cutoff
{{ "union all" if not loop.last }}
{% endfor %}
