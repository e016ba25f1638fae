select
    party_id,
    gr_id,
    link_rule,
    known_at
from {{ source('ml', 'party_xref') }}
where
    retired_at is null
    and known_at <= {{ knowledge_cutoff() }}
