{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['application_id', 'updated_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['application_id', 'updated_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('credit_applications', key=['application_id', 'updated_on']) }}
