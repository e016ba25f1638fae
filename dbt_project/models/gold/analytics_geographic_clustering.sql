{{
    config(
        indexes=[
            {'columns': ['customer_count']},
            {'columns': ['city']}
        ]
    )
}}

with customers as (
    select
        coalesce(upper(nullif(trim(profile_360.state), '')), 'Unknown') as cell_state,
        coalesce(upper(nullif(trim(profile_360.city), '')), 'Unknown') as cell_city,
        profile_360.*
    from {{ ref('profile_360') }} as profile_360
    where profile_360.is_customer
),

cells as (
    select
        cell_state,
        cell_city,
        count(*) as customer_count,
        count(credit_score) as scores_count,
        count(annual_income_amount) as incomes_count,
        avg(credit_score) as avg_credit_score,
        avg(annual_income_amount) as avg_annual_income,
        avg(lifetime_value_amount) as avg_clv,
        count(customer_segment) as segments_count,
        count(*) filter (where customer_segment = 'Premium') as premium_count,
        count(*) filter (where customer_segment = 'Affluent') as affluent_count,
        sum(transactions_90d_count) as total_transactions_90d,
        sum(transaction_volume_90d_amount) as total_volume_90d,
        sum(accounts_count) as total_accounts,
        sum(asset_accounts_count) as asset_accounts_count,
        sum(total_balance_amount) as total_balance,
        sum(total_liabilities_amount) as total_liabilities,
        avg(churn_risk_pct) as avg_churn_risk_pct
    from customers
    group by cell_state, cell_city
)

-- The people who count for a small cell are those whose figure the average is of, not all of the cell.
select
    cell_state as state,
    cell_city as city,
    customer_count,
    {{ unless_small_cell('scores_count', 'round(avg_credit_score, 1)') }} as avg_credit_score,
    {{ unless_small_cell('incomes_count', 'round(avg_annual_income, 2)') }} as avg_annual_income,
    round(avg_clv, 2) as avg_clv,
    {{ pct('premium_count', 'segments_count') }} as premium_pct,
    {{ pct('affluent_count', 'segments_count') }} as affluent_pct,
    total_transactions_90d,
    total_volume_90d,
    round(total_volume_90d / nullif(total_transactions_90d, 0), 2) as avg_transaction_amount,
    total_accounts,
    total_balance,
    round(total_balance / nullif(asset_accounts_count, 0), 2) as avg_balance_per_account,
    round(avg_churn_risk_pct, 2) as avg_churn_risk_pct,
    {{ data_cutoff() }} as last_updated,
    asset_accounts_count,
    total_liabilities,
    customer_count < {{ portfolio('min_cell_size') }} as is_small_cell,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from cells
