select
    'core_banking:account:' || cast(account_no as text) as account_id,
    balance_date as balance_on,
    balance as balance_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('balance_date') }} as known_at,
    _load_id as load_id
from {{ source('core_banking', 'daily_balances') }}
