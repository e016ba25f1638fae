-- Where the records of an id are now, not what its heir became: an id that was merged and whose records were parted
-- from the heir later leads to where they went. So chains are collapsed whatever happened on the way.
with known_rows as (
    select
        party_id,
        gr_id,
        superseded_at
    from {{ source('ml', 'party_xref') }}
    where
        known_at <= {{ knowledge_cutoff() }}
        and superseded_at > known_at
        and superseded_at <= {{ knowledge_cutoff() }}
),

living as (
    select distinct gr_id from {{ ref('party_xref_current') }}
),

-- Whoever left an id while it lived on took nothing of its meaning along: those count who held it to the end.
last_holders as (
    select
        known_rows.*,
        max(known_rows.superseded_at) over (partition by known_rows.gr_id) as retired_at
    from known_rows
    left join living on known_rows.gr_id = living.gr_id
    where living.gr_id is null
),

moved as (
    select
        last_holders.gr_id as gr_id_from,
        party_xref.gr_id as gr_id_to,
        last_holders.retired_at,
        count(*) as party_count,
        min(last_holders.party_id) as smallest_party_id
    from last_holders
    inner join {{ ref('party_xref_current') }} as party_xref on last_holders.party_id = party_xref.party_id
    where last_holders.superseded_at = last_holders.retired_at
    group by last_holders.gr_id, party_xref.gr_id, last_holders.retired_at
),

ranked as (
    select
        moved.*,
        row_number() over (
            partition by gr_id_from
            order by party_count desc, smallest_party_id asc
        ) as target_rank
    from moved
)

select
    gr_id_from,
    gr_id_to,
    retired_at
from ranked
where target_rank = 1
