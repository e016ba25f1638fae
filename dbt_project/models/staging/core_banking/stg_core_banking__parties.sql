with v as (
    select * from {{ latest_version(source('core_banking', 'customers'), ['customer_no', 'updated_on']) }} as latest
),

districts as (
    select * from {{ latest_version(source('core_banking', 'districts'), ['district_no']) }} as latest
)

select
    'core_banking:customer:' || cast(v.customer_no as text) as party_id,
    'core_banking' as source_system,
    cast(v.customer_no as text) as source_record_id,
    'customer' as record_type,
    'person' as party_type,
    cast(null as text) as customer_ref,
    v.first_name,
    v.middle_name as middle_name,
    v.last_name,
    case v.sex when 'F' then 'female' when 'M' then 'male' end as sex,
    v.birth_date,
    v.deceased_on as death_date,
    translate(v.ssn, '- ', '') as national_id,
    -- Each system writes the ten national digits in its own way; core banking puts the country's 1 before them.
    right(translate(v.phone, '+()- ', ''), 10) as phone,
    lower(v.email) as email,
    v.address as address_line,
    v.postcode,
    v.city,
    v.state,
    districts.region as region,
    'core_banking:district:' || cast(v.district_no as text) as district_id,
    v.segment as segment,
    v.occupation as occupation,
    v.marital_status as marital_status,
    v.dependants as dependants_count,
    v.annual_income as declared_annual_income_amount,
    cast(null as numeric(18, 2)) as declared_income_from_amount,
    cast(null as numeric(18, 2)) as declared_income_to_amount,
    cast(null as {{ dbt.type_string() }}) as stated_age_group,
    v.updated_on as valid_from,
    lead(v.updated_on) over (partition by v.customer_no order by v.updated_on) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('v.updated_on') }} as known_at,
    v._load_id as load_id
from v
left join districts on v.district_no = districts.district_no
