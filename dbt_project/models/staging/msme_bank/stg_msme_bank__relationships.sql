-- From the owner to the business.
with owners as (
    select * from {{ latest_version(source('msme_bank', 'owners'), ['owner_id', 'business_id', 'updated_on']) }} as latest
)

select
    'msme_bank:business_owner:' || owner_id || ':' || business_id as relationship_id,
    'msme_bank' as source_system,
    'msme_bank:owner:' || owner_id as from_party_id,
    'msme_bank:business:' || business_id as to_party_id,
    'business_owner' as relationship_type,
    min(since) as valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('min(updated_on)') }} as known_at,
    max(_load_id) as load_id
from owners
group by owner_id, business_id
