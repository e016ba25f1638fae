with account_holders as (
    select *
    from {{ latest_version(source('core_banking', 'account_holders'), ['account_no', 'customer_no', 'role']) }} as latest
)

select
    'core_banking:account:' || cast(account_no as text) as account_id,
    'core_banking:customer:' || cast(customer_no as text) as party_id,
    case role when 'OWNER' then 'owner' when 'AUTHORISED' then 'user' end as holder_role,
    since as valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('since') }} as known_at,
    _load_id as load_id
from account_holders
