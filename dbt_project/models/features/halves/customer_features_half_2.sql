{{ config(materialized='table', unlogged=true, persist_docs={}, pre_hook="{{ prefer_hash_joins() }}") }}
{{ customer_features_half(1) }}
