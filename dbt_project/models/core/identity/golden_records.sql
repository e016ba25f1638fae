-- A household is a connected group of same_household links. Each round carries the smallest gr_id one link further;
-- four rounds reach everybody in a household whose members are at most four links apart.
{% set rounds = 4 %}

with same_household as (
    select
        gr_id_from as gr_id,
        gr_id_to as other_gr_id
    from {{ ref('gr_relationships') }}
    where relationship_type = 'same_household'
    union all
    select
        gr_id_to as gr_id,
        gr_id_from as other_gr_id
    from {{ ref('gr_relationships') }}
    where relationship_type = 'same_household'
),

household_0 as (
    select
        gr_id,
        gr_id as household
    from {{ ref('golden_attributes') }}
),
{% for round in range(1, rounds + 1) %}
household_{{ round }} as (
    select
        own.gr_id,
        least(own.household, min(others.household)) as household
    from household_{{ round - 1 }} as own
    left join same_household on own.gr_id = same_household.gr_id
    left join household_{{ round - 1 }} as others on same_household.other_gr_id = others.gr_id
    group by own.gr_id, own.household
),
{% endfor %}
linked as (
    select distinct gr_id from same_household
),

owners as (
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
    case
        when linked.gr_id is not null or (attributes.address_line is not null and attributes.postcode is not null)
            then 'F' || household_{{ rounds }}.household
    end as family_id,
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
inner join household_{{ rounds }} on attributes.gr_id = household_{{ rounds }}.gr_id
left join linked on attributes.gr_id = linked.gr_id
left join owners on attributes.gr_id = owners.gr_id
