with deposits as (
    select
        {{ eagle_bank_id('account', 'account_id') }} as account_id,
        'Checking Account' as product_name,
        'DEPOSIT' as product_category,
        parseddate as opened_on,
        cast(null as date) as closed_on,
        district_id,
        frequency as statement_frequency,
        _load_id as load_id
    from {{ latest_version(source('eagle_bank', 'account'), ['account_id']) }} as account
),

cards as (
    select
        {{ eagle_bank_id('card', 'card_id') }} as account_id,
        replace(type, 'VISA', 'Visa') as product_name,
        'CREDIT' as product_category,
        fulldate as opened_on,
        cast(null as date) as closed_on,
        cast(null as integer) as district_id,
        cast(null as {{ dbt.type_string() }}) as statement_frequency,
        _load_id as load_id
    from {{ latest_version(source('eagle_bank', 'card'), ['card_id']) }} as card
),

loans as (
    select
        {{ eagle_bank_id('loan', 'loan_id') }} as account_id,
        case purpose
            when 'car' then 'Auto Loan'
            when 'home' then 'Home Loan'
            when 'home_improvement' then 'Home Improvement Loan'
            when 'debt_consolidation' then 'Debt Consolidation Loan'
        end as product_name,
        'LOAN' as product_category,
        fulldate as opened_on,
        -- The last contractual day. The status agrees with it: "finished" (A, B) is said of exactly those loans
        -- whose term is over by the end of the data.
        cast({{ dbt.dateadd('month', 'duration', 'fulldate') }} as date) as closed_on,
        cast(null as integer) as district_id,
        cast(null as {{ dbt.type_string() }}) as statement_frequency,
        _load_id as load_id
    from {{ latest_version(source('eagle_bank', 'loan'), ['loan_id']) }} as loan
),

united as (
    select * from deposits
    union all
    select * from cards
    union all
    select * from loans
)

select
    account_id,
    'eagle_bank' as source_system,
    product_name,
    product_category,
    opened_on,
    closed_on,
    'CZK' as currency,
    cast(null as numeric(18, 2)) as credit_limit_amount,
    {{ eagle_bank_id('district', 'cast(district_id as ' ~ dbt.type_string() ~ ')') }} as district_id,
    statement_frequency,
    opened_on as valid_from,
    cast(null as date) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('opened_on') }} as known_at,
    load_id
from united
