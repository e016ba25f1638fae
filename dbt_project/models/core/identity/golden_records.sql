with owners as (
    select distinct gr_id
    from {{ ref('owned_accounts') }}
    where is_open
),

attributes as (
    select
        golden_attributes.*,
        case
            when death_date <= {{ as_of_date() }} then 'deceased'
            when is_deleted then 'inactive'
            else 'active'
        end as status
    from {{ ref('golden_attributes') }} as golden_attributes
)

select
    attributes.gr_id,
    attributes.status,
    attributes.status = 'active' and owners.gr_id is not null as is_customer,
    family_members.family_id,
    attributes.party_type,
    attributes.party_count,
    attributes.source_systems,
    attributes.first_name,
    attributes.last_name,
    attributes.sex,
    attributes.birth_date,
    case when attributes.death_date <= {{ as_of_date() }} then attributes.death_date end as death_date,
    attributes.phone,
    attributes.email,
    attributes.address_line,
    attributes.city,
    attributes.state,
    attributes.region,
    attributes.district_id,
    attributes.postcode,
    attributes.segment,
    attributes.occupation,
    attributes.declared_annual_income_amount,
    attributes.declared_income_from_amount,
    attributes.declared_income_to_amount,
    attributes.stated_age_group,
    attributes.dependants_count,
    attributes.first_known_at,
    attributes.last_known_at
from attributes
left join {{ ref('family_members') }} as family_members on attributes.gr_id = family_members.gr_id
left join owners on attributes.gr_id = owners.gr_id
