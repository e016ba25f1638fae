{# The canonical input layer: what every source is mapped to. Columns and types stand once, in the YAML beside each model of core/inputs. #}

{% macro staging_models_of(entity) %}
    {%- set found = [] -%}
    {%- for name in env_var('ASSAY_STAGING_MODELS', '').split(',') -%}
        {%- if name.strip().split('__')[-1] == entity and name.strip() -%}{%- do found.append(name.strip()) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#
  All sources of the portfolio that have the entity, with the entity's columns in its types; no rows where none has it.
  With the days of each row's deliveries where asked for.
#}
{% macro union_sources(entity, leave_out=[], with_delivered_days=false) %}
    {%- set models = staging_models_of(entity) -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() if column.name not in leave_out -%}{%- do columns.append(column) -%}{%- endfor -%}
    {%- if models -%}
        {%- for staged in models %}
    select
        {%- for column in columns %}
        cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if columns and with_delivered_days %},
        delivered_days
        {%- endif %}
        {%- if not columns %} * {% endif %}
    from {{ ref(staged) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
        {%- endfor %}
    {%- else %}
    select
        {%- for column in columns %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if columns and with_delivered_days %},
        {{ no_delivered_days() }} as delivered_days
        {%- endif %}
        {%- if not columns %} 1 as no_columns {% endif %}
    where 1 = 0
    {%- endif -%}
{% endmacro %}

{# Files marked history carry no publication time: an event of day D is known at the end of D in the business zone, plus the contract's lag. #}
{% macro known_at_history(date_expression, lag_hours=0) -%}
    {{ local_to_instant("(cast(" ~ date_expression ~ " as timestamp) + interval '" ~ (24 + lag_hours) ~ " hours')") }}
{%- endmacro %}

{# A version counts at a cut-off when it was known by then and nothing that supersedes it was. #}
{% macro visible_at(alias, cutoff) -%}
    ({{ alias }}.known_at <= {{ cutoff }} and ({{ alias }}.superseded_at is null or {{ alias }}.superseded_at > {{ cutoff }}))
{%- endmacro %}
