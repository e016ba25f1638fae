-- Two risks, apart: not keeping the rules, and deceiving. Both look at the twelve months before D's, and at shares of the periods
-- in which something could be seen, so that a long history alone raises neither. HIGH fraud risk needs two families of
-- evidence that do not follow from each other. Quarterly filers show no three months in a row and stay UNKNOWN.
with businesses as (
    {{ businesses_at_day() }}
),

filed as (
    select
        business_id,
        max(month_index) as last_month_index,
        sum(case when months_ago between 1 and 12 then 1 else 0 end) as periods_count,
        sum(case when months_ago between 1 and 12 and is_late_filing then 1 else 0 end) as late_filings_count,
        sum(case when months_ago between 1 and 12 and is_itc_ratio_high then 1 else 0 end) as high_itc_count,
        sum(case when months_ago between 1 and 12 and is_turnover_mismatch then 1 else 0 end) as mismatches_count
    from {{ ref('gst_periods') }}
    group by business_id
),

-- Not filed and over thirty days past the twentieth of the month that follows; nothing is due after the last return of a
-- firm that has none.
overdue as (
    select
        business_id,
        least(greatest(
            {{ month_index("cast(" ~ as_of_date() ~ " - 30 as date)") }} - 1
            - case when extract(day from cast({{ as_of_date() }} - 30 as date)) <= 20 then 1 else 0 end
            - last_month_index, 0
        ), 12) as overdue_count
    from filed
),

counted as (
    select
        business_id,
        evidence_kind,
        evidence_family,
        sum(count(*)) over (partition by business_id, evidence_kind) as exposed_count,
        sum(case when is_found then 1 else 0 end) as found_count
    from {{ ref('gst_evidence') }}
    where months_ago between 1 and 12
    group by business_id, evidence_kind, evidence_family
),

by_kind as (
    select
        counted.*,
        case
            when
                found_count >= {{ gst_rule('sustained_periods') }}
                and found_count >= {{ gst_rule('sustained_share') }} * exposed_count
                then 1
            else 0
        end as is_sustained
    from counted
),

evidence as (
    select
        business_id,
        max(exposed_count) as exposed_count,
        count(distinct case when is_sustained = 1 then evidence_family end) as families_count,
        {{ sorted_list('case when is_sustained = 1 then evidence_kind end') }} as evidence_kinds
    from by_kind
    group by business_id
),

-- Kinds speak of the same rupees: of a month the largest counts.
largest as (
    select
        evidence.business_id,
        evidence.period_start,
        max(evidence.exposed_amount) as exposed_amount
    from {{ ref('gst_evidence') }} as evidence
    inner join by_kind
        on
            evidence.business_id = by_kind.business_id
            and evidence.evidence_kind = by_kind.evidence_kind
            and evidence.evidence_family = by_kind.evidence_family
            and by_kind.is_sustained = 1
    where evidence.months_ago between 1 and 12
    group by evidence.business_id, evidence.period_start
),

exposed as (
    select
        business_id,
        sum(exposed_amount) as exposed_amount
    from largest
    group by business_id
)

select
    businesses.business_id,
    cast(coalesce(filed.periods_count, 0) as integer) as periods_count,
    cast(coalesce(filed.late_filings_count, 0) as integer) as late_filings_count,
    cast(coalesce(overdue.overdue_count, 0) as integer) as overdue_returns_count,
    cast(coalesce(filed.high_itc_count, 0) as integer) as high_itc_count,
    cast(coalesce(filed.mismatches_count, 0) as integer) as mismatches_count,
    case
        when filed.business_id is null then 'UNKNOWN'
        when
            filed.late_filings_count + overdue.overdue_count >= {{ gst_rule('sustained_periods') }}
            and filed.late_filings_count + overdue.overdue_count
            >= {{ gst_rule('sustained_share') }} * (filed.periods_count + overdue.overdue_count)
            then 'HIGH'
        when
            filed.late_filings_count + overdue.overdue_count + filed.high_itc_count + filed.mismatches_count > 0
            then 'MEDIUM'
        else 'LOW'
    end as compliance_risk,
    case
        when coalesce(evidence.exposed_count, 0) < {{ gst_rule('sustained_periods') }} then 'UNKNOWN'
        when evidence.families_count >= 2 then 'HIGH'
        when evidence.families_count = 1 then 'MEDIUM'
        else 'LOW'
    end as fraud_risk,
    nullif(evidence.evidence_kinds, '') as evidence_kinds,
    cast(coalesce(exposed.exposed_amount, 0) as numeric(18, 2)) as fraud_exposed_amount
from businesses
left join filed on businesses.business_id = filed.business_id
left join overdue on businesses.business_id = overdue.business_id
left join evidence on businesses.business_id = evidence.business_id
left join exposed on businesses.business_id = exposed.business_id
