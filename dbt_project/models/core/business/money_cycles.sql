-- Money that comes back within a month, straight or over others' accounts. An account of a client's is one node with what
-- the client calls its own; of two clients both statements show a payment, and it counts once.
with businesses as (
    {{ businesses_at_day() }}
),

accounts as (
    select
        owned_accounts.account_id,
        businesses.business_id,
        businesses.source_system
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join businesses on owned_accounts.owner_party_id = businesses.party_id
    where owned_accounts.product_category in ('DEPOSIT', 'CREDIT')
),

-- Trade only: own transfers, loans, pay and tax run in no circle of this kind.
payments as (
    select
        accounts.business_id,
        coalesce(
            other.business_id, accounts.source_system || ':outside:' || transactions.counterparty_account
        ) as other_id,
        transactions.direction,
        {{ month_index('transactions.event_date') }} as month_index,
        transactions.reporting_amount as amount
    from {{ ref('transactions') }} as transactions
    inner join accounts on transactions.account_id = accounts.account_id
    left join accounts as other
        on other.account_id = accounts.source_system || ':account:' || transactions.counterparty_account
    where
        transactions.is_booked
        and transactions.counterparty_account is not null
        and transactions.activity_type in ('trade_receipt', 'supplier_payment', 'refund_in', 'refund_out')
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

stated as (
    select
        case when direction = 'debit' then business_id else other_id end as payer_id,
        case when direction = 'debit' then other_id else business_id end as payee_id,
        month_index,
        business_id as stated_by,
        sum(amount) as amount
    from payments
    group by
        case when direction = 'debit' then business_id else other_id end,
        case when direction = 'debit' then other_id else business_id end,
        month_index,
        business_id
),

monthly as (
    select
        payer_id,
        payee_id,
        month_index,
        max(amount) as amount
    from stated
    group by payer_id, payee_id, month_index
),

{{ amount_cycles('monthly') }}

select
    businesses.business_id,
    cycle_members.month_index,
    cast(max(cycle_members.cycle_length) as integer) as cycle_length,
    cast(sum(cycle_members.cycle_amount) as numeric(18, 2)) as cycle_3m_amount,
    cast(count(*) as integer) as cycles_count,
    min(cycle_members.members) as members
from cycle_members
inner join businesses on cycle_members.member_id = businesses.business_id
group by businesses.business_id, cycle_members.month_index
