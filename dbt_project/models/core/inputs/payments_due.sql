{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['payment_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['payment_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['loan_id', 'due_on']}
        ]
    )
}}
{{ versioned_fact('payments_due', key=['payment_id']) }}
