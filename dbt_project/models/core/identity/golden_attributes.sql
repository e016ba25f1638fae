{%- set single = [
    'first_name', 'last_name', 'sex', 'birth_date', 'death_date', 'phone', 'email',
    'segment', 'occupation', 'dependants_count', 'declared_annual_income_amount', 'stated_age_group',
] -%}
{%- set address = ['address_line', 'city', 'state', 'region', 'district_id', 'postcode'] -%}
{#- The bounds of a band belong together; the highest band has no upper one. -#}
{%- set income_band = ['declared_income_from_amount', 'declared_income_to_amount'] -%}

with known_versions as (
    select
        party_xref.gr_id,
        party_xref.link_rule,
        parties.*,
        row_number() over (
            partition by parties.party_id
            order by parties.valid_from desc, parties.known_at desc
        ) as version_rank,
        min(parties.known_at) over (partition by party_xref.gr_id) as first_known_at,
        max(parties.known_at) over (partition by party_xref.gr_id) as last_known_at
    from {{ ref('parties') }} as parties
    inner join {{ ref('party_xref_current') }} as party_xref on parties.party_id = party_xref.party_id
    where
        parties.known_at <= {{ knowledge_cutoff() }}
        and parties.valid_from <= {{ as_of_date() }}
),

ranked as (
    select
        known_versions.*,
        row_number() over (
            partition by gr_id
            order by
                case when link_rule = 'anchor' then 0 else 1 end asc,
                case when deleted_on is null or deleted_on > {{ as_of_date() }} then 0 else 1 end asc,
                known_at desc,
                party_id asc
        ) as survivorship_rank,
        case when coalesce({{ address | join(', ') }}) is null then 1 else 0 end as lacks_address
    from known_versions
    where version_rank = 1
),

surviving as (
    select
        ranked.gr_id,
        ranked.party_id as anchor_party_id,
        ranked.party_type,
        ranked.survivorship_rank,
        ranked.first_known_at,
        ranked.last_known_at,
        coalesce(ranked.deleted_on <= {{ as_of_date() }}, false) as is_deleted,
        {%- for column in single %}
        first_value(ranked.{{ column }}) over (
            partition by ranked.gr_id
            order by case when ranked.{{ column }} is null then 1 else 0 end, ranked.survivorship_rank
        ) as {{ column }},
        {%- endfor %}
        {%- for column in income_band %}
        first_value(ranked.{{ column }}) over (
            partition by ranked.gr_id
            order by case when ranked.{{ income_band[0] }} is null then 1 else 0 end, ranked.survivorship_rank
        ) as {{ column }},
        {%- endfor %}
        {%- for column in address %}
        first_value(ranked.{{ column }}) over (
            partition by ranked.gr_id
            order by ranked.lacks_address, ranked.survivorship_rank
        ) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from ranked
),

sources as (
    select
        gr_id,
        cast(count(*) as integer) as party_count,
        {{ sorted_list('source_system') }} as source_systems
    from ranked
    group by gr_id
)

select
    surviving.gr_id,
    surviving.anchor_party_id,
    surviving.party_type,
    surviving.is_deleted,
    sources.party_count,
    sources.source_systems,
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
    surviving.first_known_at,
    surviving.last_known_at
from surviving
inner join sources on surviving.gr_id = sources.gr_id
where surviving.survivorship_rank = 1
