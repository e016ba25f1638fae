with districts as (
    select * from {{ latest_version(source('core_banking', 'districts'), ['district_no']) }} as latest
)

select
    city,
    state,
    state_name,
    region,
    division,
    latitude,
    longitude,
    average_salary as average_salary_amount,
    unemployment_rate as unemployment_pct,
    _load_id as load_id,
    'core_banking' as source_system,
    'core_banking:district:' || cast(district_no as text) as district_id
from districts
