-- The source delivers whole days, all its files together, and says no more: the first and the last day seen in its busiest
-- table are where coverage begins and ends, for all subjects and accounts. Between them a day without events of one kind
-- is a real zero; a day not delivered yet is unknown. The days up to a cut-off were covered by that cut-off, so the
-- statement counts from the end of its first day: with the last day's, no day of the past would be covered in hindsight.
with subjects as (
    select 'transactions' as subject
    union all
    select 'transaction_time' as subject
    union all
    select 'channel' as subject
    union all
    select 'merchant' as subject
    union all
    select 'failed_debit' as subject
    union all
    select 'lending_app' as subject
    union all
    select 'gambling' as subject
    union all
    select 'payments' as subject
    union all
    select 'bureau' as subject
    union all
    select 'balances' as subject
),

delivered_days as (
    select
        cast(min(booked_at) as date) as covered_from,
        cast(max(booked_at) as date) as covered_to,
        max(_load_id) as load_id
    from {{ source('core_banking', 'transactions') }}
)

select
    'core_banking' as source_system,
    subjects.subject,
    '*' as scope_id,
    delivered_days.covered_from,
    delivered_days.covered_to,
    {{ known_at_history('delivered_days.covered_from') }} as known_at,
    delivered_days.load_id
from subjects
cross join delivered_days
where delivered_days.covered_from is not null
