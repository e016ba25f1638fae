select
    'crm:contact:' || cast(contact_id as text) as contact_id,
    'crm' as source_system,
    'crm:person:' || cast(crm_id as text) as party_id,
    cast(contacted_at as date) as contact_date,
    {{ local_to_instant("contacted_at") }} as contact_at,
    lower(contact_type) as contact_type,
    channel,
    product as product_name,
    lower(topic) as issue,
    lower(resolution) as outcome,
    satisfaction as satisfaction_score,
    duration_seconds,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('cast(contacted_at as date)') }} as known_at,
    _load_id as load_id
from {{ source('crm', 'contacts') }}
