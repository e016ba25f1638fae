-- A row counts from when it was known until another took its place: a day that runs again finds the ids it had.
select
    party_id,
    gr_id,
    link_rule,
    known_at
from {{ source('ml', 'party_xref') }}
where
    known_at <= {{ knowledge_cutoff() }}
    and (superseded_at is null or superseded_at > {{ knowledge_cutoff() }})
