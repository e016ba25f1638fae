with v as (
    select * from {{ latest_version(source('crm', 'persons'), ['crm_id', 'updated_on']) }} as latest
)

select
    'crm:person:' || cast(v.crm_id as text) as party_id,
    'crm' as source_system,
    cast(v.crm_id as text) as source_record_id,
    'crm_contact' as record_type,
    'person' as party_type,
    'core_banking:customer:' || cast(v.customer_no as text) as customer_ref,
    v.first_name,
    cast(null as text) as middle_name,
    v.last_name,
    cast(null as text) as sex,
    v.birth_date,
    cast(null as date) as death_date,
    cast(null as text) as national_id,
    -- Each system writes the ten national digits in its own way; core banking puts the country's 1 before them.
    right(translate(v.phone, '+()- ', ''), 10) as phone,
    lower(v.email) as email,
    v.address as address_line,
    v.postcode,
    v.city,
    v.state,
    cast(null as text) as region,
    cast(null as text) as district_id,
    cast(null as text) as segment,
    cast(null as text) as occupation,
    cast(null as text) as marital_status,
    cast(null as integer) as dependants_count,
    cast(null as numeric(18, 2)) as declared_annual_income_amount,
    cast(null as numeric(18, 2)) as declared_income_from_amount,
    cast(null as numeric(18, 2)) as declared_income_to_amount,
    cast(null as {{ dbt.type_string() }}) as stated_age_group,
    v.updated_on as valid_from,
    lead(v.updated_on) over (partition by v.crm_id order by v.updated_on) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('v.updated_on') }} as known_at,
    v._load_id as load_id
from v
