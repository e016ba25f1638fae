-- An alert is an unbroken stretch of evidence of one kind: periods at most three months apart. It follows from the data of the
-- day alone, so a rerun changes nothing; what people decided of it is kept in ops and carried over.
with found as (
    select
        business_id,
        evidence_kind,
        period_start,
        {{ month_index('period_start') }} as month_index,
        exposed_amount
    from {{ ref('gst_evidence') }}
    where is_found
),

steps as (
    select
        found.*,
        case
            when
                month_index - lag(month_index) over (partition by business_id, evidence_kind order by month_index) <= 3
                then 0
            else 1
        end as is_first
    from found
),

numbered as (
    select
        steps.*,
        sum(is_first) over (
            partition by business_id, evidence_kind
            order by month_index rows between unbounded preceding and current row
        ) as stretch_no
    from steps
),

stretches as (
    select
        business_id,
        evidence_kind,
        min(period_start) as first_period,
        max(period_start) as last_period,
        count(*) as periods_count,
        sum(exposed_amount) as exposed_amount
    from numbered
    group by business_id, evidence_kind, stretch_no
),

-- Single periods are noise of terms of payment; see gst_rule('sustained_periods').
alerts as (
    select
        stretches.*,
        {{ dbt.hash("business_id || ':' || evidence_kind || ':' || cast(first_period as " ~ dbt.type_string() ~ ")") }}
            as alert_id
    from stretches
    where periods_count >= {{ gst_rule('sustained_periods') }}
),

newest_period as (
    select
        business_id,
        max(period_start) as newest_period
    from {{ ref('gst_periods') }}
    group by business_id
),

-- A decision is about evidence, not about an id: a return that is filed late may move where a stretch begins, or join two.
decisions as (
    select
        alerts.alert_id,
        stated.decision,
        stated.evidence_until,
        stated.decided_by,
        stated.reason,
        stated.decided_at,
        row_number() over (
            partition by alerts.alert_id order by stated.decided_at desc, stated.decision_id desc
        ) as recency
    from alerts
    inner join {{ source('ops', 'alert_decisions') }} as stated
        on
            alerts.business_id = stated.business_id
            and alerts.evidence_kind = stated.evidence_kind
            and alerts.first_period <= stated.evidence_until
            and alerts.last_period >= stated.evidence_from
)

select
    alerts.alert_id,
    alerts.business_id,
    alerts.evidence_kind,
    alerts.first_period,
    alerts.last_period,
    cast(alerts.periods_count as integer) as periods_count,
    cast(alerts.exposed_amount as numeric(18, 2)) as exposed_amount,
    case
        when decisions.decision = 'CONFIRMED' then 'CONFIRMED'
        -- Newer evidence than was looked at opens a dismissed alert again.
        when decisions.decision = 'DISMISSED' and alerts.last_period <= decisions.evidence_until then 'DISMISSED'
        when {{ month_index('newest_period.newest_period') }} - {{ month_index('alerts.last_period') }} > 3 then 'RESOLVED'
        else 'ACTIVE'
    end as alert_status,
    decisions.decided_by,
    decisions.reason as decision_reason,
    decisions.decided_at
from alerts
inner join newest_period on alerts.business_id = newest_period.business_id
left join decisions on alerts.alert_id = decisions.alert_id and decisions.recency = 1
