{{ config(indexes=[{'columns': ['gr_id'], 'unique': true}]) }}

-- What fairness is measured on, and nothing else is done with: no model reads this table.
with applicants as (
    select distinct party_xref.gr_id
    from {{ ref('eligibility_applications') }} as applications
    inner join {{ ref('party_xref_current') }} as party_xref on applications.party_id = party_xref.party_id
    where
        applications.applied_on <= {{ as_of_date() }}
        and applications.known_at <= {{ knowledge_cutoff() }}
),

registered as (
    select
        party_xref.gr_id,
        beneficiaries.household_id,
        beneficiaries.is_disabled,
        row_number() over (
            partition by party_xref.gr_id
            order by beneficiaries.valid_from desc, beneficiaries.known_at desc, beneficiaries.party_id asc
        ) as version_rank
    from {{ ref('beneficiaries') }} as beneficiaries
    inner join {{ ref('party_xref_current') }} as party_xref on beneficiaries.party_id = party_xref.party_id
    where
        beneficiaries.known_at <= {{ knowledge_cutoff() }}
        and beneficiaries.valid_from <= {{ as_of_date() }}
),

people as (
    select
        gr_id,
        sex,
        region,
        status <> 'deceased' as is_alive,
        {{ age_in_years('birth_date', as_of_date()) }} as age
    from {{ ref('golden_records') }}
),

-- Who lives there now; of whom no age is known counts as an adult.
households as (
    select
        registered.household_id,
        sum(case when people.age < 18 then 0 else 1 end) as adults_count,
        sum(case when people.age < 18 then 1 else 0 end) as minors_count
    from registered
    inner join people on registered.gr_id = people.gr_id
    where registered.version_rank = 1 and registered.household_id is not null and people.is_alive
    group by registered.household_id
)

select
    applicants.gr_id,
    people.sex,
    case
        when people.age < 35 then 'below 35'
        when people.age < 55 then '35 to 54'
        when people.age >= 55 then '55 and above'
    end as age_band,
    people.region,
    case when registered.is_disabled then 'registered' when not registered.is_disabled then 'none registered' end
        as disability,
    case
        when households.adults_count <= 1 and households.minors_count = 0 then 'one adult'
        when households.adults_count <= 1 then 'one adult with minors'
        when households.minors_count = 0 then 'several adults'
        when households.minors_count > 0 then 'several adults with minors'
    end as household_type
from applicants
inner join people on applicants.gr_id = people.gr_id
left join registered on applicants.gr_id = registered.gr_id and registered.version_rank = 1
left join households on registered.household_id = households.household_id
