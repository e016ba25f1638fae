{{
    config(
        indexes=[
            {'columns': ['gr_id']},
            {'columns': ['scheme_id']}
        ]
    )
}}

select
    events.event_id,
    party_xref.gr_id,
    events.scheme_id,
    events.cycle_start_on,
    events.event_date,
    events.reporting_amount as amount,
    events.payment_mode,
    {{ data_cutoff() }} as last_updated
from {{ ref('benefit_events') }} as events
inner join {{ ref('party_xref_current') }} as party_xref on events.party_id = party_xref.party_id
inner join {{ ref('gold_golden_records') }} as people on party_xref.gr_id = people.gr_id
where
    events.is_paid
    and events.event_date <= {{ as_of_date() }}
    and {{ visible_at('events', knowledge_cutoff()) }}
