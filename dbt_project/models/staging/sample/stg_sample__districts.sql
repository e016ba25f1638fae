with districts as (
    select * from {{ latest_version(source('sample', 'districts'), ['district_no']) }} as latest
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
    'sample' as source_system,
    'sample:district:' || cast(district_no as text) as district_id
from districts
