{{ config(indexes=[{'columns': ['party_id']}, {'columns': ['account_id']}]) }}
select
    events.event_id,
    party_xref.gr_id,
    events.party_id,
    versions.household_id,
    versions.relation_to_head,
    events.source_system,
    events.scheme_id,
    events.cycle_start_on,
    events.event_date as paid_on,
    events.reporting_amount as amount,
    events.account_id,
    events.known_at
from {{ ref('benefit_events') }} as events
inner join {{ ref('party_xref_current') }} as party_xref on events.party_id = party_xref.party_id
left join {{ ref('beneficiary_versions') }} as versions
    on
        events.party_id = versions.party_id
        and events.event_date >= versions.valid_from
        and (versions.valid_to is null or events.event_date < versions.valid_to)
where
    events.is_paid
    and events.event_date <= {{ as_of_date() }}
    and {{ visible_at('events', knowledge_cutoff()) }}
