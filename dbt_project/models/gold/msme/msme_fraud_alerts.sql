select
    alert_id,
    business_id,
    evidence_kind,
    alert_status,
    first_period,
    last_period,
    cast(periods_count as integer) as periods_count,
    cast(exposed_amount as numeric(18, 2)) as exposed_amount,
    string_to_array(evidence_keys, ',') as evidence_keys,
    decided_by,
    decided_at,
    {{ data_cutoff() }} as last_updated
from {{ ref('fraud_alerts') }}
