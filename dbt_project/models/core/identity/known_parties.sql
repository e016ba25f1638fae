{%- set columns = survivorship().rules | map(attribute='columns') | sum(start=[]) -%}

with versions as (
    select
        party_xref.gr_id,
        party_xref.link_rule,
        parties.*,
        row_number() over (
            partition by parties.party_id
            order by parties.valid_from desc, parties.known_at desc
        ) as version_rank,
        min(parties.known_at) over (partition by parties.party_id) as first_known_at,
        max(parties.known_at) over (partition by parties.party_id) as last_known_at
    from {{ ref('parties') }} as parties
    inner join {{ ref('party_xref_current') }} as party_xref on parties.party_id = party_xref.party_id
    where
        parties.known_at <= {{ knowledge_cutoff() }}
        and parties.valid_from <= {{ as_of_date() }}
)

select
    party_id,
    gr_id,
    link_rule,
    source_system,
    record_type,
    party_type,
    valid_from,
    known_at,
    first_known_at,
    last_known_at,
    load_id,
    coalesce(deleted_on <= {{ as_of_date() }}, false) as is_deleted,
    first_name,
    last_name,
    sex,
    birth_date,
    death_date,
    phone,
    email,
    address_line,
    city,
    state,
    region,
    district_id,
    postcode,
    segment,
    occupation,
    dependants_count,
    declared_annual_income_amount,
    declared_income_from_amount,
    declared_income_to_amount,
    stated_age_group,
    {{ filled_count(columns, 'versions') if columns else 0 }} as attributes_count
from versions
where version_rank = 1
