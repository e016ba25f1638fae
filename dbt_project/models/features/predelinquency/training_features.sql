{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook=[
            "{{ delete_pending_grid_days('features_inputs', training_inputs()) }}",
            "{{ prefer_hash_joins() }}"
        ],
        post_hook="{{ mark_grid_days_done('features_inputs', training_inputs()) }}",
        indexes=[{'columns': ['gr_id', 'as_of_date'], 'unique': true}]
    )
}}
{%- set features = features_used_by('predelinquency_30d', catalogue_model()) -%}
{%- set catalogue_version = definitions_version(features) -%}
{#- No enforced contract: its columns are the catalogue's, which customer_features states and enforces; listed twice they
    would only drift apart. -#}
with borrowers as (
    select
        labels.gr_id,
        labels.as_of_date,
        min(labels.party_id) as party_id,
        max(labels.knowledge_cutoff) as knowledge_cutoff
    from {{ ref('predelinquency_labels') }} as labels
    inner join (
        {{ pending_grid_days('features_inputs', training_inputs()) }}
    ) as pending on labels.as_of_date = pending.as_of_date
    group by labels.gr_id, labels.as_of_date
),

spine as (
    select
        gr_id || ' ' || cast(as_of_date as {{ dbt.type_string() }}) as spine_id,
        gr_id,
        party_id,
        as_of_date,
        knowledge_cutoff
    from borrowers
),

{{ feature_ctes(features) }}

select
    spine.gr_id,
    spine.as_of_date,
    spine.knowledge_cutoff,
    '{{ catalogue_version }}' as catalogue_version,
    feature_values.covered_weeks_count,
    feature_values.is_history_covered
    {%- for feature in features %},
    feature_values.{{ feature.name }}
    {%- endfor %}
from spine
inner join feature_values on spine.spine_id = feature_values.spine_id
