{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['gr_id', 'as_of_date'],
        on_schema_change='append_new_columns',
        pre_hook="{{ prefer_hash_joins() }}",
        indexes=[{'columns': ['gr_id', 'as_of_date'], 'unique': true}]
    )
}}
{%- set features = features_used_by('predelinquency_30d', catalogue_model()) -%}
{%- set catalogue_version = definitions_version(features) -%}
{#- No enforced contract: its columns are the catalogue's, which customer_features states and enforces; listed twice they
    would only drift apart. -#}
{%- set versioned = states_its_version() -%}
with borrowers as (
    select
        gr_id,
        as_of_date,
        min(party_id) as party_id,
        max(knowledge_cutoff) as knowledge_cutoff
    from {{ ref('predelinquency_labels') }}
    group by gr_id, as_of_date
),

spine as (
    select
        borrowers.gr_id || ' ' || cast(borrowers.as_of_date as {{ dbt.type_string() }}) as spine_id,
        borrowers.gr_id,
        borrowers.party_id,
        borrowers.as_of_date,
        borrowers.knowledge_cutoff
    from borrowers
    {%- if is_incremental() and versioned %}
    left join {{ this }} as computed
        on
            borrowers.gr_id = computed.gr_id
            and borrowers.as_of_date = computed.as_of_date
            and computed.catalogue_version = '{{ catalogue_version }}'
    where computed.gr_id is null
    {%- endif %}
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
