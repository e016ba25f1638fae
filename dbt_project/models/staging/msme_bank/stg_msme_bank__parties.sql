with businesses as (
    select * from {{ latest_version(source('msme_bank', 'businesses'), ['business_id', 'updated_on']) }} as latest
),

owners as (
    select * from {{ latest_version(source('msme_bank', 'owners'), ['owner_id', 'business_id', 'updated_on']) }} as latest
),

-- An owner of several businesses is one record; of several notes of one day the last business's counts.
owner_days as (
    select *
    from (
        select
            owners.*,
            row_number() over (partition by owner_id, updated_on order by business_id desc) as day_rank
        from owners
    ) as ranked
    where day_rank = 1
),

united as (
    select
        'business' as record_type,
        business_id as source_record_id,
        'organisation' as party_type,
        cast(null as {{ dbt.type_string() }}) as first_name,
        business_name as last_name,
        cast(null as {{ dbt.type_string() }}) as sex,
        cast(null as date) as birth_date,
        pan,
        phone,
        email,
        address,
        postcode,
        city,
        state,
        updated_on,
        _load_id
    from businesses
    union all
    select
        'owner' as record_type,
        owner_id as source_record_id,
        'person' as party_type,
        first_name,
        last_name,
        case sex when 'F' then 'female' when 'M' then 'male' end as sex,
        birth_date,
        pan,
        phone,
        email,
        address,
        postcode,
        city,
        state,
        updated_on,
        _load_id
    from owner_days
)

select
    'msme_bank:' || record_type || ':' || source_record_id as party_id,
    'msme_bank' as source_system,
    source_record_id,
    record_type,
    party_type,
    cast(null as {{ dbt.type_string() }}) as customer_ref,
    first_name,
    cast(null as {{ dbt.type_string() }}) as middle_name,
    last_name,
    sex,
    birth_date,
    cast(null as date) as death_date,
    pan as national_id,
    -- The ten national digits.
    right(translate(phone, '+()- ', ''), 10) as phone,
    lower(email) as email,
    address as address_line,
    postcode,
    city,
    state,
    cast(null as {{ dbt.type_string() }}) as region,
    cast(null as {{ dbt.type_string() }}) as district_id,
    case when record_type = 'business' then 'Business' end as segment,
    cast(null as {{ dbt.type_string() }}) as occupation,
    cast(null as {{ dbt.type_string() }}) as marital_status,
    cast(null as integer) as dependants_count,
    cast(null as numeric(18, 2)) as declared_annual_income_amount,
    cast(null as numeric(18, 2)) as declared_income_from_amount,
    cast(null as numeric(18, 2)) as declared_income_to_amount,
    cast(null as {{ dbt.type_string() }}) as stated_age_group,
    updated_on as valid_from,
    lead(updated_on) over (partition by record_type, source_record_id order by updated_on) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from united
