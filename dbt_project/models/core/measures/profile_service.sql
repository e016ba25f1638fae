-- The twelve months to D begin on the day after the same day a year ago; coverage must reach back to that day, not further.
with first_day as (
    select cast({{ dbt.dateadd('day', 1, dbt.dateadd('month', -12, as_of_date())) }} as date) as window_start
),

covering_sources as (
    select distinct coverage.source_system
    from {{ ref('coverage') }} as coverage
    cross join first_day
    where
        coverage.subject = 'contacts'
        and coverage.scope_id = '*'
        and coverage.known_at <= {{ knowledge_cutoff() }}
        and coverage.covered_from <= first_day.window_start
        and coverage.covered_to >= {{ as_of_date() }}
),

covered as (
    select distinct party_xref.gr_id
    from {{ ref('parties') }} as parties
    inner join {{ ref('party_xref_current') }} as party_xref on parties.party_id = party_xref.party_id
    inner join covering_sources on parties.source_system = covering_sources.source_system
),

contacted as (
    select
        party_xref.gr_id,
        count(*) as contact_count,
        avg(contacts.satisfaction_score) as avg_satisfaction_score
    from {{ ref('contacts') }} as contacts
    inner join {{ ref('party_xref_current') }} as party_xref on contacts.party_id = party_xref.party_id
    cross join first_day
    where
        contacts.contact_date >= first_day.window_start
        and contacts.contact_date <= {{ as_of_date() }}
        and {{ visible_at('contacts', knowledge_cutoff()) }}
    group by party_xref.gr_id
),

reports as (
    select
        party_xref.gr_id,
        bureau_reports.reported_on,
        bureau_reports.credit_score,
        bureau_reports.credit_utilization_pct,
        bureau_reports.past_due_accounts_count,
        bureau_reports.late_payments_count,
        bureau_reports.missed_payments_count,
        row_number() over (
            partition by party_xref.gr_id
            order by bureau_reports.reported_on desc, bureau_reports.known_at desc, bureau_reports.party_id asc
        ) as recency
    from {{ ref('bureau_reports') }} as bureau_reports
    inner join {{ ref('party_xref_current') }} as party_xref on bureau_reports.party_id = party_xref.party_id
    where
        bureau_reports.reported_on <= {{ as_of_date() }}
        and {{ visible_at('bureau_reports', knowledge_cutoff()) }}
)

select
    golden_attributes.gr_id,
    case when covered.gr_id is not null then cast(coalesce(contacted.contact_count, 0) as integer) end as contacts_12m_count,
    cast(contacted.avg_satisfaction_score as numeric(4, 2)) as avg_satisfaction_score,
    reports.reported_on as bureau_reported_on,
    reports.credit_score,
    reports.credit_utilization_pct,
    reports.past_due_accounts_count,
    reports.late_payments_count,
    reports.missed_payments_count
from {{ ref('golden_attributes') }} as golden_attributes
left join covered on golden_attributes.gr_id = covered.gr_id
left join contacted on golden_attributes.gr_id = contacted.gr_id
left join reports
    on
        golden_attributes.gr_id = reports.gr_id
        and reports.recency = 1
