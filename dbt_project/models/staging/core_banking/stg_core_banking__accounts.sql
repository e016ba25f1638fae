with notes as (
    select * from {{ latest_version(source('core_banking', 'accounts'), ['account_no', 'updated_on']) }} as latest
),

versions as (
    {{ account_versions_from_notes('notes', 'account_no') }}
),

products as (
    select * from {{ latest_version(source('core_banking', 'products'), ['product_code']) }} as latest
)

select
    'core_banking:account:' || cast(versions.account_no as text) as account_id,
    'core_banking' as source_system,
    products.product_name,
    products.category as product_category,
    versions.opened_on,
    versions.closed_then as closed_on,
    versions.currency,
    versions.credit_limit as credit_limit_amount,
    'core_banking:district:' || cast(versions.branch_district_no as text) as district_id,
    lower(versions.statement_cycle) as statement_frequency,
    versions.valid_from,
    lead(versions.valid_from) over (partition by versions.account_no order by versions.valid_from) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('versions.valid_from') }} as known_at,
    greatest(versions._load_id, products._load_id) as load_id
from versions
inner join products on versions.product_code = products.product_code
