select
    application_id,
    'open_networks' as source_system,
    business_id,
    updated_on,
    applied_on,
    lender,
    requested_amount,
    approved_amount,
    interest_rate as interest_rate_pct,
    purpose,
    lower(status) as application_status,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from {{ source('open_networks', 'ocen_applications') }}
