select
    'msme_bank:transaction:' || cast(txn_id as {{ dbt.type_string() }}) as transaction_id,
    'msme_bank' as source_system,
    'msme_bank:account:' || account_no as account_id,
    cast(booked_at as date) as event_date,
    {{ local_to_instant("booked_at") }} as event_at,
    txn_id as sequence_number,
    case dr_cr when 'C' then 'credit' when 'D' then 'debit' end as direction,
    amount,
    currency,
    -- There are no exchange rates here: an amount in another currency stays NULL and stops the input layer.
    case when currency = '{{ portfolio("currency") }}' then amount end as reporting_amount,
    case txn_code
        when 'SALE_B2B' then 'trade_receipt'
        when 'SALE_RETAIL' then 'retail_receipt'
        when 'SALE_ONDC' then 'retail_receipt'
        when 'SALE_EXPORT' then 'export_receipt'
        when 'CASH_DEP' then 'cash_deposit'
        when 'REFUND_IN' then 'refund_in'
        when 'REFUND_OUT' then 'refund_out'
        when 'TAX_REFUND' then 'tax_refund'
        when 'SUPPLIER' then 'supplier_payment'
        when 'PAYROLL' then 'payroll'
        when 'RENT' then 'rent'
        when 'UTILITY' then 'utility_bill'
        when 'TAX' then 'tax_payment'
        when 'LOAN_OUT' then 'loan_disbursement'
        when 'EMI' then 'loan_payment'
        when 'OWN_IN' then 'own_transfer_in'
        when 'OWN_OUT' then 'own_transfer_out'
        when 'CAPITAL_IN' then 'capital_in'
        when 'DRAWINGS' then 'drawings'
        when 'CASH_WD' then 'cash_withdrawal'
        when 'INSURANCE' then 'insurance'
        when 'FUND_SIP' then 'investment_purchase'
        when 'FUND_REDEEM' then 'investment_redemption'
        when 'INTEREST' then 'interest'
        when 'FEE' then 'fee'
        when 'DD_FAIL' then 'failed_debit'
    end as activity_type,
    status = 'BOOKED' as is_booked,
    case channel_code
        when 'NEFT' then 'Online'
        when 'RTGS' then 'Online'
        when 'UPI' then 'Mobile'
        when 'APP' then 'Mobile'
        when 'POS' then 'POS'
        when 'BR' then 'Branch'
        when 'ATM' then 'ATM'
    end as channel,
    cast(null as {{ dbt.type_string() }}) as merchant_id,
    cast(null as {{ dbt.type_string() }}) as merchant_category,
    txn_code = 'SALE_EXPORT' as is_international,
    cast(null as boolean) as is_fraud,
    cast(null as boolean) as is_recurring,
    cast(null as {{ dbt.type_string() }}) as counterparty_bank,
    counterparty_account_no as counterparty_account,
    balance_after as balance_after_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('cast(booked_at as date)') }} as known_at,
    _load_id as load_id
from {{ source('msme_bank', 'transactions') }}
