-- A line is a product in a basket. Amounts are doubles with noise of 1e-15 in the source.
select
    'complete_journey:basket:' || cast(basket_id as {{ dbt.type_string() }}) as transaction_id,
    'complete_journey:product:' || cast(product_id as {{ dbt.type_string() }}) as product_id,
    'complete_journey' as source_system,
    cast({{ instant_to_local('transaction_timestamp') }} as date) as event_date,
    quantity,
    cast(sales_value as numeric(18, 2)) as amount,
    cast(retail_disc + coupon_match_disc as numeric(18, 2)) as discount_amount,
    cast(coupon_disc as numeric(18, 2)) as coupon_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history("cast(" ~ instant_to_local('transaction_timestamp') ~ " as date)") }} as known_at,
    _load_id as load_id
from {{ source('complete_journey', 'transactions') }}
