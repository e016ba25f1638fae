with people as (
    select
        family_id,
        gr_id
    from {{ ref('gold_golden_records') }}
    where family_id is not null and party_type = 'person' and status <> 'deceased'
),

members as (
    select
        family_id,
        count(*) as members_count
    from people
    group by family_id
),

recipients as (
    select
        person_benefits.*,
        person_benefits.paid_12m_amount
        / nullif(sum(person_benefits.paid_12m_amount) over (partition by person_benefits.family_id), 0) as family_share
    from {{ ref('person_benefits') }} as person_benefits
    where person_benefits.family_id is not null
),

families as (
    select
        family_id,
        count(*) filter (where paid_12m_amount > 0) as recipients_12m_count,
        sum(paid_12m_amount) as paid_12m_amount,
        sum(paid_total_amount) as paid_total_amount,
        max(family_share) as top_share,
        sum(family_share * family_share) as concentration,
        sum(gap_schemes_count) as gap_schemes_count,
        sum(gap_12m_amount) as gap_12m_amount
    from recipients
    group by family_id
),

paid_schemes as (
    select
        golden_records.family_id,
        benefits.category,
        sum(benefits.paid_12m_amount) as amount,
        count(distinct benefits.scheme_id) as schemes_count
    from {{ ref('person_scheme_benefits') }} as benefits
    inner join {{ ref('gold_golden_records') }} as golden_records on benefits.gr_id = golden_records.gr_id
    where benefits.paid_12m_amount > 0 and golden_records.family_id is not null
    group by golden_records.family_id, benefits.category
),

by_category as (
    select
        family_id,
        jsonb_object_agg(category, amount) as paid_12m_by_category,
        sum(schemes_count) as schemes_12m_count
    from paid_schemes
    group by family_id
)

select
    families.family_id,
    cast({{ covered_12m_days() }} as integer) as covered_12m_days,
    cast(coalesce(members.members_count, 0) as integer) as members_count,
    cast(families.recipients_12m_count as integer) as recipients_12m_count,
    cast(coalesce(by_category.schemes_12m_count, 0) as integer) as schemes_12m_count,
    cast(families.paid_12m_amount as numeric(18, 2)) as paid_12m_amount,
    cast(families.paid_12m_amount / nullif(members.members_count, 0) as numeric(18, 2)) as paid_12m_per_head_amount,
    cast(families.paid_total_amount as numeric(18, 2)) as paid_total_amount,
    coalesce(by_category.paid_12m_by_category, '{}') as paid_12m_by_category,
    cast(100 * families.top_share as numeric(9, 2)) as top_recipient_share_pct,
    cast(families.concentration as numeric(9, 4)) as recipient_concentration,
    cast(families.gap_schemes_count as integer) as gap_schemes_count,
    cast(families.gap_12m_amount as numeric(18, 2)) as gap_12m_amount,
    {{ data_cutoff() }} as last_updated
from families
left join members on families.family_id = members.family_id
left join by_category on families.family_id = by_category.family_id
