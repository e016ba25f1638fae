-- The systems deliver the same days together, and a quiet day of this one brings no file: the bank's transactions, which no
-- day lacks, say which days were delivered; a file of this source that was refused takes its days out. The days up to a
-- cut-off were covered by that cut-off, so a statement counts from the end of its first day.
with delivered as (
    {{ delivered_periods(source('core_banking', 'transactions'), 'cast(booked_at as date)', 'benefit_registry', 'benefit_events') }}
)

select
    'benefit_registry' as source_system,
    'benefits' as subject,
    '*' as scope_id,
    covered_from,
    covered_to,
    {{ known_at_history('covered_from') }} as known_at,
    load_id
from delivered
