{{ config(indexes=[{'columns': ['gr_id', 'flag_type']}]) }}
{%- set models = flag_evidence_models() %}
{%- if models %}
with united as (
    {%- for name in models %}
    select
        gr_id,
        flag_type,
        evidence_on,
        held_until,
        evidence_key,
        cast(score as numeric(18, 6)) as score,
        evidence,
        facts,
        {% if name == 'flag_evidence_gst' %}is_confirmed_at_source{% else %}false{% endif %} as is_confirmed_at_source
    from {{ ref(name) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    gr_id,
    flag_type,
    evidence_on,
    greatest(evidence_on, held_until) as held_until,
    {{ dbt.hash('evidence_key') }} as evidence_key,
    cast(score as numeric(5, 4)) as score,
    evidence,
    facts,
    is_confirmed_at_source
from united
where evidence_on <= {{ as_of_date() }}
{%- else %}
select
    cast(null as {{ dbt.type_string() }}) as gr_id,
    cast(null as {{ dbt.type_string() }}) as flag_type,
    cast(null as date) as evidence_on,
    cast(null as date) as held_until,
    cast(null as {{ dbt.type_string() }}) as evidence_key,
    cast(null as numeric(5, 4)) as score,
    cast(null as {{ dbt.type_string() }}) as evidence,
    cast(null as {{ dbt.type_string() }}) as facts,
    cast(null as boolean) as is_confirmed_at_source
where 1 = 0
{%- endif %}
