with businesses as (
    {{ businesses_at_day() }}
),

ordered as (
    {{ documents_at_day('commerce_orders', 'order_id', 'updated_on') }}
)

select
    businesses.business_id as business_id,
    cast(count(ordered.order_id) as integer) as orders_count,
    cast(sum(case when ordered.order_status = 'delivered' then 1 else 0 end) as integer) as delivered_count,
    cast(sum(case when ordered.order_status = 'cancelled' then 1 else 0 end) as integer) as cancelled_count,
    cast(sum(case when ordered.order_status = 'returned' then 1 else 0 end) as integer) as returned_count,
    cast(coalesce(sum(case when ordered.order_status not in ('cancelled', 'returned') then ordered.order_amount end), 0) as numeric(18, 2)) as order_amount,
    cast(avg(ordered.order_amount) as numeric(18, 2)) as avg_order_amount,
    min(ordered.ordered_on) as first_ordered_on,
    max(ordered.ordered_on) as last_ordered_on,
    {{ data_cutoff() }} as last_updated
from businesses
left join ordered on businesses.business_id = ordered.business_id
group by businesses.business_id
