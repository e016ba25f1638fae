-- A household is known from its first basket on; what it told about itself carries no date and counts from then on too.
with baskets as (
    select
        household_id,
        {{ instant_to_local('min(transaction_timestamp)') }} as first_seen_at,
        max(_load_id) as load_id
    from {{ source('complete_journey', 'transactions') }}
    group by household_id
),

told as (
    select * from {{ latest_version(source('complete_journey', 'demographics'), ['household_id']) }} as latest
)

select
    'complete_journey:household:' || cast(baskets.household_id as {{ dbt.type_string() }}) as party_id,
    'complete_journey' as source_system,
    cast(baskets.household_id as {{ dbt.type_string() }}) as source_record_id,
    'household' as record_type,
    'household' as party_type,
    cast(null as {{ dbt.type_string() }}) as customer_ref,
    cast(null as {{ dbt.type_string() }}) as first_name,
    cast(null as {{ dbt.type_string() }}) as middle_name,
    cast(null as {{ dbt.type_string() }}) as last_name,
    cast(null as {{ dbt.type_string() }}) as sex,
    cast(null as date) as birth_date,
    cast(null as date) as death_date,
    cast(null as {{ dbt.type_string() }}) as national_id,
    cast(null as {{ dbt.type_string() }}) as phone,
    cast(null as {{ dbt.type_string() }}) as email,
    cast(null as {{ dbt.type_string() }}) as address_line,
    cast(null as {{ dbt.type_string() }}) as postcode,
    cast(null as {{ dbt.type_string() }}) as city,
    cast(null as {{ dbt.type_string() }}) as state,
    cast(null as {{ dbt.type_string() }}) as region,
    cast(null as {{ dbt.type_string() }}) as district_id,
    cast(null as {{ dbt.type_string() }}) as segment,
    cast(null as {{ dbt.type_string() }}) as occupation,
    told.marital_status,
    -- "3+" is no number.
    case when told.kids_count in ('0', '1', '2') then cast(told.kids_count as integer) end as dependants_count,
    cast(null as numeric(18, 2)) as declared_annual_income_amount,
    cast({{ complete_journey_income_from('told.income') }} as numeric(18, 2)) as declared_income_from_amount,
    cast({{ complete_journey_income_to('told.income') }} as numeric(18, 2)) as declared_income_to_amount,
    -- The youngest band begins a year later than ours.
    case when told.age = '19-24' then '18-24' else told.age end as stated_age_group,
    cast(baskets.first_seen_at as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('cast(baskets.first_seen_at as date)') }} as known_at,
    greatest(baskets.load_id, coalesce(told._load_id, 0)) as load_id
from baskets
left join told on baskets.household_id = told.household_id
