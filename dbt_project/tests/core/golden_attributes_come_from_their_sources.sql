{#- Value by value: what a golden record shows is what the record named in golden_record_sources says, and what nobody is
    named for is empty. -#}
{%- set declared = survivorship() -%}
with parties as (
    select * from {{ ref('known_parties') }}
)
{% for rule in declared.rules %}
select
    golden.gr_id,
    '{{ rule.attribute }}' as attribute
from {{ ref('golden_attributes') }} as golden
left join {{ ref('golden_record_sources') }} as sources
    on golden.gr_id = sources.gr_id and sources.attribute = '{{ rule.attribute }}'
left join parties on sources.party_id = parties.party_id and sources.valid_from = parties.valid_from
where
    {%- for column in rule.columns %}
    golden.{{ column }} is distinct from parties.{{ column }} or
    {%- endfor %}
    (sources.party_id is not null and parties.gr_id is distinct from golden.gr_id)
{{ "union all" if not loop.last }}
{%- endfor %}
