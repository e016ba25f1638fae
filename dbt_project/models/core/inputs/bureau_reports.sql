{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['party_id', 'reported_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['party_id', 'reported_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('bureau_reports', key=['party_id', 'reported_on']) }}
