with schemes as (
    select * from {{ latest_version(source('benefit_registry', 'scheme_master'), ['scheme_id']) }} as latest
)

select
    scheme_id,
    'benefit_registry' as source_system,
    scheme_name,
    category,
    lower(payment_cycle) as payment_cycle,
    base_amount,
    per_child_amount,
    valid_from,
    valid_to,
    _load_id as load_id
from schemes
