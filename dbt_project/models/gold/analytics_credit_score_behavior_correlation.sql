{{
    config(
        indexes=[
            {'columns': ['customer_count']},
            {'columns': ['income_bracket']},
            {'columns': ['customer_segment']}
        ]
    )
}}

with customers as (
    select
        {{ or_unknown('profile_360.credit_score_band') }} as cell_score_band,
        {{ or_unknown('profile_360.income_bracket') }} as cell_income_bracket,
        {{ or_unknown('profile_360.customer_segment') }} as cell_segment,
        profile_360.*
    from {{ ref('profile_360') }} as profile_360
    where profile_360.is_customer
),

cells as (
    select
        cell_score_band,
        cell_income_bracket,
        cell_segment,
        count(*) as customer_count,
        count(credit_score) as scores_count,
        count(annual_income_amount) as incomes_count,
        avg(credit_score) as avg_credit_score,
        avg(annual_income_amount) as avg_annual_income,
        avg(transactions_90d_count) as avg_transactions,
        sum(transaction_volume_90d_amount) / nullif(sum(transactions_90d_count), 0) as avg_transaction_size,
        avg(transaction_volatility_amount) as avg_volatility,
        count(credit_utilization_pct) as utilizations_count,
        avg(credit_utilization_pct) as avg_credit_utilization_pct,
        avg(total_balance_amount) as avg_total_balance,
        count(past_due_accounts_count) as past_due_count,
        avg(past_due_accounts_count) as avg_past_due_accounts,
        count(late_payments_count) as late_count,
        avg(late_payments_count) as avg_late_payments,
        count(missed_payments_count) as missed_count,
        avg(missed_payments_count) as avg_missed_payments,
        avg(tenure_months) as avg_tenure_months
    from customers
    group by cell_score_band, cell_income_bracket, cell_segment
)

-- The people who count for a small cell are those whose figure the average is of, not all of the cell.
select
    cell_score_band as credit_score_band,
    cell_income_bracket as income_bracket,
    cell_segment as customer_segment,
    customer_count,
    {{ unless_small_cell('scores_count', 'round(avg_credit_score, 1)') }} as avg_credit_score,
    {{ unless_small_cell('incomes_count', 'round(avg_annual_income, 2)') }} as avg_annual_income,
    round(avg_transactions, 1) as avg_transactions,
    round(avg_transaction_size, 2) as avg_transaction_size,
    round(avg_volatility, 2) as avg_volatility,
    {{ unless_small_cell('utilizations_count', 'round(avg_credit_utilization_pct, 2)') }} as avg_credit_utilization_pct,
    round(avg_total_balance, 2) as avg_total_balance,
    {{ unless_small_cell('past_due_count', 'round(avg_past_due_accounts, 2)') }} as avg_past_due_accounts,
    {{ unless_small_cell('late_count', 'round(avg_late_payments, 2)') }} as avg_late_payments,
    {{ unless_small_cell('missed_count', 'round(avg_missed_payments, 2)') }} as avg_missed_payments,
    round(avg_tenure_months, 1) as avg_tenure_months,
    {{ data_cutoff() }} as last_updated,
    customer_count < {{ portfolio('min_cell_size') }} as is_small_cell,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from cells
