with versions as (
    select * from {{ latest_version(source('msme_bank', 'accounts'), ['account_no', 'updated_on']) }} as latest
),

first_versions as (
    select *
    from (
        select
            versions.*,
            row_number() over (partition by account_no order by updated_on) as day_rank
        from versions
    ) as ranked
    where day_rank = 1
)

select
    'msme_bank:account:' || account_no as account_id,
    case
        when owner_id is not null then 'msme_bank:owner:' || owner_id
        else 'msme_bank:business:' || business_id
    end as party_id,
    'owner' as holder_role,
    opened_on as valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('opened_on') }} as known_at,
    _load_id as load_id
from first_versions
