-- Two risks, apart: not keeping the rules, and deceiving. Both look at the last twelve periods, and at shares of the periods in
-- which something could be seen, so that a long history alone raises neither.
with recent as (
    select * from {{ ref('gst_periods') }}
    where period_rank <= 12
),

compliance as (
    select
        business_id,
        count(*) as periods_count,
        sum(case when is_late_filing then 1 else 0 end) as late_filings_count,
        sum(case when is_itc_ratio_high then 1 else 0 end) as high_itc_count,
        sum(case when is_turnover_mismatch then 1 else 0 end) as mismatches_count
    from recent
    group by business_id
),

by_kind as (
    select
        business_id,
        evidence_kind,
        count(*) as exposed_count,
        sum(case when is_found then 1 else 0 end) as found_count,
        sum(exposed_amount) as exposed_amount,
        case
            when
                sum(case when is_found then 1 else 0 end) >= {{ gst_rule('sustained_periods') }}
                and sum(case when is_found then 1 else 0 end) >= {{ gst_rule('sustained_share') }} * count(*)
                then 1
            else 0
        end as is_sustained
    from {{ ref('gst_evidence') }}
    where period_rank <= 12
    group by business_id, evidence_kind
),

evidence as (
    select
        business_id,
        max(exposed_count) as exposed_count,
        sum(is_sustained) as sustained_count,
        sum(case when is_sustained = 1 then exposed_amount else 0 end) as exposed_amount,
        {{ sorted_list('case when is_sustained = 1 then evidence_kind end') }} as evidence_kinds
    from by_kind
    group by business_id
)

select
    compliance.business_id,
    cast(compliance.periods_count as integer) as periods_count,
    cast(compliance.late_filings_count as integer) as late_filings_count,
    cast(compliance.high_itc_count as integer) as high_itc_count,
    cast(compliance.mismatches_count as integer) as mismatches_count,
    case
        when
            compliance.late_filings_count >= {{ gst_rule('sustained_periods') }}
            and compliance.late_filings_count >= {{ gst_rule('sustained_share') }} * compliance.periods_count
            then 'HIGH'
        when compliance.late_filings_count + compliance.high_itc_count + compliance.mismatches_count > 0 then 'MEDIUM'
        else 'LOW'
    end as compliance_risk,
    case
        when coalesce(evidence.exposed_count, 0) < {{ gst_rule('sustained_periods') }} then 'UNKNOWN'
        when evidence.sustained_count >= 2 then 'HIGH'
        when evidence.sustained_count = 1 then 'MEDIUM'
        else 'LOW'
    end as fraud_risk,
    cast(coalesce(evidence.sustained_count, 0) as integer) as evidence_kinds_count,
    nullif(evidence.evidence_kinds, '') as evidence_kinds,
    cast(coalesce(evidence.exposed_amount, 0) as numeric(18, 2)) as fraud_exposed_amount
from compliance
left join evidence on compliance.business_id = evidence.business_id
