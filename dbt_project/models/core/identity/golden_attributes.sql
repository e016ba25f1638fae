{%- set declared = survivorship() -%}
with records as (
    select
        gr_id,
        cast(count(*) as integer) as party_count,
        {{ sorted_list('source_system') }} as source_systems,
        min(first_known_at) as first_known_at,
        max(last_known_at) as last_known_at
    from {{ ref('known_parties') }}
    group by gr_id
),

-- A group's columns come from the record that golden_record_sources names for it.
surviving as (
    select
        sources.gr_id,
        max(case when sources.attribute = 'party_type' then parties.party_id end) as anchor_party_id,
        max(case when sources.attribute = 'party_type' and parties.is_deleted then 1 else 0 end) = 1 as is_deleted,
        {%- for rule in declared.rules %}
            {%- set last_rule = loop.last %}
            {%- for column in rule.columns %}
        max(case when sources.attribute = '{{ rule.attribute }}' then parties.{{ column }} end) as {{ column }}
                {{- "," if not (loop.last and last_rule) }}
            {%- endfor %}
        {%- endfor %}
    from {{ ref('golden_record_sources') }} as sources
    inner join {{ ref('known_parties') }} as parties on sources.party_id = parties.party_id
    group by sources.gr_id
)

select
    surviving.gr_id,
    surviving.anchor_party_id,
    surviving.party_type,
    surviving.is_deleted,
    records.party_count,
    records.source_systems,
    surviving.first_name,
    surviving.last_name,
    surviving.sex,
    surviving.birth_date,
    surviving.death_date,
    surviving.phone,
    surviving.email,
    surviving.address_line,
    surviving.city,
    surviving.state,
    surviving.region,
    surviving.district_id,
    surviving.postcode,
    surviving.segment,
    surviving.occupation,
    surviving.dependants_count,
    surviving.declared_annual_income_amount,
    surviving.declared_income_from_amount,
    surviving.declared_income_to_amount,
    surviving.stated_age_group,
    records.first_known_at,
    records.last_known_at
from surviving
inner join records on surviving.gr_id = records.gr_id
