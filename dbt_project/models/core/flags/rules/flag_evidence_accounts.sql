-- What happens on the account right after a benefit. The bank's own bookings (interest, fees) are no movement.
with paid_accounts as (
    select distinct account_id
    from {{ ref('benefit_payments') }}
    where account_id is not null
),

movements as (
    select
        transactions.account_id,
        transactions.source_system,
        transactions.event_date,
        transactions.event_at,
        transactions.direction,
        transactions.activity_type,
        transactions.reporting_amount
    from {{ ref('transactions') }} as transactions
    inner join paid_accounts on transactions.account_id = paid_accounts.account_id
    where
        transactions.is_booked
        and transactions.activity_type not in ('interest', 'penalty_interest', 'fee')
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

-- One row per account and day on which it was paid a benefit.
credits as (
    select
        payments.account_id,
        payments.paid_on,
        sum(payments.amount) as benefit_amount,
        {{ sorted_list('payments.event_id') }} as payment_ids
    from {{ ref('benefit_payments') }} as payments
    where payments.account_id is not null
    group by payments.account_id, payments.paid_on
    having sum(payments.amount) > 0
),

credit_instants as (
    select
        account_id,
        event_date,
        min(event_at) as credited_at
    from movements
    where activity_type = 'benefit' and direction = 'credit'
    group by account_id, event_date
),

recipients as (
    select distinct
        account_id,
        paid_on,
        gr_id
    from {{ ref('benefit_payments') }}
    where account_id is not null
),

known_coverage as (
    select
        source_system,
        scope_id,
        covered_from,
        covered_to
    from {{ ref('coverage') }}
    where subject = 'transactions' and known_at <= {{ knowledge_cutoff() }}
),

movement_days as (
    select
        account_id,
        event_date,
        lag(event_date) over (partition by account_id order by event_date) as moved_before_on
    from (
        select distinct
            account_id,
            event_date
        from movements
    ) as days
),

-- Quiet is only what the source covered: an account that is new, or a day not delivered, is not asleep.
woken as (
    select distinct
        credits.account_id,
        credits.paid_on
    from credits
    inner join movement_days
        on credits.account_id = movement_days.account_id and credits.paid_on = movement_days.event_date
    inner join {{ ref('owned_accounts') }} as owned_accounts on credits.account_id = owned_accounts.account_id
    inner join known_coverage
        on
            owned_accounts.source_system = known_coverage.source_system
            and known_coverage.scope_id in ('*', credits.account_id)
            and known_coverage.covered_from <= {{ days_after('credits.paid_on', '-' ~ flag_rule('dormant_days')) }}
            and credits.paid_on <= known_coverage.covered_to
    where
        owned_accounts.opened_on <= {{ days_after('credits.paid_on', '-' ~ flag_rule('dormant_days')) }}
        and (
            movement_days.moved_before_on is null
            or movement_days.moved_before_on < {{ days_after('credits.paid_on', '-' ~ flag_rule('dormant_days')) }}
        )
),

-- In and out since the account woke, day by day: a second benefit on the last day of the week hides nothing.
week_days as (
    select
        woken.account_id,
        woken.paid_on,
        movements.event_date,
        sum(case when movements.direction = 'debit' then movements.reporting_amount else 0 end) as debit_amount,
        sum(case when movements.direction = 'credit' then movements.reporting_amount else 0 end) as credit_amount
    from woken
    inner join movements
        on
            woken.account_id = movements.account_id
            and movements.event_date between woken.paid_on
            and {{ days_after('woken.paid_on', flag_rule('drained_days')) }}
    group by woken.account_id, woken.paid_on, movements.event_date
),

since_woken as (
    select
        account_id,
        paid_on,
        event_date,
        sum(debit_amount) over (
            partition by account_id, paid_on
            order by event_date rows between unbounded preceding and current row
        ) as debit_amount,
        sum(credit_amount) over (
            partition by account_id, paid_on
            order by event_date rows between unbounded preceding and current row
        ) as credit_amount
    from week_days
),

emptied as (
    select
        account_id,
        paid_on,
        min(event_date) as emptied_on,
        max(debit_amount / credit_amount) as drained_share
    from since_woken
    where credit_amount > 0 and debit_amount >= {{ flag_rule('drained_share') }} * credit_amount
    group by account_id, paid_on
),

drained as (
    select
        recipients.gr_id,
        emptied.emptied_on,
        emptied.paid_on,
        emptied.drained_share,
        credits.payment_ids
    from emptied
    inner join recipients on emptied.account_id = recipients.account_id and emptied.paid_on = recipients.paid_on
    inner join credits on emptied.account_id = credits.account_id and emptied.paid_on = credits.paid_on
),

-- To the hour where the source tells it, else the day of payment and the two that follow.
cashed as (
    select
        credits.account_id,
        credits.paid_on,
        credits.benefit_amount,
        credits.payment_ids,
        coalesce(sum(movements.reporting_amount), 0) as cash_amount
    from credits
    left join credit_instants
        on credits.account_id = credit_instants.account_id and credits.paid_on = credit_instants.event_date
    left join movements
        on
            credits.account_id = movements.account_id
            and movements.activity_type = 'cash_withdrawal'
            and movements.event_date between credits.paid_on and {{ days_after('credits.paid_on', 2) }}
            and (
                movements.event_at is null or credit_instants.credited_at is null
                or (
                    credit_instants.credited_at <= movements.event_at
                    and movements.event_at
                    <= credit_instants.credited_at + interval '{{ flag_rule("cash_hours") }} hours'
                )
            )
    group by credits.account_id, credits.paid_on, credits.benefit_amount, credits.payment_ids
),

cash_order as (
    select
        cashed.*,
        row_number() over (partition by account_id order by paid_on) as payment_no,
        row_number() over (
            partition by
                account_id,
                case when cash_amount > {{ flag_rule('cash_share') }} * benefit_amount then 1 else 0 end
            order by paid_on
        ) as kind_no
    from cashed
),

-- Payments in a row: in their order both numbers rise alike.
cash_runs as (
    select
        cash_order.*,
        row_number() over (partition by account_id, payment_no - kind_no order by paid_on) as run_no,
        count(*) over (partition by account_id, payment_no - kind_no) as run_length
    from cash_order
    where cash_amount > {{ flag_rule('cash_share') }} * benefit_amount
),

cash_evidence as (
    select
        recipients.gr_id,
        cash_runs.paid_on,
        min(cash_runs.cash_amount / cash_runs.benefit_amount) as cash_share,
        max(cash_runs.run_no) as run_no,
        {{ sorted_list('cash_runs.payment_ids') }} as payment_ids
    from cash_runs
    inner join recipients
        on cash_runs.account_id = recipients.account_id and cash_runs.paid_on = recipients.paid_on
    where cash_runs.run_length >= {{ flag_rule('cash_times') }}
    group by recipients.gr_id, cash_runs.paid_on
)

select
    gr_id,
    'dormant_account_woken_by_benefit' as flag_type,
    emptied_on as evidence_on,
    emptied_on as held_until,
    payment_ids as evidence_key,
    least(drained_share, 1.0) as score,
    'An account without a movement for {{ flag_rule("dormant_days") }} days was paid a benefit and emptied by '
    || cast(cast(least(100 * drained_share, 100) as integer) as {{ dbt.type_string() }})
    || ' percent within {{ flag_rule("drained_days") }} days' as evidence,
    {{ json_text([
        ['paid_on', 'paid_on', false],
        ['drained_share', 'cast(least(drained_share, 1) as numeric(9, 4))', true],
    ]) }} as facts
from drained
union all
select
    gr_id,
    'cash_out_within_48h' as flag_type,
    paid_on as evidence_on,
    paid_on as held_until,
    payment_ids as evidence_key,
    least(0.5 + 0.05 * (run_no - 1), 0.9) as score,
    'A benefit was drawn in cash within {{ flag_rule("cash_hours") }} hours, number '
    || cast(run_no as {{ dbt.type_string() }}) || ' in a row' as evidence,
    {{ json_text([
        ['paid_on', 'paid_on', false],
        ['cash_share', 'cast(least(cash_share, 9) as numeric(9, 4))', true],
        ['in_a_row', 'run_no', true],
    ]) }} as facts
from cash_evidence
