-- Deposits, investments and credit: the balance the source states last up to D, or the one after the last booked
-- transaction where that is later. Loans: stated, else straight line.
with stated_versions as (
    select
        account_balances.account_id,
        account_balances.balance_on,
        account_balances.balance_amount,
        row_number() over (
            partition by account_balances.account_id
            order by account_balances.balance_on desc, account_balances.known_at desc
        ) as recency
    from {{ ref('account_balances') }} as account_balances
    where
        {{ visible_at('account_balances', knowledge_cutoff()) }}
        and account_balances.balance_on <= {{ as_of_date() }}
),

booked_versions as (
    select
        account_id,
        activity_date,
        closing_balance_amount,
        row_number() over (
            partition by account_id
            order by activity_date desc, last_sequence_number desc nulls last, known_at desc
        ) as recency
    from {{ ref('account_daily_activity') }}
    where
        activity_date <= {{ as_of_date() }}
        and known_at <= {{ knowledge_cutoff() }}
        and visible_until > {{ knowledge_cutoff() }}
        and closing_balance_amount is not null
),

straight_line as (
    select
        loan_id,
        cast(
            principal_amount * greatest(
                0, 1 - cast({{ dbt.datediff('granted_on', as_of_date(), 'day') }} as numeric(18, 6))
                / greatest(1, {{ dbt.datediff('granted_on', 'matures_on', 'day') }})
            ) as numeric(18, 2)
        ) as balance_amount
    from {{ ref('loans') }}
    where
        known_at <= {{ knowledge_cutoff() }}
        and granted_on <= {{ as_of_date() }}
),

account_level as (
    select
        owned_accounts.gr_id,
        owned_accounts.product_category,
        owned_accounts.product_name,
        case
            when owned_accounts.product_category = 'LOAN' then coalesce(stated.balance_amount, straight_line.balance_amount)
            when owned_accounts.product_category = 'CREDIT' then stated.balance_amount
            when stated.balance_on >= coalesce(booked.activity_date, stated.balance_on) then stated.balance_amount
            else booked.closing_balance_amount
        end as balance_amount,
        case
            when owned_accounts.product_category <> 'LOAN' then null
            when stated.balance_amount is not null then 'stated'
            when straight_line.balance_amount is not null then 'straight_line'
        end as loan_basis
    from {{ ref('owned_accounts') }} as owned_accounts
    left join stated_versions as stated
        on
            owned_accounts.account_id = stated.account_id
            and stated.recency = 1
    left join booked_versions as booked
        on
            owned_accounts.account_id = booked.account_id
            and booked.recency = 1
    left join straight_line on owned_accounts.account_id = straight_line.loan_id
    where owned_accounts.is_open
)

select
    gr_id,
    cast(count(*) as integer) as accounts_count,
    cast(count(distinct product_name) as integer) as products_count,
    cast(sum(case when product_category = 'DEPOSIT' then balance_amount end) as numeric(18, 2)) as deposit_balance_amount,
    cast(
        sum(case when product_category = 'INVESTMENT' then balance_amount end) as numeric(18, 2)
    ) as investment_balance_amount,
    cast(sum(case when product_category = 'CREDIT' then balance_amount end) as numeric(18, 2)) as credit_balance_amount,
    cast(sum(case when product_category = 'LOAN' then balance_amount end) as numeric(18, 2)) as loan_balance_amount,
    case when min(loan_basis) <> max(loan_basis) then 'mixed' else min(loan_basis) end as loan_balance_basis
from account_level
group by gr_id
