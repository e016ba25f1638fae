-- A transaction is a basket: one visit to a till. Its category is the one that most of its money went to.
with products as (
    select
        product_id,
        {{ complete_journey_merchant_category('department') }} as merchant_category
    from {{ latest_version(source('complete_journey', 'products'), ['product_id']) }} as latest
),

by_category as (
    select
        purchased.household_id,
        purchased.store_id,
        purchased.basket_id,
        products.merchant_category,
        min(purchased.transaction_timestamp) as event_at,
        sum(cast(purchased.sales_value as numeric(18, 2))) as amount,
        max(purchased._delivered_on) as delivered_on,
        max(purchased._load_id) as load_id
    from {{ latest_version(source('complete_journey', 'transactions'), ['basket_id', 'product_id']) }} as purchased
    left join products on purchased.product_id = products.product_id
    group by purchased.household_id, purchased.store_id, purchased.basket_id, products.merchant_category
),

baskets as (
    select
        household_id,
        store_id,
        basket_id,
        min(event_at) as event_at,
        sum(amount) as amount,
        (array_agg(merchant_category order by amount desc, merchant_category asc))[1] as merchant_category,
        max(delivered_on) as delivered_on,
        max(load_id) as load_id
    from by_category
    group by household_id, store_id, basket_id
)

select
    'complete_journey:basket:' || cast(basket_id as {{ dbt.type_string() }}) as transaction_id,
    'complete_journey' as source_system,
    'complete_journey:card:' || cast(household_id as {{ dbt.type_string() }}) as account_id,
    cast({{ instant_to_local('event_at') }} as date) as event_date,
    event_at,
    basket_id as sequence_number,
    'debit' as direction,
    amount,
    'USD' as currency,
    amount as reporting_amount,
    'purchase' as activity_type,
    true as is_booked,
    cast(null as {{ dbt.type_string() }}) as channel,
    'complete_journey:store:' || cast(store_id as {{ dbt.type_string() }}) as merchant_id,
    merchant_category,
    cast(null as boolean) as is_international,
    cast(null as boolean) as is_fraud,
    cast(null as boolean) as is_recurring,
    cast(null as {{ dbt.type_string() }}) as counterparty_bank,
    cast(null as {{ dbt.type_string() }}) as counterparty_account,
    cast(null as numeric(18, 2)) as balance_after_amount,
    delivered_on,
    -- Of a basket, put together from the lines' latest versions, no former state is kept.
    {{ no_delivered_days() }} as delivered_days,
    {{ row_hash(['household_id', 'store_id', 'event_at', 'amount', 'merchant_category']) }} as row_hash,
    {{ known_at_history("cast(" ~ instant_to_local('event_at') ~ " as date)") }} as known_at,
    load_id
from baskets
