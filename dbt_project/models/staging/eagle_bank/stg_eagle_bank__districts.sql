select
    {{ eagle_bank_id('district', 'cast(district.district_id as ' ~ dbt.type_string() ~ ')') }} as district_id,
    'eagle_bank' as source_system,
    district.city,
    district.state_abbrev as state,
    district.state_name,
    -- The file calls Illinois and Indiana Northeast, yet gives them the right division.
    case when district.division in ('East North Central', 'West North Central') then 'Midwest' else district.region end as region,
    district.division,
    cast(null as double precision) as latitude,
    cast(null as double precision) as longitude,
    census.average_salary_amount,
    census.unemployment_1996_pct as unemployment_pct,
    greatest(district._load_id, census._load_id) as load_id
from {{ latest_version(source('eagle_bank', 'district'), ['district_id']) }} as district
left join {{ latest_version(source('eagle_bank', 'district_census'), ['district_id']) }} as census
    on district.district_id = census.district_id
