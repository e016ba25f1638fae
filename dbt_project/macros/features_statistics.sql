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

{# Signals of weeks that others are derived from. #}
{% macro derived_from(derived, signals) %}
    {%- set found = [] -%}
    {%- for word in modules.re.findall('[a-z_]+', derived | map(attribute='expression') | join(' ')) -%}
        {%- if word in signals and signals[word].kind != 'derived' and word not in found -%}{%- do found.append(word) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{# Statistics of the signals given, those asked for, a line each. #}
{% macro statistic_columns(statistics, signals) -%}
    {%- for name, statistic in statistics if name in signals %},
        {{ statistic_expression(signals[name], statistic) }} as {{ name }}__{{ statistic }}
    {%- endfor %}
{%- endmacro %}

{% macro feature_statistic_ctes(needs, subjects) %}
{%- set flows = signals_of(['flow', 'booking', 'instalment', 'day'], needs.signals) -%}
{%- set balances = signals_of(['balance'], needs.signals) -%}
{%- set daily_balances = signals_of(['daily_balance'], needs.signals) -%}
{%- set derived = signals_of(['derived'], needs.signals) -%}
{%- set measured_by_name = {} -%}
{%- set derived_by_name = {} -%}
{%- for signal in flows + balances + daily_balances -%}{%- do measured_by_name.update({signal.name: signal}) -%}{%- endfor -%}
{%- for signal in derived -%}{%- do derived_by_name.update({signal.name: signal}) -%}{%- endfor %}
-- A week without transactions is a real 0 where the week is covered, and NULL where it is not. In the order that all statistics
-- take the weeks in: nothing after it sorts again.
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
    order by spine_weeks.spine_no, spine_weeks.week_index
),

{% if derived -%}
-- Of the week's own signals only those that others are derived from go through the windows: their rows are a third as long.
weekly_2 as (
    select
        spine_no,
        week_index,
        is_covered
        {%- for name in derived_from(derived, measured_by_name) %},
        {{ name }}
        {%- endfor %}
        {%- for signal in derived if signal.stage == 2 %},
        case when is_covered then cast({{ signal.expression }} as double precision) end as {{ signal.name }}
        {%- endfor %}
    from weekly_1
),

-- In order, too: PostgreSQL then works out a signal once a week, not once for each of its statistics.
weekly_3 as (
    select
        weekly_2.*
        {%- for signal in derived if signal.stage == 3 %},
        case when is_covered then cast({{ signal.expression }} as double precision) end as {{ signal.name }}
        {%- endfor %}
    from weekly_2
    order by spine_no, week_index
),

derived_statistics as (
    select
        spine_no
        {{- statistic_columns(needs.statistics, derived_by_name) }}
    from weekly_3
    group by spine_no
),

{% endif -%}
measured_statistics as (
    select
        spine_no,
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_weeks_count
        {{- statistic_columns(needs.statistics, measured_by_name) }}
    from weekly_1
    group by spine_no
),
{% endmacro %}
