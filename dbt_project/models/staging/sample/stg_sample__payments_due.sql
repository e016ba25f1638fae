with loans as (
    select * from {{ latest_version(source('sample', 'loans'), ['loan_account_no']) }} as latest
)

select
    'sample:instalment:' || cast(instalments.instalment_id as text) as payment_id,
    'sample' as source_system,
    'sample:account:' || cast(instalments.loan_account_no as text) as loan_id,
    instalments.due_date as due_on,
    instalments.amount_due as due_amount,
    instalments.auto_debit = 'Y' as is_auto_debit,
    instalments._delivered_on as delivered_on,
    instalments._row_hash as row_hash,
    -- The schedule is part of the loan's contract, so it is known from the day the loan was granted.
    {{ known_at_history('loans.granted_on') }} as known_at,
    greatest(instalments._load_id, loans._load_id) as load_id
from {{ source('sample', 'instalments') }} as instalments
inner join loans on instalments.loan_account_no = loans.loan_account_no
