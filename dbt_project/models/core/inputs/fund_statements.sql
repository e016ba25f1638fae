{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['portfolio_id', 'stated_on'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['portfolio_id', 'stated_on', 'row_hash'], 'unique': true},
            {'columns': ['load_id']}
        ]
    )
}}
{{ versioned_fact('fund_statements', key=['portfolio_id', 'stated_on']) }}
