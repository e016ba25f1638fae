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

pieces as (
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
        '[' || {{ dbt.listagg('facts', "', '", 'order by evidence_on, facts') }} || ']' as evidence_facts
    from pieces
    group by gr_id, flag_type, stretch_no
),

identified as (
    select
        flags.*,
        {{ dbt.hash("gr_id || ':' || flag_type || ':' || cast(first_seen_on as " ~ dbt.type_string() ~ ")") }} as flag_id
    from flags
),

-- The golden record of the decision may have been merged since.
decisions as (
    select
        stated.*,
        coalesce(redirects.gr_id_to, stated.gr_id) as current_gr_id
    from {{ source('ops', 'flag_decisions') }} as stated
    left join {{ ref('gr_redirects') }} as redirects on stated.gr_id = redirects.gr_id_from
    -- A day that runs again does not know what was found of later days.
    where stated.evidence_until <= {{ as_of_date() }}
),

-- A decision is about evidence, not about an id: late evidence may move where a flag begins, or join two.
attached as (
    select
        identified.flag_id,
        decisions.decision_id,
        decisions.decision,
        decisions.evidence_until,
        decisions.evidence_count as decided_count,
        decisions.decided_by,
        decisions.reason,
        decisions.decided_at,
        row_number() over (
            partition by identified.flag_id
            order by decisions.decided_at desc, decisions.decision_id desc
        ) as recency
    from identified
    inner join decisions
        on
            identified.gr_id = decisions.current_gr_id
            and identified.flag_type = decisions.flag_type
            and identified.first_seen_on <= decisions.evidence_until
            and identified.last_seen_on >= decisions.evidence_from
),

-- Evidence of later days than were looked at; or more of those days than there was: it came in late, or with a merge.
looked_at as (
    select
        pieces.gr_id,
        pieces.flag_type,
        pieces.stretch_no,
        max(case when pieces.evidence_on > attached.evidence_until then 1 else 0 end) as has_later,
        sum(case when pieces.evidence_on <= attached.evidence_until then 1 else 0 end) as earlier_count
    from pieces
    inner join identified
        on
            pieces.gr_id = identified.gr_id
            and pieces.flag_type = identified.flag_type
            and pieces.stretch_no = identified.stretch_no
    inner join attached on identified.flag_id = attached.flag_id and attached.recency = 1
    group by pieces.gr_id, pieces.flag_type, pieces.stretch_no
),

stated as (
    select
        identified.*,
        attached.decision,
        attached.decided_by,
        attached.reason,
        attached.decided_at,
        looked_at.has_later = 0 and looked_at.earlier_count <= attached.decided_count as is_all_looked_at
    from identified
    left join attached on identified.flag_id = attached.flag_id and attached.recency = 1
    left join looked_at
        on
            identified.gr_id = looked_at.gr_id
            and identified.flag_type = looked_at.flag_type
            and identified.stretch_no = looked_at.stretch_no
),

-- Decided, and the data no longer say so: a payment that was corrected, a record that was taken out of the merge.
unattached as (
    select
        decisions.*,
        row_number() over (
            partition by decisions.flag_id
            order by decisions.decided_at desc, decisions.decision_id desc
        ) as recency
    from decisions
    inner join {{ ref('golden_records') }} as golden_records on decisions.current_gr_id = golden_records.gr_id
    left join attached on decisions.decision_id = attached.decision_id
    left join identified on decisions.flag_id = identified.flag_id
    where
        attached.decision_id is null
        and identified.flag_id is null
),

united as (
    select
        flag_id,
        gr_id,
        flag_type,
        flag_score,
        case
            when decision = 'CONFIRMED' then 'CONFIRMED'
            when decision in ('DISMISSED', 'RESOLVED') and is_all_looked_at then decision
            when is_confirmed_at_source = 1 and decision is null then 'CONFIRMED'
            when {{ dbt.datediff('last_seen_on', as_of_date(), 'day') }} > {{ flag_window_days('flag_type') }} then 'RESOLVED'
            else 'ACTIVE'
        end as flag_status,
        case
            when evidence_count = 1 then newest_evidence
            else 'Seen ' || cast(evidence_count as {{ dbt.type_string() }}) || ' times, the last: ' || newest_evidence
        end as evidence,
        evidence_facts,
        first_seen_on,
        last_evidence_on,
        last_seen_on,
        evidence_count,
        decided_by,
        reason as decision_reason,
        decided_at
    from stated
    union all
    select
        flag_id,
        current_gr_id as gr_id,
        flag_type,
        cast(0 as numeric(5, 4)) as flag_score,
        case when decision = 'DISMISSED' then 'DISMISSED' else 'RESOLVED' end as flag_status,
        'The evidence is no longer in the data' as evidence,
        '[]' as evidence_facts,
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
    first_seen_on,
    last_evidence_on,
    last_seen_on,
    evidence_count,
    decided_by,
    decision_reason,
    decided_at
from united
