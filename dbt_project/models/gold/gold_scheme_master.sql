select
    scheme_id,
    scheme_name,
    category,
    payment_cycle,
    base_amount,
    per_child_amount,
    valid_from,
    valid_to,
    {{ data_cutoff() }} as last_updated
from {{ ref('scheme_master') }}
