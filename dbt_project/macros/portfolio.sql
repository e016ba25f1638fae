{# What the portfolio and the run decide. All of it comes from environment variables, which do not re-parse the project as changed vars do. #}

{% macro as_of_date() -%}
    cast('{{ env_var("ASSAY_AS_OF_DATE", "1900-01-01") }}' as date)
{%- endmacro %}

{% macro knowledge_cutoff() -%}
    cast('{{ env_var("ASSAY_KNOWLEDGE_CUTOFF", "1900-01-02T02:00:00+00:00") }}' as timestamptz)
{%- endmacro %}

{% macro portfolio(setting) -%}
    {%- set values = {
        'time_zone': env_var('ASSAY_TIME_ZONE', 'UTC'),
        'currency': env_var('ASSAY_CURRENCY', 'XXX'),
        'min_cell_size': env_var('ASSAY_MIN_CELL_SIZE', '5'),
        'income_bracket_bounds': env_var('ASSAY_INCOME_BRACKET_BOUNDS', '40000,75000,150000'),
        'high_value_amount': env_var('ASSAY_HIGH_VALUE_AMOUNT', '5000'),
    } -%}
    {%- if setting not in values -%}
        {{ exceptions.raise_compiler_error("Unknown portfolio setting '" ~ setting ~ "'; known: " ~ (values.keys() | join(', '))) }}
    {%- endif -%}
    {{ values[setting] }}
{%- endmacro %}
