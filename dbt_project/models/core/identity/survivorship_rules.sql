{%- set declared = survivorship() -%}
{%- set attributes = declared.rules -%}
{%- for rule in attributes %}
    {%- set outer = loop %}
    {%- for criterion in rule.criteria %}
select
    '{{ rule.attribute }}' as attribute,
    {{ loop.index }} as criterion_rank,
    '{{ criterion }}' as criterion,
    {{ dbt.string_literal(dbt.escape_single_quotes(declared.meaning[criterion])) }} as meaning,
    '{{ rule.columns | join(',') }}' as attribute_columns,
    {%- if criterion == 'source_trust' %}
    '{{ rule.trust | join(',') }}' as order_of_trust
    {%- else %}
    cast(null as {{ dbt.type_string() }}) as order_of_trust
    {%- endif %}
{{ "union all" if not (outer.last and loop.last) }}
    {%- endfor %}
{%- endfor %}
