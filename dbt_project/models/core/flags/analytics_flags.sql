{{ config(indexes=[{'columns': ['flag_id'], 'unique': true}, {'columns': ['gr_id']}]) }}
-- A flag is evidence of one type about one golden record, its pieces at most a hundred days apart. It follows from the data
-- of the day alone, so a rerun changes nothing; what people decided is kept in ops and found again by what they looked at.
with ordered as (
    select
        flag_evidence.*,
        max(held_until) over (
            partition by gr_id, flag_type
            order by evidence_on, held_until, facts rows between unbounded preceding and 1 preceding
        ) as held_before
    from {{ ref('flag_evidence') }} as flag_evidence
),

numbered as (
    select
        ordered.*,
        sum(
            case when evidence_on <= {{ days_after('held_before', flag_rule('gap_days')) }} then 0 else 1 end
        ) over (
            partition by gr_id, flag_type
            order by evidence_on, held_until, facts rows between unbounded preceding and current row
        ) as stretch_no
    from ordered
),

ranked as (
    select
        numbered.*,
        row_number() over (
            partition by gr_id, flag_type, stretch_no
            order by evidence_on desc, score desc, facts desc
        ) as newest_rank
    from numbered
),

flags as (
    select
        gr_id,
        flag_type,
        stretch_no,
        min(evidence_on) as first_seen_on,
        max(evidence_on) as last_evidence_on,
        max(held_until) as last_seen_on,
        cast(count(*) as integer) as evidence_count,
        max(score) as flag_score,
        max(case when is_confirmed_at_source then 1 else 0 end) as is_confirmed_at_source,
        max(case when newest_rank = 1 then evidence end) as newest_evidence,
        {{ sorted_list('evidence_key') }} as evidence_keys,
        '[' || {{ dbt.listagg('facts', "', '", 'order by evidence_on, facts') }} || ']' as evidence_facts
    from ranked
    group by gr_id, flag_type, stretch_no
),

identified as (
    select
        flags.*,
        {{ dbt.hash("gr_id || ':' || flag_type || ':' || cast(first_seen_on as " ~ dbt.type_string() ~ ")") }} as flag_id
    from flags
),

subjects as (
    select
        flag_id as subject_id,
        gr_id as owner_id,
        flag_type as kind,
        first_seen_on as seen_from,
        last_seen_on as seen_until
    from identified
),

pieces as (
    select
        identified.flag_id as subject_id,
        ranked.evidence_key,
        ranked.evidence_on
    from ranked
    inner join identified
        on
            ranked.gr_id = identified.gr_id
            and ranked.flag_type = identified.flag_type
            and ranked.stretch_no = identified.stretch_no
),

-- The golden record of the decision may have been merged since.
decisions as (
    select
        stated.*,
        stated.flag_type as kind,
        coalesce(redirects.gr_id_to, stated.gr_id) as owner_id
    from {{ source('ops', 'flag_decisions') }} as stated
    left join {{ ref('gr_redirects') }} as redirects on stated.gr_id = redirects.gr_id_from
    -- A day that runs again does not know what was found of later days.
    where stated.evidence_until <= {{ as_of_date() }} and {{ is_decided_by_day('stated') }}
),

{{ decided_subjects() }},

-- Decided, and the data no longer say so: a payment that was corrected, a record that was taken out of the merge.
unattached as (
    select
        decisions.*,
        row_number() over (
            partition by decisions.flag_id
            order by decisions.decided_at desc, decisions.decision_id desc
        ) as recency
    from decisions
    inner join {{ ref('golden_records') }} as golden_records on decisions.owner_id = golden_records.gr_id
    left join decision_matches on decisions.decision_id = decision_matches.decision_id
    left join identified on decisions.flag_id = identified.flag_id
    where
        decision_matches.decision_id is null
        and identified.flag_id is null
),

united as (
    select
        identified.flag_id,
        identified.gr_id,
        identified.flag_type,
        identified.flag_score,
        case
            when decided.decision = 'CONFIRMED' then 'CONFIRMED'
            when decided.decision in ('DISMISSED', 'RESOLVED') and decided.is_all_looked_at then decided.decision
            when identified.is_confirmed_at_source = 1 and decided.decision is null then 'CONFIRMED'
            when {{ dbt.datediff('last_seen_on', as_of_date(), 'day') }} > {{ flag_window_days('flag_type') }} then 'RESOLVED'
            else 'ACTIVE'
        end as flag_status,
        case
            when evidence_count = 1 then newest_evidence
            else 'Seen ' || cast(evidence_count as {{ dbt.type_string() }}) || ' times, the last: ' || newest_evidence
        end as evidence,
        identified.evidence_facts,
        identified.evidence_keys,
        identified.first_seen_on,
        identified.last_evidence_on,
        identified.last_seen_on,
        identified.evidence_count,
        decided.decided_by,
        decided.reason as decision_reason,
        decided.decided_at
    from identified
    left join decided on identified.flag_id = decided.subject_id
    union all
    select
        flag_id,
        owner_id as gr_id,
        flag_type,
        cast(0 as numeric(5, 4)) as flag_score,
        case when decision = 'DISMISSED' then 'DISMISSED' else 'RESOLVED' end as flag_status,
        'The evidence is no longer in the data' as evidence,
        '[]' as evidence_facts,
        '' as evidence_keys,
        evidence_from as first_seen_on,
        evidence_until as last_evidence_on,
        evidence_until as last_seen_on,
        cast(0 as integer) as evidence_count,
        decided_by,
        reason as decision_reason,
        decided_at
    from unattached
    where recency = 1
)

select
    flag_id,
    gr_id,
    flag_type,
    {{ flag_severity('flag_score') }} as flag_severity,
    flag_score,
    flag_status,
    evidence,
    evidence_facts,
    evidence_keys,
    first_seen_on,
    last_evidence_on,
    last_seen_on,
    evidence_count,
    decided_by,
    decision_reason,
    decided_at
from united
