select
    'msme_bank:instalment:' || payment_id as payment_id,
    'msme_bank' as source_system,
    'msme_bank:account:' || loan_account_no as loan_id,
    paid_date as paid_on,
    amount_paid as paid_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('paid_date') }} as known_at,
    _load_id as load_id
from {{ source('msme_bank', 'payments_made') }}
