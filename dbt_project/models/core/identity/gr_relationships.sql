{{
    config(
        indexes=[
            {'columns': ['gr_id_from', 'gr_id_to', 'relationship_type'], 'unique': true},
            {'columns': ['gr_id_to']}
        ]
    )
}}
{#- How sure each kind of evidence makes; the reasons stand in gr_relationships.yml. -#}
{%- set confidence = {
    'joint_account': 0.99, 'register': 0.95, 'common_parent': 0.90, 'account_access': 0.90, 'address_and_surname': 0.80,
    'spouse_of_parent': 0.80, 'email': 0.60, 'phone': 0.50, 'address': 0.50,
} -%}
{#- More than so many people and it is an institution, a block or a clerk's telephone: no pairs, and never a square of them. -#}
{%- set most_holders, most_children, most_residents, most_surnames, most_sharers = 10, 20, 12, 3, 5 -%}
{#- Without direction: one row a pair, from the smaller to the greater id. -#}
{%- set symmetric = "('spouse', 'sibling', 'joint_account_holder', 'same_household', 'shared_contact')" -%}

with stated as (
    select
        one.gr_id as one_id,
        other.gr_id as other_id,
        relationships.relationship_type,
        relationships.relationship_id as evidence,
        relationships.valid_from,
        relationships.valid_to,
        greatest(relationships.known_at, one.known_at, other.known_at) as known_at
    from {{ ref('relationships') }} as relationships
    inner join {{ ref('party_xref_current') }} as one on relationships.from_party_id = one.party_id
    inner join {{ ref('party_xref_current') }} as other on relationships.to_party_id = other.party_id
    where
        relationships.known_at <= {{ knowledge_cutoff() }}
        and relationships.valid_from <= {{ as_of_date() }}
        and (relationships.valid_to is null or relationships.valid_to > {{ as_of_date() }})
        and one.gr_id <> other.gr_id
),

spouses as (
    select
        one_id as gr_id,
        other_id as spouse_id,
        evidence,
        valid_from,
        valid_to,
        known_at
    from stated
    where relationship_type = 'spouse'
    union all
    select
        other_id as gr_id,
        one_id as spouse_id,
        evidence,
        valid_from,
        valid_to,
        known_at
    from stated
    where relationship_type = 'spouse'
),

stated_parents as (
    select
        case when relationship_type = 'parent' then one_id else other_id end as parent_id,
        case when relationship_type = 'parent' then other_id else one_id end as child_id,
        evidence,
        valid_from,
        valid_to,
        known_at
    from stated
    where relationship_type in ('parent', 'child')
),

parents as (
    select
        parent_id,
        child_id,
        'register' as evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from stated_parents
    union all
    -- A register states relations to the head only: a child of the head is one of the spouse's, or lives as one.
    select
        spouses.spouse_id as parent_id,
        stated_parents.child_id,
        'spouse_of_parent' as evidence_kind,
        stated_parents.evidence,
        greatest(stated_parents.valid_from, spouses.valid_from) as valid_from,
        least(stated_parents.valid_to, spouses.valid_to) as valid_to,
        greatest(stated_parents.known_at, spouses.known_at) as known_at
    from stated_parents
    inner join spouses
        on
            stated_parents.parent_id = spouses.gr_id
            and stated_parents.child_id <> spouses.spouse_id
),

children as (
    select distinct
        parent_id,
        child_id,
        valid_from,
        valid_to,
        known_at
    from stated_parents
),

families as (
    select
        parent_id,
        count(distinct child_id) as children_count
    from children
    group by parent_id
),

siblings as (
    select
        one.child_id as one_id,
        other.child_id as other_id,
        one.parent_id as evidence,
        greatest(one.valid_from, other.valid_from) as valid_from,
        least(one.valid_to, other.valid_to) as valid_to,
        greatest(one.known_at, other.known_at) as known_at
    from children as one
    inner join children as other
        on
            one.parent_id = other.parent_id
            and one.child_id < other.child_id
    inner join families on one.parent_id = families.parent_id
    where families.children_count <= {{ most_children }}
),

people as (
    select
        gr_id,
        first_known_at,
        is_deleted,
        postcode,
        lower(trim(address_line)) as address_line,
        coalesce(lower(trim(last_name)), gr_id) as surname
    from {{ ref('golden_attributes') }}
    where party_type = 'person'
),

holders as (
    select
        holders.account_id,
        holders.holder_role,
        holders.valid_from,
        holders.valid_to,
        people.gr_id,
        greatest(holders.known_at, party_xref.known_at) as known_at,
        count(*) over (partition by holders.account_id) as holders_count
    from {{ ref('account_holders') }} as holders
    inner join {{ ref('party_xref_current') }} as party_xref on holders.party_id = party_xref.party_id
    inner join people on party_xref.gr_id = people.gr_id
    where
        holders.known_at <= {{ knowledge_cutoff() }}
        and holders.valid_from <= {{ as_of_date() }}
        and (holders.valid_to is null or holders.valid_to > {{ as_of_date() }})
),

joint_holders as (
    select
        owners.gr_id as one_id,
        users.gr_id as other_id,
        case when users.holder_role = 'owner' then 'joint_account' else 'account_access' end as evidence_kind,
        owners.account_id as evidence,
        greatest(owners.valid_from, users.valid_from) as valid_from,
        least(owners.valid_to, users.valid_to) as valid_to,
        greatest(owners.known_at, users.known_at) as known_at
    from holders as owners
    inner join holders as users
        on
            owners.account_id = users.account_id
            and owners.gr_id <> users.gr_id
    where
        owners.holder_role = 'owner'
        and owners.holders_count between 2 and {{ most_holders }}
),

addresses as (
    select
        address_line,
        postcode
    from people
    where
        address_line is not null
        and postcode is not null
        and not is_deleted
    group by address_line, postcode
    having count(*) between 2 and {{ most_residents }} and count(distinct surname) <= {{ most_surnames }}
),

residents as (
    select people.*
    from people
    inner join addresses
        on
            people.address_line = addresses.address_line
            and people.postcode = addresses.postcode
    where not people.is_deleted
),

neighbours as (
    select
        one.gr_id as one_id,
        other.gr_id as other_id,
        case when one.surname = other.surname then 'address_and_surname' else 'address' end as evidence_kind,
        greatest(one.first_known_at, other.first_known_at) as known_at
    from residents as one
    inner join residents as other
        on
            one.address_line = other.address_line
            and one.postcode = other.postcode
            and one.gr_id < other.gr_id
),

known_versions as (
    select
        party_xref.gr_id,
        parties.party_id,
        parties.phone,
        parties.deleted_on,
        lower(trim(parties.email)) as email,
        parties.valid_from,
        greatest(parties.known_at, party_xref.known_at) as known_at,
        row_number() over (
            partition by parties.party_id
            order by parties.valid_from desc, parties.known_at desc
        ) as version_rank
    from {{ ref('parties') }} as parties
    inner join {{ ref('party_xref_current') }} as party_xref on parties.party_id = party_xref.party_id
    where
        parties.known_at <= {{ knowledge_cutoff() }}
        and parties.valid_from <= {{ as_of_date() }}
),

-- Since when a contact is told: the newest versions in a row that hold it, whatever else changed in between.
{% for kind in ['phone', 'email'] %}
{{ kind }}_now as (
    select
        party_id,
        {{ kind }} as contact
    from known_versions
    where
        version_rank = 1
        and {{ kind }} is not null
        and {{ kind }} <> ''
        and (deleted_on is null or deleted_on > {{ as_of_date() }})
),

{{ kind }}_told as (
    select
        known_versions.gr_id,
        known_versions.valid_from,
        known_versions.known_at,
        known_versions.version_rank,
        {{ kind }}_now.contact,
        min(
            case when coalesce(known_versions.{{ kind }}, '') <> {{ kind }}_now.contact then known_versions.version_rank end
        ) over (partition by known_versions.party_id) as changed_rank
    from known_versions
    inner join {{ kind }}_now on known_versions.party_id = {{ kind }}_now.party_id
),
{% endfor %}
contacts as (
    {%- for kind in ['phone', 'email'] %}
    select
        '{{ kind }}' as evidence_kind,
        contact,
        gr_id,
        min(valid_from) as valid_from,
        min(known_at) as known_at
    from {{ kind }}_told
    where changed_rank is null or version_rank < changed_rank
    group by contact, gr_id
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted_contacts as (
    select
        contacts.*,
        count(*) over (partition by evidence_kind, contact) as sharers_count
    from contacts
),

shared_contacts as (
    select
        one.gr_id as one_id,
        other.gr_id as other_id,
        one.evidence_kind,
        greatest(one.valid_from, other.valid_from) as valid_from,
        greatest(one.known_at, other.known_at) as known_at
    from counted_contacts as one
    inner join counted_contacts as other
        on
            one.evidence_kind = other.evidence_kind
            and one.contact = other.contact
            and one.gr_id < other.gr_id
    where
        one.sharers_count between 2 and {{ most_sharers }}
        and other.sharers_count between 2 and {{ most_sharers }}
),

united as (
    select
        case when relationship_type in {{ symmetric }} then least(one_id, other_id) else one_id end as gr_id_from,
        case when relationship_type in {{ symmetric }} then greatest(one_id, other_id) else other_id end as gr_id_to,
        relationship_type,
        'register' as evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from stated
    where relationship_type not in ('parent', 'child')
    union all
    select
        parent_id as gr_id_from,
        child_id as gr_id_to,
        'parent' as relationship_type,
        evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from parents
    union all
    select
        child_id as gr_id_from,
        parent_id as gr_id_to,
        'child' as relationship_type,
        evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from parents
    union all
    select
        one_id as gr_id_from,
        other_id as gr_id_to,
        'sibling' as relationship_type,
        'common_parent' as evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from siblings
    union all
    select
        least(one_id, other_id) as gr_id_from,
        greatest(one_id, other_id) as gr_id_to,
        'joint_account_holder' as relationship_type,
        evidence_kind,
        evidence,
        valid_from,
        valid_to,
        known_at
    from joint_holders
    union all
    select
        one_id as gr_id_from,
        other_id as gr_id_to,
        'same_household' as relationship_type,
        evidence_kind,
        'equal address' as evidence,
        cast(known_at as date) as valid_from,
        cast(null as date) as valid_to,
        known_at
    from neighbours
    union all
    select
        one_id as gr_id_from,
        other_id as gr_id_to,
        'shared_contact' as relationship_type,
        evidence_kind,
        'equal ' || evidence_kind as evidence,
        valid_from,
        cast(null as date) as valid_to,
        known_at
    from shared_contacts
),

deceased as (
    select gr_id
    from {{ ref('golden_attributes') }}
    where death_date <= {{ as_of_date() }}
),

-- Kinship outlasts death, a household, a marriage or an account does not.
living as (
    select united.*
    from united
    left join deceased as one on united.gr_id_from = one.gr_id
    left join deceased as other on united.gr_id_to = other.gr_id
    where
        united.relationship_type in ('parent', 'child', 'sibling')
        or (one.gr_id is null and other.gr_id is null)
),

weighed as (
    select
        living.*,
        case evidence_kind
            {%- for kind, share in confidence.items() %}
            when '{{ kind }}' then {{ share }}
            {%- endfor %}
        end as confidence
    from living
),

ranked as (
    select
        weighed.*,
        row_number() over (
            partition by gr_id_from, gr_id_to, relationship_type
            order by confidence desc, evidence asc, valid_from asc
        ) as evidence_rank,
        row_number() over (
            partition by gr_id_from, gr_id_to, relationship_type, evidence_kind
            order by evidence
        ) as kind_rank
    from weighed
)

select
    gr_id_from,
    gr_id_to,
    relationship_type,
    min(valid_from) as valid_from,
    -- One piece of evidence without an end is enough.
    case when count(valid_to) = count(*) then max(valid_to) end as valid_to,
    max(case when evidence_rank = 1 then evidence_kind end) as evidence_kind,
    max(case when evidence_rank = 1 then evidence end) as evidence,
    cast(count(distinct evidence) as integer) as evidence_count,
    -- Kinds of evidence count as independent; ten accounts are one kind.
    cast(1 - exp(sum(case when kind_rank = 1 then ln(1 - confidence) else 0 end)) as numeric(5, 4)) as confidence,
    min(known_at) as known_at
from ranked
group by gr_id_from, gr_id_to, relationship_type
