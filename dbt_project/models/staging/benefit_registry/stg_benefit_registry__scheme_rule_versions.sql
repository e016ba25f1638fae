-- A rule that is added later is none of the first ones: before its first day the scheme was without it.
with rules as (
    select *
    from {{ effective_versions(
        source('benefit_registry', 'scheme_rules'), ['rule_id'],
        ['scheme_id', 'attribute', 'operator', 'value', 'unit']
    ) }} as versions
)

select
    rule_id,
    'benefit_registry' as source_system,
    scheme_id,
    attribute,
    operator,
    value as threshold,
    unit,
    holds_from as valid_from,
    holds_to as valid_to,
    holds_from = min(holds_from) over (partition by scheme_id) as is_first,
    is_day_of_source,
    _load_id as load_id
from rules
