-- All purchases on a household's card at this retailer, from the first day of the study to the last one delivered. How they
-- were paid, by which channel, and anything outside the shops is not covered.
with subjects as (
    select 'transactions' as subject
    union all
    select 'transaction_time' as subject
    union all
    select 'merchant' as subject
),

delivered_days as (
    select
        cast({{ instant_to_local('min(transaction_timestamp)') }} as date) as covered_from,
        cast({{ instant_to_local('max(transaction_timestamp)') }} as date) as covered_to,
        max(_load_id) as load_id
    from {{ source('complete_journey', 'transactions') }}
)

select
    'complete_journey' as source_system,
    subjects.subject,
    '*' as scope_id,
    delivered_days.covered_from,
    delivered_days.covered_to,
    {{ known_at_history('delivered_days.covered_from') }} as known_at,
    delivered_days.load_id
from subjects
cross join delivered_days
where delivered_days.covered_from is not null
