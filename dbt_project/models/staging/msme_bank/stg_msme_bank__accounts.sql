with notes as (
    select * from {{ latest_version(source('msme_bank', 'accounts'), ['account_no', 'updated_on']) }} as latest
),

versions as (
    {{ account_versions_from_notes('notes', 'account_no') }}
)

select
    'msme_bank:account:' || account_no as account_id,
    'msme_bank' as source_system,
    case product_code
        when 'CUR' then 'Current Account'
        when 'OD' then 'Overdraft'
        when 'SAV' then 'Savings Account'
        when 'TL' then 'Term Loan'
    end as product_name,
    case product_code
        when 'CUR' then 'DEPOSIT'
        when 'OD' then 'CREDIT'
        when 'SAV' then 'DEPOSIT'
        when 'TL' then 'LOAN'
    end as product_category,
    opened_on,
    closed_then as closed_on,
    currency,
    credit_limit as credit_limit_amount,
    cast(null as {{ dbt.type_string() }}) as district_id,
    cast(null as {{ dbt.type_string() }}) as statement_frequency,
    valid_from,
    lead(valid_from) over (partition by account_no order by valid_from) as valid_to,
    cast(null as date) as deleted_on,
    {{ known_at_history('valid_from') }} as known_at,
    _load_id as load_id
from versions
