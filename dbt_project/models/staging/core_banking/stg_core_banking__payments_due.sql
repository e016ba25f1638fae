with loans as (
    select * from {{ latest_version(source('core_banking', 'loans'), ['loan_account_no']) }} as latest
)

select
    'core_banking:instalment:' || cast(payments_due.payment_id as text) as payment_id,
    'core_banking' as source_system,
    'core_banking:account:' || cast(payments_due.loan_account_no as text) as loan_id,
    payments_due.due_date as due_on,
    payments_due.amount_due as due_amount,
    payments_due.auto_debit = 'Y' as is_auto_debit,
    payments_due._delivered_on as delivered_on,
    payments_due._delivered_days as delivered_days,
    payments_due._row_hash as row_hash,
    -- From the announcement on. With the day of the grant, a past day would see how far the schedule reached later, and a
    -- schedule that stops tells of a default.
    {{ known_at_history('payments_due.announced_on') }} as known_at,
    greatest(payments_due._load_id, loans._load_id) as load_id
from {{ source('core_banking', 'payments_due') }} as payments_due
inner join loans on payments_due.loan_account_no = loans.loan_account_no
