with merchants as (
    select * from {{ latest_version(source('core_banking', 'merchants'), ['merchant_no']) }} as latest
)

select
    'core_banking:transaction:' || cast(booked.txn_id as text) as transaction_id,
    'core_banking' as source_system,
    'core_banking:account:' || cast(booked.account_no as text) as account_id,
    cast(booked.booked_at as date) as event_date,
    {{ local_to_instant("booked.booked_at") }} as event_at,
    booked.txn_id as sequence_number,
    case booked.dr_cr when 'C' then 'credit' when 'D' then 'debit' end as direction,
    booked.amount,
    booked.currency,
    -- There are no exchange rates here: an amount in another currency stays NULL and stops the input layer.
    case
        when booked.currency = '{{ portfolio("currency") }}' then booked.amount
    end as reporting_amount,
    case booked.txn_code
        when 'SALARY' then 'salary'
        when 'PENSION' then 'pension'
        -- BENEFIT is paid by the benefit registry, UNEMP by the state's unemployment insurance.
        when 'BENEFIT' then 'benefit'
        when 'UNEMP' then 'benefit'
        when 'CASH_DEP' then 'cash_deposit'
        when 'CASH_WD' then 'cash_withdrawal'
        when 'CARD' then case when merchants.category = 'Gambling' then 'gambling' else 'card_payment' end
        when 'TRF_IN' then 'transfer_in'
        when 'TRF_OUT' then 'transfer_out'
        when 'OWN_IN' then 'own_transfer_in'
        when 'OWN_OUT' then 'own_transfer_out'
        when 'HOUSING' then 'household_bill'
        when 'UTILITY' then 'utility_bill'
        when 'INSURANCE' then 'insurance'
        when 'LOAN_OUT' then 'loan_disbursement'
        when 'LOAN_PAY' then 'loan_payment'
        when 'INTEREST' then 'interest'
        when 'FEE' then 'fee'
        when 'DD_FAIL' then 'failed_debit'
        when 'APPLOAN_IN' then 'lending_app_in'
        when 'APPLOAN_OUT' then 'lending_app_out'
    end as activity_type,
    booked.status = 'BOOKED' as is_booked,
    case booked.channel_code
        when 'ATM' then 'ATM'
        when 'BR' then 'Branch'
        when 'WEB' then 'Online'
        when 'APP' then 'Mobile'
        when 'POS' then 'POS'
    end as channel,
    'core_banking:merchant:' || cast(booked.merchant_no as text) as merchant_id,
    merchants.category as merchant_category,
    booked.abroad = 'Y' as is_international,
    booked.fraud = 'Y' as is_fraud,
    booked.standing_order = 'Y' as is_recurring,
    cast(null as text) as counterparty_bank,
    cast(booked.counterparty_account_no as text) as counterparty_account,
    booked.balance_after as balance_after_amount,
    booked._delivered_on as delivered_on,
    booked._delivered_days as delivered_days,
    booked._row_hash as row_hash,
    {{ known_at_history('cast(booked.booked_at as date)') }} as known_at,
    -- A merchant that comes, or changes its category, after its transactions must reach them.
    greatest(booked._load_id, coalesce(merchants._load_id, 0)) as load_id
from {{ source('core_banking', 'transactions') }} as booked
left join merchants on booked.merchant_no = merchants.merchant_no
