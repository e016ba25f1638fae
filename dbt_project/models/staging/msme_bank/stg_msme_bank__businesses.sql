with businesses as (
    select * from {{ latest_version(source('msme_bank', 'businesses'), ['business_id', 'updated_on']) }} as latest
)

select
    business_id,
    'msme_bank' as source_system,
    'msme_bank:business:' || business_id as party_id,
    gstin,
    sector,
    lower(constitution) as constitution,
    incorporated_on,
    updated_on as valid_from,
    lead(updated_on) over (partition by business_id order by updated_on) as valid_to,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from businesses
