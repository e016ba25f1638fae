with products as (
    select * from {{ latest_version(source('complete_journey', 'products'), ['product_id']) }} as latest
)

select
    'complete_journey:product:' || cast(product_id as {{ dbt.type_string() }}) as product_id,
    'complete_journey' as source_system,
    department,
    product_category,
    product_type,
    brand,
    {{ complete_journey_merchant_category('department') }} as merchant_category,
    _load_id as load_id
from products
