select
    policy_no,
    'open_networks' as source_system,
    business_id,
    updated_on,
    lower(policy_type) as policy_type,
    insurer,
    coverage_amount,
    annual_premium as annual_premium_amount,
    started_on,
    ends_on,
    lower(status) as policy_status,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from {{ source('open_networks', 'policies') }}
