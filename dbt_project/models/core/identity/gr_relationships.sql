with holders as (
    select
        holders.account_id,
        holders.holder_role,
        holders.valid_from,
        party_xref.gr_id,
        greatest(holders.known_at, party_xref.known_at) as known_at
    from {{ ref('account_holders') }} as holders
    inner join {{ ref('party_xref_current') }} as party_xref on holders.party_id = party_xref.party_id
    where
        holders.known_at <= {{ knowledge_cutoff() }}
        and holders.valid_from <= {{ as_of_date() }}
        and (holders.valid_to is null or holders.valid_to > {{ as_of_date() }})
),

co_holders as (
    select
        owners.gr_id as gr_id_from,
        users.gr_id as gr_id_to,
        'account_co_holder' as relationship_type,
        greatest(owners.valid_from, users.valid_from) as valid_from,
        owners.account_id as evidence,
        greatest(owners.known_at, users.known_at) as known_at
    from holders as owners
    inner join holders as users
        on
            owners.account_id = users.account_id
            and users.holder_role = 'user'
    where
        owners.holder_role = 'owner'
        and owners.gr_id <> users.gr_id
),

stated as (
    select
        case
            when relationships.relationship_type = 'same_household' then least(one.gr_id, other.gr_id) else one.gr_id
        end as gr_id_from,
        case
            when relationships.relationship_type = 'same_household' then greatest(one.gr_id, other.gr_id)
            else other.gr_id
        end as gr_id_to,
        relationships.relationship_type,
        relationships.valid_from,
        relationships.relationship_id as evidence,
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

addresses as (
    select
        gr_id,
        first_known_at,
        lower(trim(address_line)) as address_line,
        postcode,
        count(*) over (partition by lower(trim(address_line)), postcode) as people_count
    from {{ ref('golden_attributes') }}
    where
        party_type = 'person'
        and not is_deleted
        and address_line is not null
        and postcode is not null
),

neighbours as (
    select
        one.gr_id as gr_id_from,
        other.gr_id as gr_id_to,
        'same_household' as relationship_type,
        cast(greatest(one.first_known_at, other.first_known_at) as date) as valid_from,
        'equal address' as evidence,
        greatest(one.first_known_at, other.first_known_at) as known_at
    from addresses as one
    inner join addresses as other
        on
            one.address_line = other.address_line
            and one.postcode = other.postcode
            and one.gr_id < other.gr_id
    where one.people_count <= 12
),

united as (
    select * from co_holders
    union all
    select * from stated
    union all
    select * from neighbours
)

select
    gr_id_from,
    gr_id_to,
    relationship_type,
    min(valid_from) as valid_from,
    min(evidence) as evidence,
    cast(count(*) as integer) as evidence_count,
    min(known_at) as known_at
from united
group by gr_id_from, gr_id_to, relationship_type
