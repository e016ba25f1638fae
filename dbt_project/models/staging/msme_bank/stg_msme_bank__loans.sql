with loans as (
    select * from {{ latest_version(source('msme_bank', 'loans'), ['loan_account_no']) }} as latest
)

select
    'msme_bank:account:' || loan_account_no as loan_id,
    'msme_bank' as source_system,
    'msme_bank:account:' || settlement_account_no as settlement_account_id,
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
