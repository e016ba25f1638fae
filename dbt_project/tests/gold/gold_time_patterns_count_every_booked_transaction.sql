{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'analytics_transaction_time_patterns'}}}) }}
-- Time patterns add up to the booked transactions of the window: none is lost or counted twice on the way to the owner.
with expected as (
    select count(*) as transaction_count
    from {{ ref('transactions') }} as transactions
    where
        transactions.is_booked
        and transactions.event_date between {{ window_start_90d() }} and {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

found as (
    select coalesce(sum(transaction_count), 0) as transaction_count
    from {{ ref('analytics_transaction_time_patterns') }}
)

select
    expected.transaction_count as expected_count,
    found.transaction_count as found_count
from expected
cross join found
where expected.transaction_count <> found.transaction_count
