with indicators as (
    select
        business_id,
        sum(case when is_itc_ratio_high then 1 else 0 end)
        + sum(case when is_late_filing then 1 else 0 end)
        + sum(case when is_turnover_mismatch then 1 else 0 end) as total_indicators,
        sum(case when is_itc_ratio_high or is_late_filing or is_turnover_mismatch then 1 else 0 end) as affected_periods,
        min(case when is_itc_ratio_high or is_late_filing or is_turnover_mismatch then period_start end) as first_period,
        max(case when is_itc_ratio_high or is_late_filing or is_turnover_mismatch then period_start end) as last_period,
        count(*) as periods_count
    from {{ ref('gst_periods') }}
    group by business_id
),

months as (
    select
        business_months.*,
        avg(credit_amount) over (
            partition by business_id order by month_index rows between 12 preceding and 1 preceding
        ) as usual_amount,
        count(*) over (
            partition by business_id order by month_index rows between 12 preceding and 1 preceding
        ) as usual_count
    from {{ ref('business_months') }} as business_months
    where is_covered
),

insured as (
    {{ documents_at_day('policies', 'policy_no', 'updated_on') }}
),

asked as (
    {{ documents_at_day('credit_applications', 'application_id', 'updated_on') }}
),

anomalies as (
    select
        business_id,
        'gst_fraud_indicators' as anomaly_type,
        case when total_indicators > 5 then 'HIGH' else 'MEDIUM' end as severity,
        first_period as first_seen_on,
        last_period as last_seen_on,
        cast(null as numeric(18, 2)) as amount,
        cast(total_indicators as {{ dbt.type_string() }}) || ' indicators in ' || cast(affected_periods as {{ dbt.type_string() }})
        || ' of ' || cast(periods_count as {{ dbt.type_string() }}) || ' GST returns' as description
    from indicators
    where total_indicators > 0
    union all
    -- An alert is as grave as the risk of its business; one that is over is history.
    select
        alerts.business_id,
        alerts.evidence_kind as anomaly_type,
        case
            when alerts.alert_status = 'RESOLVED' then 'LOW'
            when alerts.alert_status = 'CONFIRMED' or risks.fraud_risk = 'HIGH' then 'HIGH'
            else 'MEDIUM'
        end as severity,
        alerts.first_period as first_seen_on,
        alerts.last_period as last_seen_on,
        alerts.exposed_amount as amount,
        'evidence in ' || cast(alerts.periods_count as {{ dbt.type_string() }}) || ' periods, alert ' || lower(alerts.alert_status)
            as description
    from {{ ref('fraud_alerts') }} as alerts
    inner join {{ ref('business_risks') }} as risks on alerts.business_id = risks.business_id
    where alerts.alert_status <> 'DISMISSED'
    union all
    select
        business_id,
        'credit_spike' as anomaly_type,
        'LOW' as severity,
        month_start as first_seen_on,
        month_start as last_seen_on,
        credit_amount as amount,
        'credits of the month over four times the mean of the twelve before' as description
    from months
    where usual_count = 12 and credit_amount > 4 * usual_amount
    union all
    select
        business_id,
        'lapsed_insurance' as anomaly_type,
        'MEDIUM' as severity,
        min(updated_on) as first_seen_on,
        max(updated_on) as last_seen_on,
        sum(coverage_amount) as amount,
        cast(count(*) as {{ dbt.type_string() }}) || ' policies lapsed for unpaid premiums' as description
    from insured
    where policy_status = 'lapsed'
    group by business_id
    union all
    select
        business_id,
        'credit_hunger' as anomaly_type,
        'MEDIUM' as severity,
        min(applied_on) as first_seen_on,
        max(applied_on) as last_seen_on,
        sum(requested_amount) as amount,
        cast(count(*) as {{ dbt.type_string() }}) || ' loan applications, most of them rejected' as description
    from asked
    group by business_id
    having count(*) >= 4 and 2 * sum(case when application_status = 'rejected' then 1 else 0 end) > count(*)
)

select
    business_id,
    anomaly_type,
    severity,
    first_seen_on,
    last_seen_on,
    cast(amount as numeric(18, 2)) as amount,
    description,
    {{ data_cutoff() }} as last_updated
from anomalies
