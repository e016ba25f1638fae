with businesses as (
    {{ businesses_at_day() }}
),

accounts as (
    select
        businesses.business_id,
        owned_accounts.account_id,
        owned_accounts.source_system,
        owned_accounts.opened_on
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join businesses on owned_accounts.owner_party_id = businesses.party_id
    where owned_accounts.product_category in ('DEPOSIT', 'CREDIT')
),

bookings as (
    select
        accounts.business_id,
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

-- Every month since the first account, also one in which nothing was booked: its receipts are zero, not unknown.
calendar as (
    select distinct month_start from bookings
),

spine as (
    select
        opened.business_id,
        opened.source_system,
        opened.first_opened_on,
        calendar.month_start
    from (
        select
            business_id,
            min(source_system) as source_system,
            min(opened_on) as first_opened_on
        from accounts
        group by business_id
    ) as opened
    inner join calendar on {{ month_start('opened.first_opened_on') }} <= calendar.month_start
),

summed as (
    select
        business_id,
        month_start,
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
        spine.business_id,
        spine.month_start,
        max(case when coverage.source_system is not null then 1 else 0 end) as is_covered
    from spine
    left join {{ ref('coverage') }} as coverage
        on
            spine.source_system = coverage.source_system
            and coverage.subject = 'transactions'
            and coverage.scope_id = '*'
            and coverage.known_at <= {{ knowledge_cutoff() }}
            and spine.first_opened_on <= spine.month_start
            and spine.month_start >= coverage.covered_from
            and cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, 'spine.month_start')) }} as date)
            <= coverage.covered_to
    group by spine.business_id, spine.month_start
)

select
    covered.business_id,
    covered.month_start,
    {{ month_index('covered.month_start') }} as month_index,
    covered.is_covered = 1 as is_covered,
    -- What customers paid: without loans, own transfers, capital, and refunds in either direction.
    coalesce(
        summed.trade_receipt_amount + summed.retail_receipt_amount + summed.export_receipt_amount
        + summed.cash_deposit_amount - summed.refund_paid_amount, 0
    ) as receipts_amount,
    {%- for name in [
        'trade_receipt_amount', 'retail_receipt_amount', 'export_receipt_amount', 'cash_deposit_amount',
        'refund_received_amount', 'tax_refund_amount', 'loan_disbursement_amount', 'own_transfer_in_amount',
        'capital_in_amount', 'other_credit_amount', 'refund_paid_amount', 'supplier_payment_amount', 'payroll_amount',
        'rent_and_utility_amount', 'tax_payment_amount', 'loan_payment_amount', 'insurance_amount', 'investment_amount',
        'drawings_amount', 'own_transfer_out_amount', 'other_debit_amount', 'credit_amount', 'debit_amount'
    ] %}
    coalesce(summed.{{ name }}, 0) as {{ name }},
    {%- endfor %}
    {%- for name in [
        'transaction_count', 'credit_count', 'debit_count', 'digital_count', 'failed_debit_count'
    ] %}
    cast(coalesce(summed.{{ name }}, 0) as integer) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
from covered
left join summed on covered.business_id = summed.business_id and covered.month_start = summed.month_start
