{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['gst_invoice_id'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['gst_invoice_id', 'row_hash'], 'unique': true},
            {'columns': ['load_id']},
            {'columns': ['business_id', 'period_start']}
        ]
    )
}}
{{ versioned_fact('gst_invoices', key=['gst_invoice_id']) }}
