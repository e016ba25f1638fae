-- The status is the one at the end of the data, so nobody knew it before the end of that day.
with statuses as (
    select
        loan_id,
        status,
        cast('2018-12-31' as date) as outcome_on,
        _load_id
    from {{ latest_version(source('eagle_bank', 'loan'), ['loan_id']) }} as loan
)

select
    {{ eagle_bank_id('loan', 'loan_id') }} as exposure_id,
    'eagle_bank' as source_system,
    'status_at_end' as outcome_type,
    status in ('B', 'D') as is_bad,
    status as outcome_code,
    outcome_on,
    {{ known_at_history('outcome_on') }} as known_at,
    _load_id as load_id
from statuses
