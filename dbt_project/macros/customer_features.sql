{# Half of the customers of a day, by their place in the order of gr_id. dbt builds the halves in two sessions, side by side: what the
   statement does most (windows, ordered sums) PostgreSQL never shares among the workers of one session. #}
{% macro customer_features_half(half) %}
{%- set features = features_of(catalogue_model()) -%}
with customers as (
    select
        gr_id,
        row_number() over (order by gr_id) as place
    from {{ ref('golden_records') }}
    where is_customer
),

spine as (
    select
        gr_id as spine_id,
        gr_id,
        cast(null as text) as party_id,
        {{ as_of_date() }} as as_of_date,
        {{ knowledge_cutoff() }} as knowledge_cutoff
    from customers
    where mod(place, 2) = {{ half }}
),

{{ feature_ctes(features, from_day=dbt.dateadd('day', -90, as_of_date()), to_day=as_of_date()) }}

select
    spine.gr_id,
    spine.as_of_date,
    spine.knowledge_cutoff,
    feature_values.covered_weeks_count,
    feature_values.is_history_covered
    {%- for feature in features %},
    feature_values.{{ feature.name }}
    {%- endfor %}
from spine
inner join feature_values on spine.spine_id = feature_values.spine_id
{% endmacro %}
