with businesses as (
    {{ businesses_at_day() }}
),

periods as (
    select
        gst_periods.*,
        row_number() over (partition by business_id order by month_index) as from_first,
        case when is_itc_ratio_high then 1 else 0 end
        + case when is_late_filing then 1 else 0 end
        + case when is_turnover_mismatch then 1 else 0 end as indicators_count
    from {{ ref('gst_periods') }} as gst_periods
)

select
    businesses.business_id,
    max(periods.gstin) as gstin,
    cast(count(periods.period_start) as integer) as total_returns,
    min(periods.period_start) as first_period,
    max(periods.period_start) as last_period,
    cast(sum(periods.turnover_amount) as numeric(18, 2)) as total_turnover_amount,
    cast(max(case when periods.from_first = 1 then periods.turnover_amount end) as numeric(18, 2)) as first_turnover_amount,
    cast(max(case when periods.period_rank = 1 then periods.turnover_amount end) as numeric(18, 2)) as last_turnover_amount,
    cast(avg(periods.turnover_amount) as numeric(18, 2)) as avg_monthly_turnover_amount,
    cast(sum(periods.output_tax_amount) as numeric(18, 2)) as total_output_tax_amount,
    cast(sum(periods.input_credit_amount) as numeric(18, 2)) as total_input_credit_amount,
    cast(sum(periods.tax_paid_cash_amount) as numeric(18, 2)) as total_cash_tax_amount,
    cast(100 * sum(periods.input_credit_amount) / nullif(sum(periods.output_tax_amount), 0) as numeric(12, 2)) as itc_ratio_pct,
    cast(coalesce(sum(case when periods.is_itc_ratio_high then 1 else 0 end), 0) as integer) as itc_ratio_high_count,
    cast(coalesce(sum(case when periods.is_late_filing then 1 else 0 end), 0) as integer) as late_filing_count,
    cast(coalesce(sum(case when periods.is_turnover_mismatch then 1 else 0 end), 0) as integer) as turnover_mismatch_count,
    coalesce(sum(periods.indicators_count), 0) > 0 as fraud_detected,
    case when sum(periods.indicators_count) > 5 then 'HIGH' when sum(periods.indicators_count) > 0 then 'MEDIUM' end as fraud_severity,
    cast(coalesce(sum(periods.indicators_count), 0) as integer) as total_indicators,
    cast(coalesce(sum(case when periods.indicators_count > 0 then 1 else 0 end), 0) as integer) as affected_periods,
    cast(max(risks.overdue_returns_count) as integer) as overdue_returns_count,
    max(risks.compliance_risk) as compliance_risk,
    max(risks.fraud_risk) as fraud_risk,
    max(risks.evidence_kinds) as evidence_kinds,
    cast(max(risks.fraud_exposed_amount) as numeric(18, 2)) as fraud_exposed_amount,
    {{ data_cutoff() }} as last_updated
from businesses
left join periods on businesses.business_id = periods.business_id
left join {{ ref('business_risks') }} as risks on businesses.business_id = risks.business_id
group by businesses.business_id
