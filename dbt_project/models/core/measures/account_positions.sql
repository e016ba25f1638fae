-- The one home of the rule for a balance at D; the cross-sell pairs and the profile's balances only add up.
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
        {{ straight_line_amount(as_of_date()) }} as balance_amount
    from {{ ref('loans') }}
    where
        known_at <= {{ knowledge_cutoff() }}
        and granted_on <= {{ as_of_date() }}
),

-- A balance stated for a day holds at its end, after all transactions of that day.
chosen as (
    select
        owned_accounts.account_id,
        owned_accounts.gr_id,
        owned_accounts.product_name,
        owned_accounts.product_category,
        owned_accounts.opened_on,
        stated.balance_on as stated_on,
        stated.balance_amount as stated_amount,
        booked.activity_date as booked_on,
        booked.closing_balance_amount as booked_amount,
        straight_line.balance_amount as straight_line_amount,
        case
            when owned_accounts.product_category = 'LOAN'
                then case
                    when stated.balance_amount is not null then 'stated'
                    when straight_line.balance_amount is not null then 'straight_line'
                end
            when stated.balance_on >= coalesce(booked.activity_date, stated.balance_on) then 'stated'
            when booked.activity_date is not null then 'booked'
        end as balance_basis
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
    account_id,
    gr_id,
    product_name,
    product_category,
    opened_on,
    cast(
        case balance_basis
            when 'stated' then stated_amount
            when 'booked' then booked_amount
            when 'straight_line' then straight_line_amount
        end as numeric(18, 2)
    ) as balance_amount,
    balance_basis,
    case balance_basis
        when 'stated' then stated_on
        when 'booked' then booked_on
        when 'straight_line' then {{ as_of_date() }}
    end as balance_on
from chosen
