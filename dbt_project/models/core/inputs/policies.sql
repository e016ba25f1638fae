{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['policy_no', 'updated_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['policy_no', 'updated_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('policies', key=['policy_no', 'updated_on']) }}
