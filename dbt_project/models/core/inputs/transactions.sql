{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['transaction_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['transaction_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['account_id', 'event_date']},
            {'columns': ['event_date'], 'type': 'brin'}
        ]
    )
}}
{{ versioned_fact('transactions', key=['transaction_id']) }}
