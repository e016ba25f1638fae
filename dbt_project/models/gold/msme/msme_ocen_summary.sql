with businesses as (
    {{ businesses_at_day() }}
),

asked as (
    {{ documents_at_day('credit_applications', 'application_id', 'updated_on') }}
)

select
    businesses.business_id as business_id,
    cast(count(asked.application_id) as integer) as applications_count,
    cast(sum(case when asked.application_status = 'approved' then 1 else 0 end) as integer) as approved_count,
    cast(sum(case when asked.application_status = 'rejected' then 1 else 0 end) as integer) as rejected_count,
    cast(sum(case when asked.application_status = 'pending' then 1 else 0 end) as integer) as pending_count,
    cast(100.0 * sum(case when asked.application_status = 'approved' then 1 else 0 end) / nullif(sum(case when asked.application_status in ('approved', 'rejected') then 1 else 0 end), 0) as numeric(12, 2)) as approval_rate_pct,
    cast(coalesce(sum(asked.requested_amount), 0) as numeric(18, 2)) as requested_amount,
    cast(coalesce(sum(asked.approved_amount), 0) as numeric(18, 2)) as approved_amount,
    max(asked.applied_on) as last_applied_on,
    {{ data_cutoff() }} as last_updated
from businesses
left join asked on businesses.business_id = asked.business_id
group by businesses.business_id
