{# Survivorship as the portfolio declares it (orchestration/survivorship.py), and what comparing records by it needs. #}

{#
  What the portfolio declares: anchor_record_type, meaning of each criterion, and a rule per attribute with columns, criteria
  and order of trust. Without the variable (a bare `dbt parse`) there is no rule.
#}
{% macro survivorship() %}
    {{ return(fromjson(env_var('ASSAY_SURVIVORSHIP', '{"anchor_record_type": "", "meaning": {}, "rules": []}'))) }}
{% endmacro %}

{# A value for comparison: letter case, spaces and punctuation aside, which in an e-mail address mean something. #}
{% macro normalised(column, alias) -%}
    {%- if column == 'email' -%}
    lower({{ alias }}.{{ column }})
    {%- else -%}
    translate(lower(cast({{ alias }}.{{ column }} as {{ dbt.type_string() }})), ' .,;:-_/()+#''', '')
    {%- endif -%}
{%- endmacro %}

{# Key by which two records say the same; the parts of a group are told apart. #}
{% macro value_key(columns, alias) -%}
    {%- for column in columns -%}
    coalesce({{ normalised(column, alias) }}, ''){{ " || '|' || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The value in words, its parts comma separated. #}
{% macro value_text(columns, alias) -%}
    {%- if columns | length == 1 -%}
    cast({{ alias }}.{{ columns[0] }} as {{ dbt.type_string() }})
    {%- else -%}
    substring(
        {%- for column in columns %}
        coalesce(', ' || cast({{ alias }}.{{ column }} as {{ dbt.type_string() }}), ''){{ " ||" if not loop.last }}
        {%- endfor %}
    from 3)
    {%- endif -%}
{%- endmacro %}

{# How many of the columns are filled. #}
{% macro filled_count(columns, alias) -%}
    {%- for column in columns -%}
    case when {{ alias }}.{{ column }} is null then 0 else 1 end{{ " + " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# A record's place by one criterion, the greater the better; agreement is a matter of all records and comes later (NULL). #}
{% macro criterion_points(criterion, rule, anchor_record_type, alias) -%}
    {%- if criterion == 'still_held' -%}
    case when {{ alias }}.is_deleted then 0 else 1 end
    {%- elif criterion == 'source_trust' -%}
    case
        {%- for trusted in rule.trust %}
        when {{ alias }}.{{ 'record_type' if trusted == 'anchor' else 'source_system' }} = '{{ anchor_record_type if trusted == 'anchor' else trusted }}' then {{ rule.trust | length - loop.index0 }}
        {%- endfor %}
        else 0
    end
    {%- elif criterion == 'recency' -%}
    cast(
        extract(year from {{ alias }}.valid_from) * 10000
        + extract(month from {{ alias }}.valid_from) * 100
        + extract(day from {{ alias }}.valid_from)
    as integer)
    {%- elif criterion == 'completeness' -%}
    {{ filled_count(rule.columns, alias) if rule.columns | length > 1 else alias ~ '.attributes_count' }}
    {%- elif criterion == 'agreement' -%}
    cast(null as integer)
    {%- else -%}
    {{ exceptions.raise_compiler_error("Unknown criterion of survivorship '" ~ criterion ~ "'") }}
    {%- endif -%}
{%- endmacro %}
