{# Between local business time and instants. Behind macros because Spark says it with functions of its own. #}

{% macro local_to_instant(expression) -%}
    {{ return(adapter.dispatch('local_to_instant', 'assay')(expression)) }}
{%- endmacro %}

{% macro default__local_to_instant(expression) -%}
    ({{ expression }} at time zone '{{ portfolio("time_zone") }}')
{%- endmacro %}

{% macro spark__local_to_instant(expression) -%}
    to_utc_timestamp({{ expression }}, '{{ portfolio("time_zone") }}')
{%- endmacro %}

{% macro instant_to_local(expression) -%}
    {{ return(adapter.dispatch('instant_to_local', 'assay')(expression)) }}
{%- endmacro %}

{% macro default__instant_to_local(expression) -%}
    ({{ expression }} at time zone '{{ portfolio("time_zone") }}')
{%- endmacro %}

{% macro spark__instant_to_local(expression) -%}
    from_utc_timestamp({{ expression }}, '{{ portfolio("time_zone") }}')
{%- endmacro %}
