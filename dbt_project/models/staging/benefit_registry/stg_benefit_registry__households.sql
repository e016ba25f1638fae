with v as (
    select * from {{ latest_version(source('benefit_registry', 'households'), ['household_no', 'updated_on']) }} as latest
)

select
    'benefit_registry:household:' || cast(household_no as text) as household_id,
    'benefit_registry' as source_system,
    address as address_line,
    postcode,
    city,
    state,
    'core_banking:district:' || cast(district_no as text) as district_id,
    members as members_count,
    updated_on as valid_from,
    lead(updated_on) over (partition by household_no order by updated_on) as valid_to,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from v
