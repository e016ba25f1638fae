-- The agency numbers districts as the bank's reference table does.
with noted as (
    select * from {{ latest_version(source('benefit_registry', 'beneficiaries'), ['beneficiary_no', 'updated_on']) }} as latest
),

last_noted as (
    select *
    from (
        select
            noted.*,
            row_number() over (partition by beneficiary_no order by updated_on desc) as day_rank
        from noted
    ) as ranked
    where day_rank = 1
),

registered_deaths as (
    select * from {{ latest_version(source('benefit_registry', 'deaths'), ['death_no']) }} as latest
),

-- By the beneficiary's number where the entry has it, else by the social security number.
deceased as (
    select
        last_noted.beneficiary_no,
        min(registered_deaths.death_date) as death_date,
        min(registered_deaths.registered_on) as registered_on,
        max(registered_deaths._load_id) as load_id
    from last_noted
    inner join registered_deaths
        on
            last_noted.beneficiary_no = registered_deaths.beneficiary_no
            or (registered_deaths.beneficiary_no is null and last_noted.ssn = registered_deaths.ssn)
    group by last_noted.beneficiary_no
),

-- A death is a version of its own, known from its registration on.
v as (
    select
        beneficiary_no,
        updated_on,
        first_name,
        last_name,
        sex,
        birth_date,
        cast(null as date) as death_date,
        ssn,
        phone,
        address,
        postcode,
        city,
        state,
        district_no,
        employment_status,
        declared_monthly_income,
        _load_id
    from noted
    union all
    select
        last_noted.beneficiary_no,
        greatest(deceased.registered_on, last_noted.updated_on + 1) as updated_on,
        last_noted.first_name,
        last_noted.last_name,
        last_noted.sex,
        last_noted.birth_date,
        deceased.death_date,
        last_noted.ssn,
        last_noted.phone,
        last_noted.address,
        last_noted.postcode,
        last_noted.city,
        last_noted.state,
        last_noted.district_no,
        last_noted.employment_status,
        last_noted.declared_monthly_income,
        greatest(last_noted._load_id, deceased.load_id) as _load_id
    from last_noted
    inner join deceased on last_noted.beneficiary_no = deceased.beneficiary_no
)

select
    'benefit_registry:beneficiary:' || cast(v.beneficiary_no as text) as party_id,
    'benefit_registry' as source_system,
    cast(v.beneficiary_no as text) as source_record_id,
    'beneficiary' as record_type,
    'person' as party_type,
    cast(null as text) as customer_ref,
    v.first_name,
    cast(null as text) as middle_name,
    v.last_name,
    case v.sex when 'F' then 'female' when 'M' then 'male' end as sex,
    v.birth_date,
    v.death_date as death_date,
    translate(v.ssn, '- ', '') as national_id,
    -- Each system writes the ten national digits in its own way; core banking puts the country's 1 before them.
    right(translate(v.phone, '+()- ', ''), 10) as phone,
    cast(null as text) as email,
    v.address as address_line,
    v.postcode,
    v.city,
    v.state,
    cast(null as text) as region,
    'core_banking:district:' || cast(v.district_no as text) as district_id,
    cast(null as text) as segment,
    cast(null as text) as occupation,
    cast(null as text) as marital_status,
    cast(null as integer) as dependants_count,
    12 * v.declared_monthly_income as declared_annual_income_amount,
    cast(null as numeric(18, 2)) as declared_income_from_amount,
    cast(null as numeric(18, 2)) as declared_income_to_amount,
    cast(null as {{ dbt.type_string() }}) as stated_age_group,
    v.updated_on as valid_from,
    lead(v.updated_on) over (partition by v.beneficiary_no order by v.updated_on) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('v.updated_on') }} as known_at,
    v._load_id as load_id
from v
