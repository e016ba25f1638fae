with businesses as (
    {{ businesses_at_day() }}
),

accounts as (
    select
        businesses.business_id,
        owned_accounts.account_id,
        owned_accounts.source_system
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join businesses on owned_accounts.owner_party_id = businesses.party_id
    where owned_accounts.product_category in ('DEPOSIT', 'CREDIT')
),

bookings as (
    select
        accounts.business_id,
        accounts.source_system,
        {{ month_start('transactions.event_date') }} as month_start,
        transactions.activity_type,
        transactions.direction,
        transactions.channel,
        transactions.is_booked,
        transactions.reporting_amount as amount
    from {{ ref('transactions') }} as transactions
    inner join accounts on transactions.account_id = accounts.account_id
    where
        transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

summed as (
    select
        business_id,
        month_start,
        min(source_system) as source_system,
        {%- set sums = {
            'trade_receipt_amount': "activity_type = 'trade_receipt'",
            'retail_receipt_amount': "activity_type = 'retail_receipt'",
            'export_receipt_amount': "activity_type = 'export_receipt'",
            'cash_deposit_amount': "activity_type = 'cash_deposit'",
            'refund_received_amount': "activity_type = 'refund_in'",
            'tax_refund_amount': "activity_type = 'tax_refund'",
            'loan_disbursement_amount': "activity_type = 'loan_disbursement'",
            'own_transfer_in_amount': "activity_type = 'own_transfer_in'",
            'capital_in_amount': "activity_type = 'capital_in'",
            'other_credit_amount': "activity_type not in ('trade_receipt', 'retail_receipt', 'export_receipt',"
                " 'cash_deposit', 'refund_in', 'tax_refund', 'loan_disbursement', 'own_transfer_in', 'capital_in')",
        } %}
        {%- for name, condition in sums.items() %}
        coalesce(sum(case when is_booked and direction = 'credit' and {{ condition }} then amount end), 0) as {{ name }},
        {%- endfor %}
        {%- set sums = {
            'refund_paid_amount': "activity_type = 'refund_out'",
            'supplier_payment_amount': "activity_type = 'supplier_payment'",
            'payroll_amount': "activity_type = 'payroll'",
            'rent_and_utility_amount': "activity_type in ('rent', 'utility_bill')",
            'tax_payment_amount': "activity_type = 'tax_payment'",
            'loan_payment_amount': "activity_type = 'loan_payment'",
            'insurance_amount': "activity_type = 'insurance'",
            'investment_amount': "activity_type = 'investment_purchase'",
            'drawings_amount': "activity_type in ('drawings', 'cash_withdrawal')",
            'own_transfer_out_amount': "activity_type = 'own_transfer_out'",
            'other_debit_amount': "activity_type not in ('refund_out', 'supplier_payment', 'payroll', 'rent', 'utility_bill',"
                " 'tax_payment', 'loan_payment', 'insurance', 'investment_purchase', 'drawings', 'cash_withdrawal',"
                " 'own_transfer_out')",
        } %}
        {%- for name, condition in sums.items() %}
        coalesce(sum(case when is_booked and direction = 'debit' and {{ condition }} then amount end), 0) as {{ name }},
        {%- endfor %}
        coalesce(sum(case when is_booked and direction = 'credit' then amount end), 0) as credit_amount,
        coalesce(sum(case when is_booked and direction = 'debit' then amount end), 0) as debit_amount,
        sum(case when is_booked then 1 else 0 end) as transaction_count,
        sum(case when is_booked and direction = 'credit' then 1 else 0 end) as credit_count,
        sum(case when is_booked and direction = 'debit' then 1 else 0 end) as debit_count,
        sum(case when is_booked and channel in ('Online', 'Mobile') then 1 else 0 end) as digital_count,
        sum(case when not is_booked then 1 else 0 end) as failed_debit_count
    from bookings
    group by business_id, month_start
),

covered as (
    select
        summed.business_id,
        summed.month_start,
        max(case when coverage.source_system is not null then 1 else 0 end) as is_covered
    from summed
    left join {{ ref('coverage') }} as coverage
        on
            summed.source_system = coverage.source_system
            and coverage.subject = 'transactions'
            and coverage.scope_id = '*'
            and coverage.known_at <= {{ knowledge_cutoff() }}
            and coverage.covered_from <= summed.month_start
            and coverage.covered_to >= cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, 'summed.month_start')) }} as date)
    group by summed.business_id, summed.month_start
)

select
    summed.business_id,
    summed.month_start,
    {{ month_index('summed.month_start') }} as month_index,
    covered.is_covered = 1 as is_covered,
    -- What customers paid: without loans, own transfers, capital, and refunds in either direction.
    summed.trade_receipt_amount + summed.retail_receipt_amount + summed.export_receipt_amount + summed.cash_deposit_amount
    - summed.refund_paid_amount as receipts_amount,
    summed.trade_receipt_amount,
    summed.retail_receipt_amount,
    summed.export_receipt_amount,
    summed.cash_deposit_amount,
    summed.refund_received_amount,
    summed.tax_refund_amount,
    summed.loan_disbursement_amount,
    summed.own_transfer_in_amount,
    summed.capital_in_amount,
    summed.other_credit_amount,
    summed.refund_paid_amount,
    summed.supplier_payment_amount,
    summed.payroll_amount,
    summed.rent_and_utility_amount,
    summed.tax_payment_amount,
    summed.loan_payment_amount,
    summed.insurance_amount,
    summed.investment_amount,
    summed.drawings_amount,
    summed.own_transfer_out_amount,
    summed.other_debit_amount,
    summed.credit_amount,
    summed.debit_amount,
    cast(summed.transaction_count as integer) as transaction_count,
    cast(summed.credit_count as integer) as credit_count,
    cast(summed.debit_count as integer) as debit_count,
    cast(summed.digital_count as integer) as digital_count,
    cast(summed.failed_debit_count as integer) as failed_debit_count
from summed
inner join covered on summed.business_id = covered.business_id and summed.month_start = covered.month_start
