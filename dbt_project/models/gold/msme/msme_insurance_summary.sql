with businesses as (
    {{ businesses_at_day() }}
),

insured as (
    {{ documents_at_day('policies', 'policy_no', 'updated_on') }}
),

turnover as (
    select
        business_id,
        sum(turnover_amount) as turnover_amount
    from {{ ref('gst_periods') }}
    where months_ago between 1 and 12
    group by business_id
)

select
    businesses.business_id as business_id,
    cast(count(insured.policy_no) as integer) as policies_count,
    cast(sum(case when insured.policy_status = 'active' then 1 else 0 end) as integer) as active_policies_count,
    cast(sum(case when insured.policy_status = 'lapsed' then 1 else 0 end) as integer) as lapsed_policies_count,
    cast(coalesce(sum(case when insured.policy_status = 'active' then insured.coverage_amount end), 0) as numeric(18, 2)) as coverage_amount,
    cast(coalesce(sum(insured.coverage_amount), 0) as numeric(18, 2)) as total_coverage_amount,
    cast(coalesce(sum(case when insured.policy_status = 'active' then insured.annual_premium_amount end), 0) as numeric(18, 2)) as annual_premium_amount,
    cast(sum(insured.coverage_amount) / nullif(max(turnover.turnover_amount), 0) as numeric(12, 2)) as coverage_to_turnover_ratio,
    {{ data_cutoff() }} as last_updated
from businesses
left join insured on businesses.business_id = insured.business_id
left join turnover on businesses.business_id = turnover.business_id
group by businesses.business_id
