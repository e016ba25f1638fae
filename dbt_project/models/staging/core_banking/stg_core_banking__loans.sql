with loans as (
    select * from {{ latest_version(source('core_banking', 'loans'), ['loan_account_no']) }} as latest
)

select
    'core_banking:account:' || cast(loan_account_no as text) as loan_id,
    'core_banking' as source_system,
    'core_banking:account:' || cast(settlement_account_no as text) as settlement_account_id,
    granted_on,
    principal as principal_amount,
    term_months,
    instalment as instalment_amount,
    interest_rate as interest_rate_pct,
    lower(purpose) as purpose,
    matures_on,
    {{ known_at_history('granted_on') }} as known_at,
    _load_id as load_id
from loans
