{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'analytics_credit_score_behavior_correlation'}}}) }}
-- Averages of income and credit in a cell of fewer than min_cell_size people would tell about them.
select 'analytics_credit_score_behavior_correlation' as table_name, customer_count
from {{ ref('analytics_credit_score_behavior_correlation') }}
where
    customer_count < {{ portfolio('min_cell_size') }}
    and coalesce(
        avg_credit_score, avg_annual_income, avg_credit_utilization_pct, avg_past_due_accounts,
        avg_late_payments, avg_missed_payments
    ) is not null
union all
select 'analytics_geographic_clustering' as table_name, customer_count
from {{ ref('analytics_geographic_clustering') }}
where
    customer_count < {{ portfolio('min_cell_size') }}
    and coalesce(avg_credit_score, avg_annual_income) is not null
