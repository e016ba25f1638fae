-- The source delivers whole days, all its files together, and says no more: a day is covered where its busiest table has
-- rows and the file of the subject was not refused. Within a covered day nothing of one kind is a real zero; a day not
-- delivered yet, or refused, is unknown. The days up to a cut-off were covered by that cut-off, so a statement counts from
-- the end of its first day: with the last day's, no day of the past would be covered in hindsight.
{% set tables = {
    'transactions': 'transactions',
    'transaction_time': 'transactions',
    'channel': 'transactions',
    'merchant': 'transactions',
    'failed_debit': 'transactions',
    'lending_app': 'transactions',
    'gambling': 'transactions',
    'payments': 'payments_made',
    'bureau': 'bureau_reports',
    'balances': 'daily_balances',
} %}
with calendar as (
    select
        cast(booked_at as date) as booked_on,
        max(_load_id) as _load_id
    from {{ source('core_banking', 'transactions') }}
    group by cast(booked_at as date)
),

{% for table in tables.values() | unique -%}
{{ table }}_delivered as (
    {{ delivered_periods('calendar', 'booked_on', 'core_banking', table) }}
),

{% endfor -%}
delivered as (
    {%- for subject, table in tables.items() %}
    select
        '{{ subject }}' as subject,
        covered_from,
        covered_to,
        load_id
    from {{ table }}_delivered
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select
    'core_banking' as source_system,
    subject,
    '*' as scope_id,
    covered_from,
    covered_to,
    {{ known_at_history('covered_from') }} as known_at,
    load_id
from delivered
