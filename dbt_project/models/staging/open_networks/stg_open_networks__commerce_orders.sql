select
    order_id,
    'open_networks' as source_system,
    business_id,
    updated_on,
    cast(ordered_at as date) as ordered_on,
    buyer_app,
    category as order_category,
    items_count,
    order_value as order_amount,
    lower(status) as order_status,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from {{ source('open_networks', 'ondc_orders') }}
