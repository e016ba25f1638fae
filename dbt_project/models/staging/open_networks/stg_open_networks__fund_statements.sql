select
    portfolio_id,
    'open_networks' as source_system,
    business_id,
    statement_date as stated_on,
    fund_name,
    lower(category) as fund_category,
    invested_amount,
    current_value as current_amount,
    started_on,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('statement_date') }} as known_at,
    _load_id as load_id
from {{ source('open_networks', 'mutual_funds') }}
