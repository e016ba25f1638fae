select
    gr_id,
    cast(count(*) as integer) as accounts_count,
    cast(
        count(case when product_category in ('DEPOSIT', 'INVESTMENT') then balance_amount end) as integer
    ) as asset_accounts_count,
    cast(count(distinct product_name) as integer) as products_count,
    cast(sum(case when product_category = 'DEPOSIT' then balance_amount end) as numeric(18, 2)) as deposit_balance_amount,
    cast(
        sum(case when product_category = 'INVESTMENT' then balance_amount end) as numeric(18, 2)
    ) as investment_balance_amount,
    cast(sum(case when product_category = 'CREDIT' then balance_amount end) as numeric(18, 2)) as credit_balance_amount,
    cast(sum(case when product_category = 'LOAN' then balance_amount end) as numeric(18, 2)) as loan_balance_amount,
    case
        when
            min(case when product_category = 'LOAN' then balance_basis end)
            <> max(case when product_category = 'LOAN' then balance_basis end) then 'mixed'
        else min(case when product_category = 'LOAN' then balance_basis end)
    end as loan_balance_basis
from {{ ref('account_positions') }}
group by gr_id
