{{
    config(
        indexes=[
            {'columns': ['gr_id_from', 'gr_id_to'], 'unique': true},
            {'columns': ['gr_id_to']}
        ]
    )
}}
{#- Nobody has so many others to send money to or get it from: beyond it is an employer, a shop, a fund. -#}
{%- set most_counterparties = 50 -%}

with payments as (
    select
        case when transactions.direction = 'debit' then own.gr_id else other.gr_id end as gr_id_from,
        case when transactions.direction = 'debit' then other.gr_id else own.gr_id end as gr_id_to,
        transactions.direction,
        transactions.event_date,
        transactions.reporting_amount as amount
    from {{ ref('transactions') }} as transactions
    inner join {{ ref('owned_accounts') }} as own on transactions.account_id = own.account_id
    inner join {{ ref('owned_accounts') }} as other
        on other.account_id = transactions.source_system || ':account:' || transactions.counterparty_account
    where
        transactions.is_booked
        and transactions.counterparty_account is not null
        and transactions.activity_type not in {{ own_transfer_activity_types() }}
        and transactions.event_date between cast({{ dbt.dateadd('day', -90, as_of_date()) }} as date) and {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
        and own.gr_id <> other.gr_id
),

-- Of two clients of a bank both statements show a payment: it counts once, by the side that shows more.
stated as (
    select
        gr_id_from,
        gr_id_to,
        direction,
        sum(amount) as amount,
        count(*) as payments_count,
        min(event_date) as first_paid_on,
        max(event_date) as last_paid_on
    from payments
    group by gr_id_from, gr_id_to, direction
),

flows as (
    select
        gr_id_from,
        gr_id_to,
        max(amount) as amount,
        max(payments_count) as payments_count,
        min(first_paid_on) as first_paid_on,
        max(last_paid_on) as last_paid_on
    from stated
    group by gr_id_from, gr_id_to
),

ends as (
    select
        gr_id_from as gr_id,
        gr_id_to as other_id
    from flows
    union
    select
        gr_id_to as gr_id,
        gr_id_from as other_id
    from flows
),

hubs as (
    select gr_id
    from ends
    group by gr_id
    having count(*) > {{ most_counterparties }}
)

select
    flows.gr_id_from,
    flows.gr_id_to,
    cast(flows.amount as numeric(18, 2)) as amount,
    cast(flows.payments_count as integer) as payments_count,
    flows.first_paid_on,
    flows.last_paid_on,
    payers.gr_id is not null or payees.gr_id is not null as is_through_hub
from flows
left join hubs as payers on flows.gr_id_from = payers.gr_id
left join hubs as payees on flows.gr_id_to = payees.gr_id
