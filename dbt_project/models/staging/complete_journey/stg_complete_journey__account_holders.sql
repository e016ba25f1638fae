select
    'complete_journey:card:' || cast(household_id as {{ dbt.type_string() }}) as account_id,
    'complete_journey:household:' || cast(household_id as {{ dbt.type_string() }}) as party_id,
    'owner' as holder_role,
    cast({{ instant_to_local('min(transaction_timestamp)') }} as date) as valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history("cast(" ~ instant_to_local('min(transaction_timestamp)') ~ " as date)") }} as known_at,
    max(_load_id) as load_id
from {{ source('complete_journey', 'transactions') }}
group by household_id
