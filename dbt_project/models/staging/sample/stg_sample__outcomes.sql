with loan_outcomes as (
    select * from {{ latest_version(source('sample', 'loan_outcomes'), ['loan_account_no']) }} as latest
)

select
    'sample:account:' || cast(loan_account_no as text) as exposure_id,
    'sample' as source_system,
    'status_at_end' as outcome_type,
    status = 'DEFAULT' as is_bad,
    status as outcome_code,
    status_date as outcome_on,
    {{ known_at_history('status_date') }} as known_at,
    _load_id as load_id
from loan_outcomes
