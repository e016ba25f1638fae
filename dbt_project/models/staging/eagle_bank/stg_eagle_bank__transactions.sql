with czech as (
    select
        *,
        case type when 'PRIJEM' then 'credit' else 'debit' end as direction,
        case operation
            when 'VKLAD' then 'cash_in'
            when 'VYBER' then 'cash_out'
            when 'VYBER KARTOU' then 'card_cash_out'
            when 'PREVOD Z UCTU' then 'transfer_in'
            when 'PREVOD NA UCET' then 'transfer_out'
        end as movement,
        case k_symbol
            when 'UROK' then 'interest'
            when 'SANKC. UROK' then 'penalty_interest'
            when 'SLUZBY' then 'fee'
            when 'SIPO' then 'household_bill'
            when 'DUCHOD' then 'pension'
            when 'POJISTNE' then 'insurance'
            when 'UVER' then 'loan_payment'
        end as purpose
    from {{ source('eagle_bank', 'trans_1993_1994') }}
),

english as (
    select
        *,
        case type when 'credit' then 'credit' else 'debit' end as direction,
        case operation
            when 'credit in cash' then 'cash_in'
            when 'withdrawal in cash' then 'cash_out'
            when 'credit card withdrawal' then 'card_cash_out'
            when 'collection from another bank' then 'transfer_in'
            when 'remittance to another bank' then 'transfer_out'
        end as movement,
        case k_symbol
            when 'interest credited' then 'interest'
            when 'sanction interest if negative balance' then 'penalty_interest'
            when 'payment for statement' then 'fee'
            when 'household' then 'household_bill'
            when 'old-age pension' then 'pension'
            when 'insurrance payment' then 'insurance'
            when 'loan payment' then 'loan_payment'
        end as purpose
    from {{ source('eagle_bank', 'trans_preloan') }}
),

both_files as (
    select * from czech
    union all
    select * from english
),

mapped as (
    select
        {{ eagle_bank_id('transaction', 'cast(trans_id as ' ~ dbt.type_string() ~ ')') }} as transaction_id,
        'eagle_bank' as source_system,
        {{ eagle_bank_id('account', eagle_bank_number('A', 'account_id')) }} as account_id,
        {{ eagle_bank_date('date') }} as event_date,
        -- The bank books a day's credits before its debits, so balances rise, then fall: the order that the files,
        -- which know no hours, do not state. It follows the stated balances in 99.9 % of all steps.
        case
            when direction = 'credit' then cast(balance * 100 as bigint)
            else 1000000000000 - cast(balance * 100 as bigint)
        end as sequence_number,
        direction,
        amount,
        -- Incoming transfers stay transfers: only a pension is named as such, and a salary could be told from other
        -- regular transfers only by months that were not known yet.
        coalesce(
            purpose,
            case movement
                when 'cash_in' then 'cash_deposit'
                when 'cash_out' then 'cash_withdrawal'
                when 'card_cash_out' then 'cash_withdrawal'
                else movement
            end,
            'other'
        ) as activity_type,
        -- Interest, penalties and fees are the bank's own bookings, whatever operation it gives them.
        case
            when purpose in ('interest', 'penalty_interest', 'fee') then null
            when movement in ('cash_in', 'cash_out') then 'Branch'
            when movement = 'card_cash_out' then 'ATM'
        end as channel,
        bank as counterparty_bank,
        account as counterparty_account,
        balance as balance_after_amount,
        _delivered_on as delivered_on,
        _delivered_days as delivered_days,
        _load_id as load_id
    from both_files
)

select
    transaction_id,
    source_system,
    account_id,
    event_date,
    cast(null as timestamp) as event_at,
    sequence_number,
    direction,
    amount,
    'CZK' as currency,
    amount as reporting_amount,
    activity_type,
    true as is_booked,
    channel,
    cast(null as {{ dbt.type_string() }}) as merchant_id,
    cast(null as {{ dbt.type_string() }}) as merchant_category,
    cast(null as boolean) as is_international,
    cast(null as boolean) as is_fraud,
    cast(null as boolean) as is_recurring,
    counterparty_bank,
    counterparty_account,
    balance_after_amount,
    delivered_on,
    delivered_days,
    {{ row_hash([
        'transaction_id', 'account_id', 'event_date', 'direction', 'amount', 'activity_type', 'channel',
        'counterparty_bank', 'counterparty_account', 'balance_after_amount'
    ]) }} as row_hash,
    {{ known_at_history('event_date') }} as known_at,
    load_id
from mapped
