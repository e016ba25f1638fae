{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['account_id', 'activity_date'],
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_emptied_signal_days() }}",
        indexes=[
            {'columns': ['account_id', 'activity_date', 'part_no', 'known_at', 'visible_until']},
            {'columns': ['activity_date']},
            {'columns': ['load_id']},
            {'columns': ['payment_load_id']},
            {'columns': ['balance_load_id']}
        ]
    )
}}
{#- Rows are written in the order of days, so that the days of a window lie together. -#}
{%- set signals = day_signals() -%}
{%- set incremental = day_signals_are_current() -%}
with
{% if incremental %}
affected as (
    {{ touched_account_days() }}
    union
    {{ touched_payment_days() }}
    union
    {{ touched_balance_days() }}
),
{% endif %}
activity as (
    select
        activity.account_id,
        activity.activity_date,
        activity.known_at,
        activity.visible_until
        {%- for signal in signals %},
        {{ day_value(signal, 'flow') }} as {{ signal.name }}
        {%- endfor %},
        cast(closing_balance_amount * 100 as double precision) as closing_balance,
        row_number() over (
            partition by activity.account_id, activity.activity_date
            order by last_sequence_number asc nulls first, known_at asc, visible_until asc
        ) as part_no,
        load_id,
        cast(null as bigint) as payment_load_id,
        cast(null as double precision) as stated_balance,
        cast(null as bigint) as balance_load_id
    from {{ ref('account_daily_activity') }} as activity
    {%- if incremental %}
    inner join affected
        on activity.account_id = affected.account_id and activity.activity_date = affected.activity_date
    {%- endif %}
),

booked as (
    select
        transactions.account_id,
        transactions.event_date as activity_date,
        transactions.known_at,
        coalesce(transactions.superseded_at, {{ end_of_time() }}) as visible_until,
        transactions.direction,
        transactions.activity_type,
        transactions.reporting_amount,
        extract(hour from {{ instant_to_local('transactions.event_at') }}) as local_hour
    from {{ ref('transactions') }} as transactions
    {%- if incremental %}
    inner join affected
        on transactions.account_id = affected.account_id and transactions.event_date = affected.activity_date
    {%- endif %}
    where
        transactions.is_booked
        and {{ ever_visible('transactions') }}
),

bookings as (
    select
        account_id,
        activity_date,
        known_at,
        visible_until
        {%- for signal in signals %},
        {{ day_value(signal, 'booking') }} as {{ signal.name }}
        {%- endfor %},
        cast(null as double precision) as closing_balance,
        cast(null as bigint) as part_no,
        cast(null as bigint) as load_id,
        cast(null as bigint) as payment_load_id,
        cast(null as double precision) as stated_balance,
        cast(null as bigint) as balance_load_id
    from booked
    group by account_id, activity_date, known_at, visible_until
),

-- A payment says how late it is once both it and its due day are known.
paid as (
    select
        made.loan_id as account_id,
        made.paid_on as activity_date,
        greatest(made.known_at, due.known_at) as known_at,
        least(
            coalesce(made.superseded_at, {{ end_of_time() }}), coalesce(due.superseded_at, {{ end_of_time() }})
        ) as visible_until,
        due.due_on,
        made.paid_on,
        due.due_amount,
        made.paid_amount,
        greatest(0, {{ dbt.datediff('due.due_on', 'made.paid_on', 'day') }}) as days_late,
        greatest(made.load_id, due.load_id) as payment_load_id
    from {{ ref('payments_made') }} as made
    inner join {{ ref('payments_due') }} as due on made.payment_id = due.payment_id
    {%- if incremental %}
    inner join affected
        on made.loan_id = affected.account_id and made.paid_on = affected.activity_date
    {%- endif %}
),

instalments as (
    select
        account_id,
        activity_date,
        known_at,
        visible_until
        {%- for signal in signals %},
        {{ day_value(signal, 'instalment') }} as {{ signal.name }}
        {%- endfor %},
        cast(null as double precision) as closing_balance,
        cast(null as bigint) as part_no,
        cast(null as bigint) as load_id,
        max(payment_load_id) as payment_load_id,
        cast(null as double precision) as stated_balance,
        cast(null as bigint) as balance_load_id
    from paid
    where known_at < visible_until
    group by account_id, activity_date, known_at, visible_until
),

-- A balance stated for a day holds at its end, after all transactions of that day, as in account_positions.
stated as (
    select
        balances.account_id,
        balances.balance_on as activity_date,
        balances.known_at,
        coalesce(balances.superseded_at, {{ end_of_time() }}) as visible_until
        {%- for signal in signals %},
        cast(null as double precision) as {{ signal.name }}
        {%- endfor %},
        cast(null as double precision) as closing_balance,
        cast({{ last_part_no() }} as bigint) as part_no,
        cast(null as bigint) as load_id,
        cast(null as bigint) as payment_load_id,
        cast(balances.balance_amount * 100 as double precision) as stated_balance,
        balances.load_id as balance_load_id
    from {{ ref('account_balances') }} as balances
    {%- if incremental %}
    inner join affected
        on balances.account_id = affected.account_id and balances.balance_on = affected.activity_date
    {%- endif %}
    where {{ ever_visible('balances') }}
)

select
    account_id,
    activity_date,
    known_at,
    visible_until,
    cast(coalesce(max(part_no), 0) as integer) as part_no,
    cast(count(coalesce(max(stated_balance), max(closing_balance))) over (
        partition by activity_date, account_id
    ) as integer) as balance_parts_count,
    coalesce(max(stated_balance), max(closing_balance)) as closing_balance
    {%- for signal in signals %},
    max({{ signal.name }}) as {{ signal.name }}
    {%- endfor %},
    max(load_id) as load_id,
    max(payment_load_id) as payment_load_id,
    max(balance_load_id) as balance_load_id,
    '{{ day_signals_version() }}' as signals_version
from (
    select * from activity
    union all
    select * from bookings
    union all
    select * from instalments
    union all
    select * from stated
) as parts
group by account_id, activity_date, known_at, visible_until
order by activity_date, account_id
