{# Of a fact that goes by a number alone: two sources must not give one number to two things, or one would take the other's place
   without a word. Their contracts name a number_series, and ingestion refuses the second one's rows; this finds what came in
   without. It looks at what the sources say: of equal rows the model itself keeps one. #}
{% test one_source(model, column, entity) %}
{%- set models = staging_models_of(entity) -%}
{%- if models | length > 1 %}
select {{ column }}
from (
    {%- for staged in models %}
    select distinct {{ column }} from {{ ref(staged) }}
    {{- "\n    union all" if not loop.last }}
    {%- endfor %}
) as numbers
group by {{ column }}
having count(*) > 1
{%- else %}
select {{ column }}
from {{ model }}
where 1 = 0
{%- endif %}
{% endtest %}
