select
    'benefit_registry:event:' || cast(event_id as text) as event_id,
    'benefit_registry' as source_system,
    'benefit_registry:beneficiary:' || cast(beneficiary_no as text) as party_id,
    scheme_id,
    cycle_start as cycle_start_on,
    paid_on as event_date,
    amount,
    currency,
    -- There are no exchange rates here: an amount in another currency stays NULL and stops the input layer.
    case when currency = '{{ portfolio("currency") }}' then amount end as reporting_amount,
    lower(payment_mode) as payment_mode,
    'core_banking:account:' || cast(account_no as text) as account_id,
    status = 'PAID' as is_paid,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('paid_on') }} as known_at,
    _load_id as load_id
from {{ source('benefit_registry', 'benefit_events') }}
