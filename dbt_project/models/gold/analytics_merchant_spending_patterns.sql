{{
    config(
        indexes=[
            {'columns': ['total_spend']},
            {'columns': ['category_group', 'category']},
            {'columns': ['region']}
        ]
    )
}}

with transactions as (
    {{ booked_transactions(window_start_90d()) }}
),

-- Spending at merchants: money out to a named merchant, in a merchant's category, or by card.
spending as (
    select
        transactions.amount,
        transactions.gr_id,
        transactions.merchant_id,
        transactions.is_recurring,
        coalesce(upper(nullif(trim(transactions.merchant_category), '')), 'Unknown') as category,
        {{ or_unknown('profile_360.region') }} as region,
        {{ or_unknown('profile_360.customer_segment') }} as customer_segment,
        {{ or_unknown('profile_360.age_group') }} as age_group
    from transactions
    left join {{ ref('profile_360') }} as profile_360
        on transactions.gr_id = profile_360.gr_id
    where
        transactions.direction = 'debit'
        and (
            transactions.merchant_id is not null
            or transactions.merchant_category is not null
            or transactions.activity_type in ('card_payment', 'purchase')
        )
),

counted as (
    select
        category,
        region,
        customer_segment,
        age_group,
        count(*) as transaction_count,
        count(distinct gr_id) as unique_customers,
        count(merchant_id) as merchant_known_count,
        count(distinct merchant_id) as unique_merchants,
        sum(amount) as total_spend,
        avg(amount) as avg_transaction_amount,
        count(is_recurring) as recurring_known_count,
        count(*) filter (where is_recurring) as recurring_count
    from spending
    group by category, region, customer_segment, age_group
)

select
    {{ category_group('category') }} as category_group,
    category,
    region,
    customer_segment,
    age_group,
    transaction_count,
    unique_customers,
    case when merchant_known_count > 0 then unique_merchants end as unique_merchants,
    total_spend,
    round(avg_transaction_amount, 2) as avg_transaction_amount,
    round(cast(transaction_count as numeric) / nullif(unique_customers, 0), 2) as transactions_per_customer,
    {{ pct('recurring_count', 'recurring_known_count') }} as recurring_pct,
    {{ data_cutoff() }} as last_updated,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from counted
