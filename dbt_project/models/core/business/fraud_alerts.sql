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
        stretch_no,
        min(period_start) as first_period,
        max(period_start) as last_period,
        count(*) as periods_count,
        {{ sorted_list('cast(period_start as ' ~ dbt.type_string() ~ ')') }} as evidence_keys,
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

subjects as (
    select
        alert_id as subject_id,
        business_id as owner_id,
        evidence_kind as kind,
        first_period as seen_from,
        last_period as seen_until
    from alerts
),

pieces as (
    select
        alerts.alert_id as subject_id,
        cast(numbered.period_start as {{ dbt.type_string() }}) as evidence_key,
        numbered.period_start as evidence_on
    from numbered
    inner join alerts
        on
            numbered.business_id = alerts.business_id
            and numbered.evidence_kind = alerts.evidence_kind
            and numbered.stretch_no = alerts.stretch_no
),

decisions as (
    select
        stated.*,
        stated.business_id as owner_id,
        stated.evidence_kind as kind,
        cast(null as integer) as evidence_count
    from {{ source('ops', 'alert_decisions') }} as stated
    where {{ is_decided_by_day('stated') }}
),

{{ decided_subjects() }}

select
    alerts.alert_id,
    alerts.business_id,
    alerts.evidence_kind,
    alerts.first_period,
    alerts.last_period,
    cast(alerts.periods_count as integer) as periods_count,
    cast(alerts.exposed_amount as numeric(18, 2)) as exposed_amount,
    alerts.evidence_keys,
    case
        when decided.decision = 'CONFIRMED' then 'CONFIRMED'
        when decided.decision = 'DISMISSED' and decided.is_all_looked_at then 'DISMISSED'
        when {{ month_index('newest_period.newest_period') }} - {{ month_index('alerts.last_period') }} > 3 then 'RESOLVED'
        else 'ACTIVE'
    end as alert_status,
    decided.decided_by,
    decided.reason as decision_reason,
    decided.decided_at
from alerts
inner join newest_period on alerts.business_id = newest_period.business_id
left join decided on alerts.alert_id = decided.subject_id
