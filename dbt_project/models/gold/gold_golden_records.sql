{{
    config(
        indexes=[
            {'columns': ['family_id']},
            {'columns': ['district_id']},
            {'columns': ['status']}
        ]
    )
}}

with conflicts as (
    select
        gr_id,
        cast(count(*) as integer) as conflicting_attributes_count
    from {{ ref('golden_record_sources') }}
    where conflicting_values_count > 0
    group by gr_id
)

-- Names, telephone, e-mail, street address, postcode, numbers and exact dates of birth and death stay in core.
select
    golden_records.gr_id,
    golden_records.status,
    golden_records.is_customer,
    golden_records.family_id,
    golden_records.party_type,
    golden_records.party_count,
    golden_records.source_systems,
    coalesce(conflicts.conflicting_attributes_count, 0) as conflicting_attributes_count,
    golden_records.sex,
    cast(extract(year from golden_records.birth_date) as integer) as birth_year,
    profile_360.age_group,
    golden_records.city,
    golden_records.state,
    golden_records.region,
    golden_records.district_id,
    golden_records.segment,
    golden_records.occupation,
    golden_records.first_known_at,
    golden_records.last_known_at,
    {{ data_cutoff() }} as last_updated
from {{ ref('golden_records') }} as golden_records
left join {{ ref('profile_360') }} as profile_360 on golden_records.gr_id = profile_360.gr_id
left join conflicts on golden_records.gr_id = conflicts.gr_id
