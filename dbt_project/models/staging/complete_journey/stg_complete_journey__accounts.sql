-- The card by which the retailer knows the household: it holds no money. Opened on the day it was first seen.
select
    'complete_journey:card:' || cast(household_id as {{ dbt.type_string() }}) as account_id,
    'complete_journey' as source_system,
    'Loyalty Card' as product_name,
    'LOYALTY' as product_category,
    cast({{ instant_to_local('min(transaction_timestamp)') }} as date) as opened_on,
    cast(null as date) as closed_on,
    'USD' as currency,
    cast(null as numeric(18, 2)) as credit_limit_amount,
    cast(null as {{ dbt.type_string() }}) as district_id,
    cast(null as {{ dbt.type_string() }}) as statement_frequency,
    cast({{ instant_to_local('min(transaction_timestamp)') }} as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history("cast(" ~ instant_to_local('min(transaction_timestamp)') ~ " as date)") }} as known_at,
    max(_load_id) as load_id
from {{ source('complete_journey', 'transactions') }}
group by household_id
