with businesses as (
    {{ businesses_at_day() }}
),

turnover as (
    select
        business_id,
        sum(turnover_amount) as turnover_amount
    from {{ ref('gst_periods') }}
    where months_ago between 1 and 12
    group by business_id
),

banked as (
    select
        business_id,
        sum(transaction_count) as transaction_count,
        sum(case when month_index > {{ month_index(open_month_start()) }} - 13 and month_index < {{ month_index(open_month_start()) }}
            then receipts_amount end) as receipts_amount
    from {{ ref('business_months') }}
    group by business_id
),

alerts as (
    select
        business_id,
        count(*) as active_count
    from {{ ref('fraud_alerts') }}
    where alert_status in ('ACTIVE', 'CONFIRMED')
    group by business_id
),

anomalies as (
    select
        business_id,
        count(*) as anomalies_count
    from {{ ref('msme_anomalies_report') }}
    group by business_id
)

select
    businesses.business_id as business_id,
    party_xref.gr_id as gr_id,
    businesses.sector as sector,
    businesses.constitution as constitution,
    businesses.incorporated_on as incorporated_on,
    coalesce(profiles.inferred_profile, 'insufficient_data') as inferred_profile,
    cast(turnover.turnover_amount as numeric(18, 2)) as turnover_12m_amount,
    cast(banked.receipts_amount as numeric(18, 2)) as receipts_12m_amount,
    cast(profiles.annual_growth_pct as numeric(12, 2)) as annual_growth_pct,
    cast(coalesce(banked.transaction_count, 0) as integer) as transactions_count,
    cast(coalesce(gst.total_returns, 0) as integer) as gst_returns_count,
    cast(credit.loans_count as integer) as loans_count,
    cast(credit.debt_service_pct as numeric(12, 2)) as debt_service_pct,
    cast(funds.portfolios_count as integer) as portfolios_count,
    cast(funds.return_pct as numeric(12, 2)) as fund_return_pct,
    cast(insured.policies_count as integer) as policies_count,
    cast(insured.coverage_amount as numeric(18, 2)) as coverage_amount,
    cast(asked.applications_count as integer) as ocen_applications_count,
    cast(asked.approval_rate_pct as numeric(12, 2)) as ocen_approval_rate_pct,
    cast(ordered.orders_count as integer) as ondc_orders_count,
    gst.compliance_risk as compliance_risk,
    gst.fraud_risk as fraud_risk,
    cast(gst.fraud_exposed_amount as numeric(18, 2)) as fraud_exposed_amount,
    cast(coalesce(alerts.active_count, 0) as integer) as active_alerts_count,
    cast(coalesce(anomalies.anomalies_count, 0) as integer) as anomalies_count,
    {{ data_cutoff() }} as last_updated
from businesses
inner join {{ ref('party_xref_current') }} as party_xref on businesses.party_id = party_xref.party_id
inner join {{ ref('msme_credit_summary') }} as credit on businesses.business_id = credit.business_id
inner join {{ ref('msme_mutual_funds_summary') }} as funds on businesses.business_id = funds.business_id
inner join {{ ref('msme_insurance_summary') }} as insured on businesses.business_id = insured.business_id
inner join {{ ref('msme_ocen_summary') }} as asked on businesses.business_id = asked.business_id
inner join {{ ref('msme_ondc_summary') }} as ordered on businesses.business_id = ordered.business_id
left join turnover on businesses.business_id = turnover.business_id
left join banked on businesses.business_id = banked.business_id
left join {{ ref('msme_gst_summary') }} as gst on businesses.business_id = gst.business_id
left join {{ ref('msme_profiles') }} as profiles on businesses.business_id = profiles.business_id
left join alerts on businesses.business_id = alerts.business_id
left join anomalies on businesses.business_id = anomalies.business_id
