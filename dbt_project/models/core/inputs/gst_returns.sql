{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['gst_return_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['gst_return_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['business_id', 'period_start']}
        ]
    )
}}
{{ versioned_fact('gst_returns', key=['gst_return_id']) }}
