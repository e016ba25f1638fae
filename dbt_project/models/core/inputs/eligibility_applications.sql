{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['eid'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['eid', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['party_id']}
        ]
    )
}}
{{ versioned_fact('eligibility_applications', key=['eid']) }}
