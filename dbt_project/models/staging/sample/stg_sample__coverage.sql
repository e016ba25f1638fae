-- The source delivers whole days from its first one on and says no more, so the first day seen in its busiest table is
-- where coverage begins, for all subjects and accounts. A day without events of one kind is a real zero.
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
    select 'contacts' as subject
    union all
    select 'balances' as subject
),

first_day as (
    select
        cast(min(booked_at) as date) as covered_from,
        max(_load_id) as load_id
    from {{ source('sample', 'transactions') }}
)

select
    'sample' as source_system,
    subjects.subject,
    '*' as scope_id,
    first_day.covered_from,
    cast('9999-12-31' as date) as covered_to,
    {{ known_at_history('first_day.covered_from') }} as known_at,
    first_day.load_id
from subjects
cross join first_day
where first_day.covered_from is not null
