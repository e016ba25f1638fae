{{
    config(
        indexes=[
            {'columns': ['customer_count']},
            {'columns': ['product_2']}
        ]
    )
}}

-- The balance of each account by the rule of core.profile_balances: what the source states last up to D or, for deposits
-- and investments, what stands after the last booked transaction where that is later; a loan of which nobody states the
-- balance is taken as paid off in a straight line.
with stated_balances as (
    select distinct on (account_balances.account_id)
        account_balances.account_id,
        account_balances.balance_on,
        account_balances.balance_amount
    from {{ ref('account_balances') }} as account_balances
    where
        account_balances.balance_on <= {{ as_of_date() }}
        and {{ visible_at('account_balances', knowledge_cutoff()) }}
    order by account_balances.account_id asc, account_balances.balance_on desc, account_balances.known_at desc
),

booked_balances as (
    select distinct on (activity.account_id)
        activity.account_id,
        activity.activity_date,
        activity.closing_balance_amount
    from {{ ref('account_daily_activity') }} as activity
    where
        activity.activity_date <= {{ as_of_date() }}
        and activity.known_at <= {{ knowledge_cutoff() }}
        and activity.visible_until > {{ knowledge_cutoff() }}
        and activity.closing_balance_amount is not null
    order by
        activity.account_id asc,
        activity.activity_date desc,
        activity.last_sequence_number desc nulls last,
        activity.known_at desc
),

loan_balances as (
    select
        loans.loan_id as account_id,
        round(
            loans.principal_amount * greatest(
                0,
                1 - cast({{ as_of_date() }} - loans.granted_on as numeric)
                / greatest(1, loans.matures_on - loans.granted_on)
            ),
            2
        ) as balance_amount
    from {{ ref('loans') }} as loans
    where loans.granted_on <= {{ as_of_date() }} and loans.known_at <= {{ knowledge_cutoff() }}
),

account_amounts as (
    select
        owned_accounts.gr_id,
        owned_accounts.product_name,
        owned_accounts.product_category,
        owned_accounts.opened_on,
        case
            when owned_accounts.product_category = 'LOAN'
                then coalesce(stated_balances.balance_amount, loan_balances.balance_amount)
            when owned_accounts.product_category = 'CREDIT' then stated_balances.balance_amount
            when stated_balances.balance_on >= coalesce(booked_balances.activity_date, stated_balances.balance_on)
                then stated_balances.balance_amount
            else booked_balances.closing_balance_amount
        end as balance_amount
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join {{ ref('golden_records') }} as golden_records
        on owned_accounts.gr_id = golden_records.gr_id
    left join stated_balances on owned_accounts.account_id = stated_balances.account_id
    left join booked_balances on owned_accounts.account_id = booked_balances.account_id
    left join loan_balances on owned_accounts.account_id = loan_balances.account_id
    where owned_accounts.is_open and golden_records.is_customer
),

-- What a customer has of one product: the first account says since when; a balance that nobody states stays unknown.
holdings as (
    select
        gr_id,
        product_name,
        product_category,
        min(opened_on) as held_since,
        case when count(*) = count(balance_amount) then sum(balance_amount) end as balance_amount
    from account_amounts
    group by gr_id, product_name, product_category
),

product_holders as (
    select
        product_name,
        product_category,
        count(*) as holders_count
    from holdings
    group by product_name, product_category
),

all_customers as (
    select count(distinct gr_id) as customers_count from holdings
),

pairs as (
    select
        first_holding.product_name as product_1,
        first_holding.product_category as category_1,
        second_holding.product_name as product_2,
        second_holding.product_category as category_2,
        count(*) as customer_count,
        round(avg(first_holding.balance_amount + second_holding.balance_amount), 2) as avg_combined_balance,
        avg(
            {{ complete_months('greatest(first_holding.held_since, second_holding.held_since)', as_of_date()) }}
        ) as avg_min_age_months
    from holdings as first_holding
    inner join holdings as second_holding
        on
            first_holding.gr_id = second_holding.gr_id
            and (first_holding.product_name, first_holding.product_category)
            < (second_holding.product_name, second_holding.product_category)
    group by
        first_holding.product_name,
        first_holding.product_category,
        second_holding.product_name,
        second_holding.product_category
)

select
    pairs.product_1,
    pairs.category_1,
    pairs.product_2,
    pairs.category_2,
    pairs.customer_count,
    pairs.avg_combined_balance,
    round(pairs.avg_min_age_months, 1) as avg_min_age_months,
    {{ cross_sell_score('pairs.customer_count', 'pairs.avg_combined_balance') }} as cross_sell_score,
    {{ data_cutoff() }} as last_updated,
    holders_1.holders_count as product_1_customer_count,
    holders_2.holders_count as product_2_customer_count,
    round(cast(pairs.customer_count as numeric) / all_customers.customers_count, 6) as support,
    round(cast(pairs.customer_count as numeric) / holders_1.holders_count, 6) as confidence_1_to_2,
    round(cast(pairs.customer_count as numeric) / holders_2.holders_count, 6) as confidence_2_to_1,
    round(
        cast(pairs.customer_count as numeric) * all_customers.customers_count
        / (holders_1.holders_count * holders_2.holders_count),
        4
    ) as lift,
    {{ as_of_date() }} as balances_on
from pairs
inner join product_holders as holders_1
    on pairs.product_1 = holders_1.product_name and pairs.category_1 = holders_1.product_category
inner join product_holders as holders_2
    on pairs.product_2 = holders_2.product_name and pairs.category_2 = holders_2.product_category
cross join all_customers
