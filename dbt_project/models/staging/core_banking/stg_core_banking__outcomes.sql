with statuses as (
    select *
    from {{ latest_version(source('core_banking', 'loan_outcomes'), ['loan_account_no', 'status_date']) }} as latest
),

loan_outcomes as (
    select *
    from (
        select
            statuses.*,
            row_number() over (partition by loan_account_no order by status_date desc) as status_rank
        from statuses
    ) as ranked
    where status_rank = 1
)

select
    'core_banking:account:' || cast(loan_account_no as text) as exposure_id,
    'core_banking' as source_system,
    'status_at_end' as outcome_type,
    status = 'DEFAULT' as is_bad,
    status as outcome_code,
    status_date as outcome_on,
    {{ known_at_history('status_date') }} as known_at,
    _load_id as load_id
from loan_outcomes
