-- By the source's own first day where it tells one terms from the next, else by deliveries.
with terms as (
    select *
    from {{ effective_versions(
        source('benefit_registry', 'scheme_master'), ['scheme_id'],
        ['payment_cycle', 'base_amount', 'per_child_amount']
    ) }} as versions
)

select
    scheme_id,
    'benefit_registry' as source_system,
    lower(payment_cycle) as payment_cycle,
    base_amount,
    per_child_amount,
    holds_from as valid_from,
    holds_to as valid_to,
    is_first,
    is_day_of_source,
    _load_id as load_id
from terms
