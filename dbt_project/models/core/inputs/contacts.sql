{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['contact_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['contact_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['party_id', 'contact_date']}
        ]
    )
}}
{{ versioned_fact('contacts', key=['contact_id']) }}
