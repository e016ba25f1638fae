{# A warning, not a stop: a late file makes the day's activity unknown (NULL), which features and scores say themselves. #}
{{ config(severity='warn') }}
select cast({{ as_of_date() }} as date) as business_date
where not exists (
    select 1
    from {{ ref('coverage') }}
    where
        subject = 'transactions'
        and covered_to >= {{ as_of_date() }}
        and known_at <= {{ knowledge_cutoff() }}
)
