{{ config(materialized='table', unlogged=true, pre_hook="{{ prefer_hash_joins() }}", post_hook=[]) }}
{{ customer_features_half(0) }}
