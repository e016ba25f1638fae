{{
    config(
        indexes=[
            {'columns': ['gr_id']},
            {'columns': ['flag_status', 'flag_type']}
        ]
    )
}}

select
    flags.flag_id,
    flags.gr_id,
    flags.flag_type,
    flags.flag_severity,
    flags.flag_score,
    flags.flag_status,
    flags.evidence,
    cast(flags.evidence_facts as jsonb) as evidence_facts,
    string_to_array(flags.evidence_keys, ',') as evidence_keys,
    flags.first_seen_on,
    flags.last_evidence_on,
    flags.last_seen_on,
    flags.evidence_count,
    flags.decided_by,
    flags.decided_at,
    {{ data_cutoff() }} as last_updated
from {{ ref('analytics_flags') }} as flags
inner join {{ ref('gold_golden_records') }} as people on flags.gr_id = people.gr_id
