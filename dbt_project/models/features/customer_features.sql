{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}",
            "{{ prefer_hash_joins() }}"
        ],
        indexes=[{'columns': ['as_of_date', 'gr_id'], 'unique': true}]
    )
}}
{#- The whole partition is replaced: delete+insert would keep the rows of a customer who is none any more. -#}
{%- set features = features_of(catalogue_model()) -%}
with spine as (
    select
        gr_id as spine_id,
        gr_id,
        cast(null as text) as party_id,
        {{ as_of_date() }} as as_of_date,
        {{ knowledge_cutoff() }} as knowledge_cutoff
    from {{ ref('golden_records') }}
    where is_customer
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
