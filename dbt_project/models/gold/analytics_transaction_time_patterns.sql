{{
    config(
        indexes=[
            {'columns': ['day_of_week', 'transaction_hour']},
            {'columns': ['channel']},
            {'columns': ['merchant_category']}
        ]
    )
}}

with transactions as (
    {{ booked_transactions(window_start_90d()) }}
),

keyed as (
    select
        amount,
        gr_id,
        is_fraud,
        is_international,
        {{ day_of_week('event_date') }} as day_of_week,
        coalesce(cast(extract(hour from {{ instant_to_local("event_at") }}) as integer), -1)
            as transaction_hour,
        {{ or_unknown('channel') }} as channel,
        {{ or_unknown('merchant_category') }} as merchant_category
    from transactions
),

counted as (
    select
        day_of_week,
        transaction_hour,
        channel,
        merchant_category,
        count(*) as transaction_count,
        avg(amount) as avg_amount,
        count(distinct gr_id) as unique_customers,
        count(is_fraud) as fraud_known_count,
        count(*) filter (where is_fraud) as fraud_count,
        count(*) filter (where amount >= {{ portfolio('high_value_amount') }}) as high_value_count,
        count(is_international) as international_known_count,
        count(*) filter (where is_international) as international_count
    from keyed
    group by day_of_week, transaction_hour, channel, merchant_category
)

select
    {{ day_name('day_of_week') }} as day_name,
    day_of_week,
    transaction_hour,
    channel,
    merchant_category,
    transaction_count,
    round(avg_amount, 2) as avg_amount,
    unique_customers,
    -- A source that never says whether a transaction was fraud has no fraud count, rather than none.
    case when fraud_known_count > 0 then fraud_count end as fraud_count,
    {{ pct('fraud_count', 'fraud_known_count') }} as fraud_rate_pct,
    high_value_count,
    {{ pct('high_value_count', 'transaction_count') }} as high_value_pct,
    case when international_known_count > 0 then international_count end as international_count,
    {{ pct('international_count', 'international_known_count') }} as international_pct,
    {{ data_cutoff() }} as last_updated,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from counted
