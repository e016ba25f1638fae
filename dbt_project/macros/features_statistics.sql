{# Weeks to statistics; part of feature_ctes. #}

{# Order within an aggregate whose sum is not exact. Spark has no such clause: there the rows come sorted from the window before. #}
{% macro in_week_order() -%}
    {{ return(adapter.dispatch('in_week_order', 'assay')()) }}
{%- endmacro %}

{% macro default__in_week_order() -%}
    {{ return(' order by week_index') }}
{%- endmacro %}

{% macro spark__in_week_order() -%}
    {{ return('') }}
{%- endmacro %}

{# A statistic of a signal's covered weeks; amounts become amounts again here. #}
{% macro statistic_expression(signal, statistic) -%}
    {%- set x = signal.name -%}
    {%- set ordered = in_week_order() -%}
    {%- set recent = "case when week_index >= 10 then " ~ x ~ " end" -%}
    {%- set earlier = "case when week_index <= 9 then " ~ x ~ " end" -%}
    {%- set expressions = {
        'mean': "avg(" ~ x ~ ordered ~ ")",
        'std': "stddev_pop(" ~ x ~ ordered ~ ")",
        'min': "min(" ~ x ~ ")",
        'max': "max(" ~ x ~ ")",
        'sum': "sum(" ~ x ~ ordered ~ ")",
        'last': "max(" ~ x ~ ") filter (where week_index = 13)",
        'trend': "regr_slope(" ~ x ~ ", week_index" ~ ordered ~ ")",
        'recent': "avg(" ~ recent ~ ordered ~ ")",
        'earlier': "avg(" ~ earlier ~ ordered ~ ")",
        'cv': "stddev_pop(" ~ x ~ ordered ~ ") / nullif(avg(" ~ x ~ ordered ~ "), 0)",
        'change_ratio': "(avg(" ~ recent ~ ordered ~ ") - avg(" ~ earlier ~ ordered ~ ")) / nullif(avg(" ~ x ~ ordered ~ "), 0)"
    } -%}
    {{ expressions[statistic] }}{{ " / 100.0" if signal.unit == 'amount' and statistic not in ('cv', 'change_ratio') }}
{%- endmacro %}

{# Whether the week of a row is covered for all that a signal needs. #}
{% macro covers(signal) -%}
    {%- for subject in signal.coverage -%}covers_{{ subject }}{{ " and " if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro feature_statistic_ctes(needs, subjects) %}
{%- set flows = signals_of(['flow', 'booking', 'instalment', 'day'], needs.signals) -%}
{%- set balances = signals_of(['balance'], needs.signals) -%}
{%- set daily_balances = signals_of(['daily_balance'], needs.signals) -%}
{%- set signals = {} -%}
{%- for signal in flows + balances + daily_balances + signals_of(['derived'], needs.signals) -%}
    {%- do signals.update({signal.name: signal}) -%}
{%- endfor %}
-- A week without transactions is a real 0 where the week is covered, and NULL where it is not.
weekly_1 as (
    select
        spine_weeks.spine_no,
        spine_weeks.week_index,
        covers_transactions as is_covered
        {%- for signal in flows %},
        case
            when {{ covers(signal) }}
                then {% if signal.kind == 'day' or signal.aggregation == 'max' -%}
                    spine_weeks.{{ signal.name }}
                {%- else -%}
                    coalesce(spine_weeks.{{ signal.name }}, 0)
                {%- endif %}
        end as {{ signal.name }}
        {%- endfor %}
        {%- for signal in balances %},
        case when {{ covers(signal) }} then spine_weeks.{{ signal.name }} end as {{ signal.name }}
        {%- endfor %}
        {%- for signal in daily_balances %},
        case when {{ covers(signal) }} then weekly_daily_balances.{{ signal.name }} end as {{ signal.name }}
        {%- endfor %}
    from (
        select
            spine_weeks.*
            {%- for subject in subjects %},
            spine_weeks.covered_subjects & {{ 2 ** loop.index0 }} > 0 as covers_{{ subject }}
            {%- endfor %}
        from spine_weeks
    ) as spine_weeks
    {%- if daily_balances %}
    left join weekly_daily_balances
        on
            spine_weeks.spine_no = weekly_daily_balances.spine_no
            and spine_weeks.week_index = weekly_daily_balances.week_index
    {%- endif %}
),
{% for stage in [2, 3] %}
weekly_{{ stage }} as (
    select
        weekly_{{ stage - 1 }}.*
        {%- for signal in signals_of(['derived'], needs.signals, stage) %},
        case when is_covered then cast({{ signal.expression }} as double precision) end as {{ signal.name }}
        {%- endfor %}
    from weekly_{{ stage - 1 }}
),
{% endfor %}
statistics as (
    select
        spine_no,
        {%- for name, statistic in needs.statistics if name in signals %}
        {{ statistic_expression(signals[name], statistic) }} as {{ name }}__{{ statistic }},
        {%- endfor %}
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_weeks_count
    from weekly_3
    group by spine_no
),

{% endmacro %}
