with accounts as (
    select * from {{ latest_version(source('sample', 'accounts'), ['account_no']) }} as latest
)

select
    'sample:account:' || cast(account_no as text) as account_id,
    'sample' as source_system,
    product as product_name,
    case
        when product in ('Checking Account', 'Savings Account', 'Business Checking') then 'DEPOSIT'
        when product = 'Investment Account' then 'INVESTMENT'
        when product in ('Credit Card', 'Premium Credit Card') then 'CREDIT'
        when product in ('Mortgage', 'Auto Loan', 'Personal Loan') then 'LOAN'
    end as product_category,
    opened_on,
    closed_on,
    currency,
    credit_limit as credit_limit_amount,
    'sample:district:' || cast(branch_district_no as text) as district_id,
    lower(statement_cycle) as statement_frequency,
    opened_on as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('opened_on') }} as known_at,
    _load_id as load_id
from accounts
