with rules as (
    select * from {{ latest_version(source('benefit_registry', 'scheme_rules'), ['rule_id']) }} as latest
)

select
    rule_id,
    'benefit_registry' as source_system,
    scheme_id,
    attribute,
    operator,
    value as threshold,
    unit,
    valid_from,
    valid_to,
    description as rule_description,
    _load_id as load_id
from rules
