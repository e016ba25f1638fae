with customers as (
    select * from {{ latest_version(source('sample', 'customers'), ['customer_no']) }} as latest
)

select
    'sample:same_household:' || cast(one.customer_no as text) || ':'
    || cast(other.customer_no as text) as relationship_id,
    'sample' as source_system,
    'sample:customer:' || cast(one.customer_no as text) as from_party_id,
    'sample:customer:' || cast(other.customer_no as text) as to_party_id,
    'same_household' as relationship_type,
    greatest(one.customer_since, other.customer_since) as valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('greatest(one.customer_since, other.customer_since)') }} as known_at,
    greatest(one._load_id, other._load_id) as load_id
from customers as one
inner join customers as other on one.household_no = other.household_no and one.customer_no < other.customer_no
