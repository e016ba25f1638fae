{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['account_id', 'balance_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['account_id', 'balance_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('account_balances', key=['account_id', 'balance_on']) }}
