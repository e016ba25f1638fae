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
        'last': "max(case when week_index = 13 then " ~ x ~ " end)",
        'trend': "regr_slope(" ~ x ~ ", week_index" ~ ordered ~ ")",
        'recent': "avg(" ~ recent ~ ordered ~ ")",
        'earlier': "avg(" ~ earlier ~ ordered ~ ")",
        'cv': "stddev_pop(" ~ x ~ ordered ~ ") / nullif(avg(" ~ x ~ ordered ~ "), 0)",
        'change_ratio': "(avg(" ~ recent ~ ordered ~ ") - avg(" ~ earlier ~ ordered ~ ")) / nullif(avg(" ~ x ~ ordered ~ "), 0)"
    } -%}
    {{ expressions[statistic] }}{{ " / 100.0" if signal.unit == 'amount' and statistic not in ('cv', 'change_ratio') }}
{%- endmacro %}

{% macro feature_statistic_ctes(needs) %}
{%- set flows = signals_of(['flow', 'booking', 'instalment', 'day'], needs.signals) -%}
{%- set balances = signals_of(['balance'], needs.signals) -%}
{%- set daily_balances = signals_of(['daily_balance'], needs.signals) %}
-- A week without transactions is a real 0 where the week is covered, and NULL where it is not.
weekly_1 as (
    select
        numbered_spine.spine_no,
        weeks.week_index,
        coalesce(week_coverage.covers_transactions, false) as is_covered
        {%- for signal in flows %},
        case
            when {{ covers(signal) }}
                then {% if signal.kind == 'day' or signal.aggregation == 'max' -%}
                    weekly_flows.{{ signal.name }}
                {%- else -%}
                    coalesce(weekly_flows.{{ signal.name }}, 0)
                {%- endif %}
        end as {{ signal.name }}
        {%- endfor %}
        {%- for signal in balances %},
        case when {{ covers(signal) }} then weekly_balances.{{ signal.name }} end as {{ signal.name }}
        {%- endfor %}
        {%- for signal in daily_balances %},
        case when {{ covers(signal) }} then weekly_daily_balances.{{ signal.name }} end as {{ signal.name }}
        {%- endfor %}
    from numbered_spine
    cross join weeks
    left join week_coverage
        on
            numbered_spine.spine_no = week_coverage.spine_no
            and weeks.week_index = week_coverage.week_index
    left join weekly_flows
        on
            numbered_spine.spine_no = weekly_flows.spine_no
            and weeks.week_index = weekly_flows.week_index
    {%- if balances %}
    left join weekly_balances
        on
            numbered_spine.spine_no = weekly_balances.spine_no
            and weeks.week_index = weekly_balances.week_index
    {%- endif %}
    {%- if daily_balances %}
    left join weekly_daily_balances
        on
            numbered_spine.spine_no = weekly_daily_balances.spine_no
            and weeks.week_index = weekly_daily_balances.week_index
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
        {%- for name, statistic in needs.statistics %}
        {%- for signal in signals_of(['flow', 'booking', 'instalment', 'day', 'balance', 'daily_balance', 'derived'], [name]) %}
        {{ statistic_expression(signal, statistic) }} as {{ name }}__{{ statistic }},
        {%- endfor %}
        {%- endfor %}
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_weeks_count
    from weekly_3
    group by spine_no
),

{% endmacro %}
