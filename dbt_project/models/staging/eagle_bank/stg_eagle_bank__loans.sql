select
    {{ eagle_bank_id('loan', 'loan_id') }} as loan_id,
    'eagle_bank' as source_system,
    {{ eagle_bank_id('account', 'account_id') }} as settlement_account_id,
    fulldate as granted_on,
    amount as principal_amount,
    duration as term_months,
    payments as instalment_amount,
    -- Not stated: the instalment is the amount divided by the term.
    cast(null as numeric(9, 4)) as interest_rate_pct,
    purpose,
    cast({{ dbt.dateadd('month', 'duration', 'fulldate') }} as date) as matures_on,
    {{ known_at_history('fulldate') }} as known_at,
    _load_id as load_id
from {{ latest_version(source('eagle_bank', 'loan'), ['loan_id']) }} as loan
