{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['account_id', 'activity_date'],
        on_schema_change='fail',
        pre_hook="{{ delete_emptied_account_days() }}",
        indexes=[
            {'columns': ['account_id', 'activity_date', 'known_at', 'visible_until'], 'unique': true},
            {'columns': ['party_id', 'activity_date']},
            {'columns': ['load_id']}
        ]
    )
}}
with owners as (
    select * from {{ ref('account_owners') }}
),

{% if is_incremental() %}
-- Days with new transactions, and days whose owner the source has corrected since.
affected as (
    {{ touched_account_days() }}
    union
    select rolled_up.account_id, rolled_up.activity_date
    from {{ this }} as rolled_up
    left join owners
        on
            rolled_up.account_id = owners.account_id
            and rolled_up.activity_date >= owners.valid_from
            and (owners.valid_to is null or rolled_up.activity_date < owners.valid_to)
    where rolled_up.party_id is distinct from owners.party_id
),
{% endif %}
visible as (
    select
        transactions.*,
        coalesce(transactions.superseded_at, {{ end_of_time() }}) as visible_until,
        transactions.is_booked and transactions.direction = 'credit' as is_credit,
        transactions.is_booked and transactions.direction = 'debit' as is_debit,
        row_number() over (
            partition by
                transactions.account_id, transactions.event_date, transactions.known_at, transactions.superseded_at,
                transactions.is_booked
            order by
                transactions.sequence_number desc nulls last, transactions.event_at desc nulls last,
                transactions.transaction_id desc
        ) as rank_from_last
    from {{ ref('transactions') }} as transactions
    {%- if is_incremental() %}
    inner join affected
        on transactions.account_id = affected.account_id and transactions.event_date = affected.activity_date
    {%- endif %}
    where {{ ever_visible('transactions') }}
),

daily as (
    select
        account_id,
        event_date as activity_date,
        known_at,
        visible_until,
        count(*) filter (where is_booked) as transaction_count,
        count(*) filter (where is_credit) as credit_count,
        count(*) filter (where is_debit) as debit_count,
        coalesce(sum(reporting_amount) filter (where is_credit), 0) as credit_amount,
        coalesce(sum(reporting_amount) filter (where is_debit), 0) as debit_amount,
        coalesce(
            sum(reporting_amount) filter (where is_credit and activity_type in {{ income_activity_types() }}), 0
        ) as income_amount,
        coalesce(sum(reporting_amount) filter (where is_credit and activity_type = 'salary'), 0) as salary_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type in {{ spending_activity_types() }}), 0
        ) as spending_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'own_transfer_out'), 0
        ) as own_transfer_out_amount,
        count(*) filter (where is_debit and activity_type = 'cash_withdrawal') as cash_withdrawal_count,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'cash_withdrawal'), 0
        ) as cash_withdrawal_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'cash_withdrawal' and channel = 'ATM'), 0
        ) as atm_withdrawal_amount,
        coalesce(
            sum(reporting_amount) filter (where is_credit and activity_type = 'cash_deposit'), 0
        ) as cash_deposit_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'household_bill'), 0
        ) as household_bill_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'utility_bill'), 0
        ) as utility_bill_amount,
        coalesce(
            sum(reporting_amount) filter (where is_debit and activity_type = 'loan_payment'), 0
        ) as loan_payment_amount,
        count(*) filter (where is_booked and activity_type = 'penalty_interest') as penalty_interest_count,
        count(*) filter (where activity_type = 'failed_debit') as failed_debit_count,
        count(*) filter (
            where is_booked and activity_type in ('lending_app_in', 'lending_app_out')
        ) as lending_app_count,
        coalesce(sum(reporting_amount) filter (
            where is_booked and activity_type in ('lending_app_in', 'lending_app_out')
        ), 0) as lending_app_amount,
        count(*) filter (where is_debit and activity_type = 'gambling') as gambling_count,
        coalesce(sum(reporting_amount) filter (where is_debit and activity_type = 'gambling'), 0) as gambling_amount,
        count(*) filter (where is_booked and channel = 'Mobile') as mobile_count,
        count(*) filter (where is_booked and channel = 'Online') as online_count,
        count(*) filter (where is_booked and extract(dow from event_date) in (0, 6)) as weekend_count,
        count(*) filter (where is_booked and is_international) as international_count,
        count(*) filter (where is_booked and is_fraud) as fraud_count,
        max(reporting_amount) filter (where is_debit) as max_debit_amount,
        count(distinct merchant_category) filter (where is_booked) as unique_category_count,
        max(sequence_number) filter (where is_booked and rank_from_last = 1) as last_sequence_number,
        max(balance_after_amount) filter (where is_booked and rank_from_last = 1) as closing_balance_amount,
        min(balance_after_amount) filter (where is_booked) as min_balance_amount,
        max(load_id) as load_id
    from visible
    group by account_id, event_date, known_at, visible_until
)

-- The casts keep the types equal from run to run: an incremental model refuses numeric for numeric(18, 2).
select
    daily.account_id,
    owners.party_id,
    daily.activity_date,
    daily.known_at,
    daily.visible_until,
    daily.transaction_count,
    daily.credit_count,
    daily.debit_count,
    cast(daily.credit_amount as numeric(18, 2)) as credit_amount,
    cast(daily.debit_amount as numeric(18, 2)) as debit_amount,
    cast(daily.income_amount as numeric(18, 2)) as income_amount,
    cast(daily.salary_amount as numeric(18, 2)) as salary_amount,
    cast(daily.spending_amount as numeric(18, 2)) as spending_amount,
    cast(daily.own_transfer_out_amount as numeric(18, 2)) as own_transfer_out_amount,
    daily.cash_withdrawal_count,
    cast(daily.cash_withdrawal_amount as numeric(18, 2)) as cash_withdrawal_amount,
    cast(daily.atm_withdrawal_amount as numeric(18, 2)) as atm_withdrawal_amount,
    cast(daily.cash_deposit_amount as numeric(18, 2)) as cash_deposit_amount,
    cast(daily.household_bill_amount as numeric(18, 2)) as household_bill_amount,
    cast(daily.utility_bill_amount as numeric(18, 2)) as utility_bill_amount,
    cast(daily.loan_payment_amount as numeric(18, 2)) as loan_payment_amount,
    daily.penalty_interest_count,
    daily.failed_debit_count,
    daily.lending_app_count,
    cast(daily.lending_app_amount as numeric(18, 2)) as lending_app_amount,
    daily.gambling_count,
    cast(daily.gambling_amount as numeric(18, 2)) as gambling_amount,
    daily.mobile_count,
    daily.online_count,
    daily.weekend_count,
    daily.international_count,
    daily.fraud_count,
    cast(daily.max_debit_amount as numeric(18, 2)) as max_debit_amount,
    daily.unique_category_count,
    daily.last_sequence_number,
    cast(daily.closing_balance_amount as numeric(18, 2)) as closing_balance_amount,
    cast(daily.min_balance_amount as numeric(18, 2)) as min_balance_amount,
    daily.load_id
from daily
left join owners
    on
        daily.account_id = owners.account_id
        and daily.activity_date >= owners.valid_from
        and (owners.valid_to is null or daily.activity_date < owners.valid_to)
