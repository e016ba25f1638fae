select
    'core_banking:instalment:' || cast(payment_id as text) as payment_id,
    'core_banking' as source_system,
    'core_banking:account:' || cast(loan_account_no as text) as loan_id,
    paid_date as paid_on,
    amount_paid as paid_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('paid_date') }} as known_at,
    _load_id as load_id
from {{ source('core_banking', 'payments_made') }}
