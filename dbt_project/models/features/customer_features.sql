{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}",
        post_hook="analyze {{ this }} (gr_id, as_of_date)",
        indexes=[{'columns': ['as_of_date', 'gr_id'], 'unique': true}]
    )
}}
{#- The whole partition is replaced: delete+insert would keep the rows of a customer who is none any more. -#}
{%- for half in ['customer_features_half_1', 'customer_features_half_2'] %}
select
    gr_id,
    as_of_date,
    knowledge_cutoff,
    covered_weeks_count,
    is_history_covered
    {%- for feature in features_of(model) %},
    {{ feature.name }}
    {%- endfor %}
from {{ ref(half) }}
{{ "union all" if not loop.last }}
{%- endfor %}
