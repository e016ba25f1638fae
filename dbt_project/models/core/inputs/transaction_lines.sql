{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['transaction_id', 'product_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['transaction_id', 'product_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('transaction_lines', key=['transaction_id', 'product_id']) }}
