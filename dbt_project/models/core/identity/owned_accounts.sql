with versions as (
    select
        accounts.*,
        row_number() over (
            partition by account_id
            order by valid_from desc, known_at desc
        ) as version_rank
    from {{ ref('accounts') }} as accounts
    where
        known_at <= {{ knowledge_cutoff() }}
        and valid_from <= {{ as_of_date() }}
        and opened_on <= {{ as_of_date() }}
),

owners as (
    select
        holders.account_id,
        holders.party_id,
        party_xref.gr_id,
        row_number() over (
            partition by holders.account_id
            order by {{ owner_order('holders', as_of_date()) }}
        ) as owner_rank
    from {{ ref('account_holders') }} as holders
    inner join {{ ref('party_xref_current') }} as party_xref on holders.party_id = party_xref.party_id
    where
        holders.holder_role = 'owner'
        and holders.known_at <= {{ knowledge_cutoff() }}
        and holders.valid_from <= {{ as_of_date() }}
)

select
    versions.account_id,
    owners.gr_id,
    owners.party_id as owner_party_id,
    versions.source_system,
    versions.product_name,
    versions.product_category,
    versions.opened_on,
    case when versions.closed_on <= {{ as_of_date() }} then versions.closed_on end as closed_on,
    (versions.closed_on is null or versions.closed_on > {{ as_of_date() }})
    and (versions.deleted_on is null or versions.deleted_on > {{ as_of_date() }}) as is_open
from versions
inner join owners
    on
        versions.account_id = owners.account_id
        and owners.owner_rank = 1
where versions.version_rank = 1
