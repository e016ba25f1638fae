{{
    config(
        indexes=[
            {'columns': ['gr_id_to']},
            {'columns': ['relationship_type']}
        ]
    )
}}

-- What the evidence is made of (an account, an address) stays in core.
select
    gr_id_from,
    gr_id_to,
    relationship_type,
    valid_from,
    valid_to,
    evidence_kind,
    evidence_count,
    confidence,
    known_at,
    {{ data_cutoff() }} as last_updated
from {{ ref('gr_relationships') }}
