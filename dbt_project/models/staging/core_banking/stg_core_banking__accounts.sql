with versions as (
    select * from {{ latest_version(source('core_banking', 'accounts'), ['account_no', 'updated_on']) }} as latest
),

latest as (
    select *
    from (
        select
            versions.*,
            row_number() over (partition by account_no order by updated_on desc) as day_rank
        from versions
    ) as ranked
    where day_rank = 1
),

products as (
    select * from {{ latest_version(source('core_banking', 'products'), ['product_code']) }} as latest
)

select
    'core_banking:account:' || cast(latest.account_no as text) as account_id,
    'core_banking' as source_system,
    products.product_name,
    products.category as product_category,
    latest.opened_on,
    latest.closed_on,
    latest.currency,
    latest.credit_limit as credit_limit_amount,
    'core_banking:district:' || cast(latest.branch_district_no as text) as district_id,
    lower(latest.statement_cycle) as statement_frequency,
    latest.opened_on as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('latest.opened_on') }} as known_at,
    greatest(latest._load_id, products._load_id) as load_id
from latest
inner join products on latest.product_code = products.product_code
