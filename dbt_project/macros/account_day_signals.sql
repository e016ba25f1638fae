{# Parts of the incremental model features.account_day_signals. #}

{# Signals that are measured on a day; those of weeks come from them. #}
{% macro day_signals() -%}
    {{ return(signals_of(['flow', 'booking', 'instalment'])) }}
{%- endmacro %}

{# Fingerprint of the definitions that the table's rows come from. #}
{% macro day_signals_version() -%}
    {#- What the balance of a day is follows no signal's definition. -#}
    {%- set definitions = {'closing_balance': 'stated, else booked last'} -%}
    {%- for signal in day_signals() -%}
        {%- do definitions.update({signal.name: [signal.kind, signal.unit, signal.aggregation, signal.expression]}) -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(definitions, sort_keys=true))[:12]) }}
{%- endmacro %}

{# Whether the table holds rows of these definitions: after a change of one every row is written anew. #}
{% macro day_signals_are_current() -%}
    {%- if not (execute and is_incremental()) -%}{{ return(false) }}{%- endif -%}
    {%- if 'signals_version' not in adapter.get_columns_in_relation(this) | map(attribute='name') -%}{{ return(false) }}{%- endif -%}
    {%- set stored = run_query("select signals_version from " ~ this ~ " limit 1").columns[0].values() -%}
    {{ return(stored | length == 0 or stored[0] == day_signals_version()) }}
{%- endmacro %}

{# Number of the part that comes after all others. #}
{% macro last_part_no() -%}
    2147483647
{%- endmacro %}

{# The part of a day's signal that comes from rows of one kind; NULL for the others, and for nothing: a row stays short. #}
{% macro day_value(signal, kind) -%}
    {%- if signal.kind != kind -%}
        cast(null as double precision)
    {%- elif kind == 'flow' -%}
        cast(nullif(({{ signal.expression }}){{ " * 100" if signal.unit == 'amount' }}, 0) as double precision)
    {%- elif signal.aggregation == 'max' -%}
        cast(max({{ signal.expression }}){{ " * 100" if signal.unit == 'amount' }} as double precision)
    {%- else -%}
        cast(nullif(sum({{ signal.expression }}){{ " * 100" if signal.unit == 'amount' }}, 0) as double precision)
    {%- endif -%}
{%- endmacro %}

{# Instalments with a load newer than the table; every day on which a version of theirs was paid is looked at anew. #}
{% macro touched_payment_days() -%}
    select distinct
        made.loan_id as account_id,
        made.paid_on as activity_date
    from {{ ref('payments_made') }} as made
    inner join (
        select payment_id
        from {{ ref('payments_made') }}
        where load_id > (select coalesce(max(payment_load_id), 0) from {{ this }})
        union
        select payment_id
        from {{ ref('payments_due') }}
        where load_id > (select coalesce(max(payment_load_id), 0) from {{ this }})
    ) as newer on made.payment_id = newer.payment_id
{%- endmacro %}

{# Days of balances with a load newer than the table. #}
{% macro touched_balance_days() -%}
    select distinct
        account_id,
        balance_on as activity_date
    from {{ ref('account_balances') }}
    where load_id > (select coalesce(max(balance_load_id), 0) from {{ this }})
{%- endmacro %}

{# delete+insert deletes only groups that come anew: a day that became empty would stay. #}
{% macro delete_emptied_signal_days() -%}
    {%- if day_signals_are_current() -%}
    delete from {{ this }}
    where (account_id, activity_date) in (
        select touched.account_id, touched.activity_date
        from (
            {{ touched_account_days() }}
            union
            {{ touched_payment_days() }}
            union
            {{ touched_balance_days() }}
        ) as touched
        where
            not exists (
                select 1
                from {{ ref('account_daily_activity') }} as remaining
                where
                    remaining.account_id = touched.account_id
                    and remaining.activity_date = touched.activity_date
            )
            and not exists (
                select 1
                from {{ ref('payments_made') }} as remaining
                where
                    remaining.loan_id = touched.account_id
                    and remaining.paid_on = touched.activity_date
                    and {{ ever_visible('remaining') }}
            )
            and not exists (
                select 1
                from {{ ref('account_balances') }} as remaining
                where
                    remaining.account_id = touched.account_id
                    and remaining.balance_on = touched.activity_date
                    and {{ ever_visible('remaining') }}
            )
    )
    {%- endif -%}
{%- endmacro %}
