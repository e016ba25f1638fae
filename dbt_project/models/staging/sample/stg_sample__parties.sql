with customers as (
    select * from {{ latest_version(source('sample', 'customers'), ['customer_no']) }} as latest
),

crm_people as (
    select * from {{ latest_version(source('sample', 'crm_people'), ['crm_id']) }} as latest
),

districts as (
    select * from {{ latest_version(source('sample', 'districts'), ['district_no']) }} as latest
)

select
    'sample:customer:' || cast(customers.customer_no as text) as party_id,
    'sample' as source_system,
    cast(customers.customer_no as text) as source_record_id,
    'customer' as record_type,
    'person' as party_type,
    cast(null as text) as customer_ref,
    customers.first_name,
    cast(null as text) as middle_name,
    customers.last_name,
    case customers.sex when 'F' then 'female' when 'M' then 'male' end as sex,
    customers.birth_date,
    cast(null as date) as death_date,
    translate(customers.ssn, '- ', '') as national_id,
    -- Both systems write the ten national digits, each in its own way; core banking puts the country's 1 before them.
    right(translate(customers.phone, '+()- ', ''), 10) as phone,
    lower(customers.email) as email,
    customers.address as address_line,
    customers.postcode,
    customers.city,
    customers.state,
    districts.region,
    'sample:district:' || cast(customers.district_no as text) as district_id,
    customers.segment,
    customers.occupation,
    customers.marital_status,
    customers.dependants as dependants_count,
    customers.annual_income as declared_annual_income_amount,
    customers.customer_since as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('customers.customer_since') }} as known_at,
    customers._load_id as load_id
from customers
left join districts on customers.district_no = districts.district_no

union all

select
    'sample:crm_contact:' || cast(crm_people.crm_id as text) as party_id,
    'sample' as source_system,
    cast(crm_people.crm_id as text) as source_record_id,
    'crm_contact' as record_type,
    'person' as party_type,
    'sample:customer:' || cast(crm_people.customer_no as text) as customer_ref,
    -- The CRM notes one name: what stands before its first space, which may be an initial, and what stands after it.
    split_part(crm_people.full_name, ' ', 1) as first_name,
    cast(null as text) as middle_name,
    nullif(split_part(crm_people.full_name, ' ', 2), '') as last_name,
    cast(null as text) as sex,
    cast(null as date) as birth_date,
    cast(null as date) as death_date,
    cast(null as text) as national_id,
    right(translate(crm_people.phone, '+()- ', ''), 10) as phone,
    cast(null as text) as email,
    cast(null as text) as address_line,
    cast(null as text) as postcode,
    cast(null as text) as city,
    cast(null as text) as state,
    cast(null as text) as region,
    cast(null as text) as district_id,
    cast(null as text) as segment,
    cast(null as text) as occupation,
    cast(null as text) as marital_status,
    cast(null as integer) as dependants_count,
    cast(null as numeric(18, 2)) as declared_annual_income_amount,
    crm_people.created_on as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('crm_people.created_on') }} as known_at,
    crm_people._load_id as load_id
from crm_people
