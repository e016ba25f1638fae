{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'analytics_seasonal_patterns'}}}) }}
-- Seasonal patterns add up to the booked transactions of their months.
with expected as (
    select count(*) as transaction_count
    from {{ ref('transactions') }} as transactions
    where
        transactions.is_booked
        and transactions.event_date >= {{ open_month_start() }} - interval '24 months'
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

found as (
    select coalesce(sum(transaction_count), 0) as transaction_count
    from {{ ref('analytics_seasonal_patterns') }}
)

select
    expected.transaction_count as expected_count,
    found.transaction_count as found_count
from expected
cross join found
where expected.transaction_count <> found.transaction_count
