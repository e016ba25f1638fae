-- Money that comes back, straight or over others' accounts. An account of a client's is one node with what the client calls
-- its own; of two clients both statements show a payment, and it counts once. Two firms that buy from each other pay each
-- other, too: straight back comes only what returns within ten days in nearly the same amount.
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
        transactions.event_date,
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

{{ amount_cycles('monthly', lengths=(3, 4)) }},

-- Of each payment out, whether it came back.
returned as (
    select
        paid.business_id,
        paid.month_index,
        paid.other_id,
        paid.amount
    from payments as paid
    where
        paid.direction = 'debit'
        and exists (
            select 1 from payments as received
            where
                received.direction = 'credit'
                and received.business_id = paid.business_id
                and received.other_id = paid.other_id
                and received.event_date between paid.event_date - 10 and paid.event_date + 10
                and received.amount between 0.95 * paid.amount and 1.05 * paid.amount
        )
),

-- Three months to each month, as the circles have it.
pairs as (
    {%- for offset in range(3) %}
    select
        business_id,
        month_index + {{ offset }} as month_index,
        other_id,
        amount
    from returned
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

pair_sums as (
    select
        business_id,
        month_index,
        other_id,
        sum(amount) as amount
    from pairs
    group by business_id, month_index, other_id
),

united as (
    select
        member_id as business_id,
        month_index,
        cycle_length,
        cycle_amount,
        members
    from cycle_members
    union all
    select
        business_id,
        month_index,
        2 as cycle_length,
        amount as cycle_amount,
        business_id || ' > ' || other_id as members
    from pair_sums
)

select
    businesses.business_id,
    united.month_index,
    cast(max(united.cycle_length) as integer) as cycle_length,
    cast(max(united.cycle_amount) as numeric(18, 2)) as cycle_3m_amount,
    cast(count(*) as integer) as cycles_count,
    min(united.members) as members
from united
inner join businesses on united.business_id = businesses.business_id
group by businesses.business_id, united.month_index
