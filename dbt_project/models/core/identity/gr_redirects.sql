with former as (
    select
        gr_id as gr_id_from,
        party_id,
        max(retired_at) as retired_at
    from {{ source('ml', 'party_xref') }}
    where retired_at is not null
    group by gr_id, party_id
),

current_links as (
    select
        party_id,
        gr_id
    from {{ source('ml', 'party_xref') }}
    where retired_at is null
),

living as (
    select distinct gr_id from current_links
),

moved as (
    select
        former.gr_id_from,
        current_links.gr_id as gr_id_to,
        count(*) as party_count,
        min(former.party_id) as smallest_party_id,
        max(former.retired_at) as retired_at
    from former
    inner join current_links on former.party_id = current_links.party_id
    left join living on former.gr_id_from = living.gr_id
    where living.gr_id is null
    group by former.gr_id_from, current_links.gr_id
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
