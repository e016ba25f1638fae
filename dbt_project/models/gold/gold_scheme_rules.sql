select
    rule_id,
    scheme_id,
    attribute,
    operator,
    threshold,
    unit,
    rule_description,
    valid_from,
    valid_to,
    {{ data_cutoff() }} as last_updated
from {{ ref('scheme_rules') }}
