-- All of a business's accounts with this bank, over each unbroken period of delivered days; no merchants.
{% set tables = {
    'transactions': 'transactions',
    'transaction_time': 'transactions',
    'channel': 'transactions',
    'failed_debit': 'transactions',
    'payments': 'payments_made',
} %}
with calendar as (
    select
        cast(booked_at as date) as booked_on,
        max(_load_id) as _load_id
    from {{ source('msme_bank', 'transactions') }}
    group by cast(booked_at as date)
),

{% for table in tables.values() | unique -%}
{{ table }}_delivered as (
    {{ delivered_periods('calendar', 'booked_on', 'msme_bank', table) }}
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
