{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['event_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['event_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['party_id']}
        ]
    )
}}
{{ versioned_fact('benefit_events', key=['event_id']) }}
