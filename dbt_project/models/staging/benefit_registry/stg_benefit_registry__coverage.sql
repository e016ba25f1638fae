-- The systems deliver the same days together, and a quiet day of this one brings no file: the bank's transactions, which no
-- day lacks, say which days were delivered. The days up to a cut-off were covered by that cut-off, so the statement
-- counts from the end of its first day.
with delivered_days as (
    select
        cast(min(booked_at) as date) as covered_from,
        cast(max(booked_at) as date) as covered_to,
        max(_load_id) as load_id
    from {{ source('core_banking', 'transactions') }}
)

select
    'benefit_registry' as source_system,
    'benefits' as subject,
    '*' as scope_id,
    covered_from,
    covered_to,
    {{ known_at_history('covered_from') }} as known_at,
    load_id
from delivered_days
where covered_from is not null
