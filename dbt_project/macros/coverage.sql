{# Which days a source has delivered. Between the first and the last day that is not a matter of course: a file that could not
   be read leaves a hole, and a hole must not look like days on which nothing happened. #}

{#
  Unbroken periods of delivered days, as a relation of covered_from, covered_to and load_id.

  calendar and date_expression: a table of raw that has rows on every delivered day, and the day of a row. A day without
  rows was not delivered, whatever came before and after it.
  table: source and name of the table whose coverage is stated. A dated file of it that was refused, and has not come
  again in order, takes its days out: those after the file that was loaded before it.
#}
{% macro delivered_periods(calendar, date_expression, source_name, table_name) %}
    select
        min(covered_day) as covered_from,
        max(covered_day) as covered_to,
        max(load_id) as load_id
    from (
        select
            covered_day,
            load_id,
            {{ dbt.datediff("cast('1970-01-01' as date)", 'covered_day', 'day') }}
            - row_number() over (order by covered_day) as period_no
        from (
            select
                days.covered_day,
                greatest(days.load_id, newest.load_id) as load_id
            from (
                select
                    {{ date_expression }} as covered_day,
                    max(_load_id) as load_id
                from {{ calendar }}
                group by {{ date_expression }}
            ) as days
            cross join (
                select coalesce(max(load_id), 0) as load_id
                from {{ source('ops', 'loads') }}
                where source = '{{ source_name }}' and table_name = '{{ table_name }}'
            ) as newest
            left join (
                select
                    delivered_on as refused_to,
                    has_loaded,
                    coalesce(
                        max(case when has_loaded = 1 then delivered_on end) over (
                            order by delivered_on rows between unbounded preceding and 1 preceding
                        ), cast('0001-01-01' as date)
                    ) as loaded_to
                from (
                    select
                        delivered_on,
                        max(case when status = 'loaded' then 1 else 0 end) as has_loaded
                    from {{ source('ops', 'loads') }}
                    where
                        source = '{{ source_name }}'
                        and table_name = '{{ table_name }}'
                        and delivered_on is not null
                    group by delivered_on
                ) as deliveries
            ) as refused
                on
                    refused.has_loaded = 0
                    and days.covered_day > refused.loaded_to
                    and days.covered_day <= refused.refused_to
            where refused.refused_to is null
        ) as delivered
    ) as numbered
    group by period_no
{% endmacro %}

{#
  Every day from the first to the last one of a table of raw: of a source whose quiet days bring no row, as a bank of few
  small firms. Ten thousand days at most, 27 years.
#}
{% macro every_day(relation, date_expression) %}
    {%- set digits = "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4"
        ~ " union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)" -%}
    select
        cast({{ dbt.dateadd('day', 'thousands.d * 1000 + hundreds.d * 100 + tens.d * 10 + ones.d', 'span.first_day') }} as date)
            as covered_day,
        span._load_id
    from (
        select
            min({{ date_expression }}) as first_day,
            max({{ date_expression }}) as last_day,
            max(_load_id) as _load_id
        from {{ relation }}
    ) as span
    cross join {{ digits }} as ones
    cross join {{ digits }} as tens
    cross join {{ digits }} as hundreds
    cross join {{ digits }} as thousands
    where
        cast({{ dbt.dateadd('day', 'thousands.d * 1000 + hundreds.d * 100 + tens.d * 10 + ones.d', 'span.first_day') }} as date)
        <= span.last_day
{% endmacro %}
