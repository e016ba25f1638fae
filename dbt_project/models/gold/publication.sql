-- The one place of gold where wall-clock time lives.
select
    {{ as_of_date() }} as snapshot_date,
    {{ knowledge_cutoff() }} as knowledge_cutoff,
    {{ data_cutoff() }} as data_cutoff,
    now() as published_at,
    cast('{{ env_var("ASSAY_PORTFOLIO", "") }}' as text) as portfolio,
    cast('{{ portfolio("currency") }}' as text) as currency,
    cast('{{ portfolio("time_zone") }}' as text) as time_zone
