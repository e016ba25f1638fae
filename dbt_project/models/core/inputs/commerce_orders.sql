{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['order_id', 'updated_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['order_id', 'updated_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('commerce_orders', key=['order_id', 'updated_on']) }}
