{{
    config(
        indexes=[
            {'columns': ['customer_count']},
            {'columns': ['product_2']}
        ]
    )
}}

with account_amounts as (
    select account_positions.*
    from {{ ref('account_positions') }} as account_positions
    inner join {{ ref('golden_records') }} as golden_records
        on account_positions.gr_id = golden_records.gr_id
    where golden_records.is_customer
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
