{{
    config(
        indexes=[
            {'columns': ['gr_id'], 'unique': true},
            {'columns': ['family_id']}
        ]
    )
}}
{#- A registered household of more is an institution; more people or surnames at an address are a block or a landlord. -#}
{%- set most_members, most_residents, most_surnames = 30, 12, 3 -%}
{#- Each round carries the smallest id one tie further; units are families already but for their different surnames. -#}
{%- set rounds = 3 -%}

with people as (
    select
        gr_id,
        postcode,
        lower(trim(address_line)) as address_line,
        coalesce(lower(trim(last_name)), gr_id) as surname
    from {{ ref('golden_attributes') }}
    where party_type = 'person'
),

registrations as (
    select
        people.gr_id,
        beneficiaries.household_id,
        row_number() over (
            partition by people.gr_id
            order by beneficiaries.valid_from desc, beneficiaries.known_at desc, beneficiaries.party_id asc
        ) as registration_rank
    from {{ ref('beneficiaries') }} as beneficiaries
    inner join {{ ref('party_xref_current') }} as party_xref on beneficiaries.party_id = party_xref.party_id
    inner join people on party_xref.gr_id = people.gr_id
    where
        beneficiaries.known_at <= {{ knowledge_cutoff() }}
        and beneficiaries.valid_from <= {{ as_of_date() }}
        and (beneficiaries.valid_to is null or beneficiaries.valid_to > {{ as_of_date() }})
),

counted_registrations as (
    select
        gr_id,
        household_id,
        count(*) over (partition by household_id) as members_count
    from registrations
    where registration_rank = 1
),

registered as (
    select
        gr_id,
        household_id
    from counted_registrations
    where members_count <= {{ most_members }}
),

small_addresses as (
    select
        address_line,
        postcode
    from people
    where
        address_line is not null
        and postcode is not null
    group by address_line, postcode
    having count(*) <= {{ most_residents }} and count(distinct surname) <= {{ most_surnames }}
),

-- Unit: a registered household; else the people of one surname at an address; else the person alone. Whether it is registered
-- stands in a flag of its own: of a NULL in a CTE PostgreSQL expects next to no rows, and loops over a million.
units as (
    select
        people.gr_id,
        people.address_line,
        people.postcode,
        people.surname,
        registered.household_id,
        registered.household_id is not null as is_registered,
        small_addresses.address_line is not null as is_small_address,
        case
            when registered.household_id is not null then registered.household_id
            when small_addresses.address_line is not null
                then min(case when registered.household_id is null then people.gr_id end) over (
                    partition by people.address_line, people.postcode, people.surname
                )
            else people.gr_id
        end as unit_id
    from people
    left join registered on people.gr_id = registered.gr_id
    left join small_addresses
        on
            people.address_line = small_addresses.address_line
            and people.postcode = small_addresses.postcode
),

ties as (
    -- Stated or by a joint account; apart they are relatives and no household, unless a source says that they are one.
    select
        one.unit_id as unit_id,
        one.is_registered as is_registered,
        other.unit_id as other_unit_id,
        other.is_registered as is_other_registered
    from {{ ref('gr_relationships') }} as gr_relationships
    inner join units as one on gr_relationships.gr_id_from = one.gr_id
    inner join units as other on gr_relationships.gr_id_to = other.gr_id
    where
        one.unit_id <> other.unit_id
        and (
            (gr_relationships.relationship_type = 'same_household' and gr_relationships.evidence_kind = 'register')
            or (
                gr_relationships.relationship_type in ('spouse', 'parent', 'sibling', 'joint_account_holder')
                and one.address_line = other.address_line
                and one.postcode = other.postcode
            )
        )
    union all
    -- Unregistered, with the address and surname of somebody registered.
    select
        one.unit_id as unit_id,
        one.is_registered as is_registered,
        other.unit_id as other_unit_id,
        other.is_registered as is_other_registered
    from units as one
    inner join units as other
        on
            one.address_line = other.address_line
            and one.postcode = other.postcode
            and one.surname = other.surname
    where
        not one.is_registered
        and other.is_registered
        and one.is_small_address
),

both_ways as (
    select
        unit_id,
        is_registered,
        other_unit_id,
        is_other_registered
    from ties
    union all
    select
        other_unit_id as unit_id,
        is_other_registered as is_registered,
        unit_id as other_unit_id,
        is_registered as is_other_registered
    from ties
),

-- A registered unit is named after its household. The agency keeps households apart: none is joined with another, and a unit joins the one it has most ties to.
hosts as (
    select
        unit_id,
        other_unit_id as household_id,
        row_number() over (
            partition by unit_id
            order by count(*) desc, other_unit_id asc
        ) as host_rank
    from both_ways
    where
        not is_registered
        and is_other_registered
    group by unit_id, other_unit_id
),

free_units as (
    select distinct units.unit_id
    from units
    left join hosts on units.unit_id = hosts.unit_id
    where
        not units.is_registered
        and hosts.unit_id is null
),

free_ties as (
    select
        both_ways.unit_id,
        both_ways.other_unit_id
    from both_ways
    inner join free_units as one on both_ways.unit_id = one.unit_id
    inner join free_units as other on both_ways.other_unit_id = other.unit_id
),

family_0 as (
    select
        unit_id,
        unit_id as family
    from free_units
),
{% for round in range(1, rounds + 1) %}
family_{{ round }} as (
    select
        own.unit_id,
        least(own.family, min(others.family)) as family
    from family_{{ round - 1 }} as own
    left join free_ties on own.unit_id = free_ties.unit_id
    left join family_{{ round - 1 }} as others on free_ties.other_unit_id = others.unit_id
    group by own.unit_id, own.family
),
{% endfor %}
placed as (
    select
        units.gr_id,
        coalesce(units.household_id, hosts.household_id) as household_id,
        family_{{ rounds }}.family,
        case
            when units.household_id is not null then 'registered'
            when hosts.household_id is not null then 'joined'
            else 'related'
        end as family_basis,
        units.address_line is not null and units.postcode is not null as has_address
    from units
    left join hosts
        on
            units.unit_id = hosts.unit_id
            and not units.is_registered
            and hosts.host_rank = 1
    left join family_{{ rounds }} on units.unit_id = family_{{ rounds }}.unit_id
),

named as (
    select
        gr_id,
        family_basis,
        has_address,
        case
            when household_id is not null then 'F' || substring({{ dbt.hash('household_id') }}, 1, 16)
            else 'F' || family
        end as family_id
    from placed
),

sized as (
    select
        named.*,
        count(*) over (partition by family_id) as members_count
    from named
)

select
    gr_id,
    family_id,
    case when family_basis = 'related' and members_count = 1 then 'alone' else family_basis end as family_basis,
    cast(members_count as integer) as members_count
from sized
where has_address or members_count > 1 or family_basis <> 'related'
union all
select
    gr_id,
    'F' || gr_id as family_id,
    'household_record' as family_basis,
    1 as members_count
from {{ ref('golden_attributes') }}
where party_type = 'household'
