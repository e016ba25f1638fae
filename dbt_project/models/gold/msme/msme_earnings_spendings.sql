select
    business_id,
    month_start,
    cast(receipts_amount as numeric(18, 2)) as earnings_amount,
    cast(refund_received_amount + tax_refund_amount + other_credit_amount as numeric(18, 2)) as other_income_amount,
    cast(supplier_payment_amount as numeric(18, 2)) as supplier_payment_amount,
    cast(payroll_amount as numeric(18, 2)) as payroll_amount,
    cast(rent_and_utility_amount as numeric(18, 2)) as rent_and_utility_amount,
    cast(tax_payment_amount as numeric(18, 2)) as tax_payment_amount,
    cast(loan_payment_amount as numeric(18, 2)) as loan_payment_amount,
    cast(insurance_amount as numeric(18, 2)) as insurance_amount,
    cast(investment_amount as numeric(18, 2)) as investment_amount,
    cast(drawings_amount as numeric(18, 2)) as drawings_amount,
    cast(other_debit_amount as numeric(18, 2)) as other_debit_amount,
    cast(supplier_payment_amount + payroll_amount + rent_and_utility_amount + tax_payment_amount + loan_payment_amount + insurance_amount + investment_amount + drawings_amount + other_debit_amount as numeric(18, 2)) as spendings_amount,
    cast(receipts_amount + refund_received_amount + tax_refund_amount + other_credit_amount - supplier_payment_amount - payroll_amount - rent_and_utility_amount - tax_payment_amount - loan_payment_amount - insurance_amount - investment_amount - drawings_amount - other_debit_amount as numeric(18, 2)) as surplus_amount,
    is_covered,
    {{ data_cutoff() }} as last_updated
from {{ ref('business_months') }}
