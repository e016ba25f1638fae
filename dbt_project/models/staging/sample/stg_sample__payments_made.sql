select
    'sample:instalment:' || cast(instalment_id as text) as payment_id,
    'sample' as source_system,
    'sample:account:' || cast(loan_account_no as text) as loan_id,
    paid_date as paid_on,
    amount_paid as paid_amount,
    _delivered_on as delivered_on,
    _row_hash as row_hash,
    {{ known_at_history('paid_date') }} as known_at,
    _load_id as load_id
from {{ source('sample', 'instalments') }}
where paid_date is not null
