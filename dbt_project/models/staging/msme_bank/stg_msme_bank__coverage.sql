-- All of a business's accounts with this bank, from its first booking to the last one delivered, without the days of refused
-- files; no merchants. A day on which none of few firms booked anything is an ordinary one.
{% set tables = {
    'transactions': 'transactions',
    'transaction_time': 'transactions',
    'channel': 'transactions',
    'failed_debit': 'transactions',
    'payments': 'payments_made',
} %}
with calendar as (
    {{ every_day(source('msme_bank', 'transactions'), 'cast(booked_at as date)') }}
),

{% for table in tables.values() | unique -%}
{{ table }}_delivered as (
    {{ delivered_periods('calendar', 'covered_day', 'msme_bank', table) }}
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
    'msme_bank' as source_system,
    subject,
    '*' as scope_id,
    covered_from,
    covered_to,
    {{ known_at_history('covered_from') }} as known_at,
    load_id
from delivered
