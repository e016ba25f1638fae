with people as (
    select
        benefits.gr_id,
        sum(benefits.payments_12m_count) as payments_12m_count,
        sum(benefits.paid_12m_amount) as paid_12m_amount,
        sum(benefits.paid_total_amount) as paid_total_amount,
        count(*) filter (where benefits.paid_12m_amount > 0) as schemes_12m_count,
        max(benefits.paid_12m_amount) as largest_amount,
        count(*) filter (where benefits.verdict = 'eligible') as eligible_schemes_count,
        count(*) filter (where benefits.verdict = 'unknown') as unknown_schemes_count,
        count(*) filter (where benefits.is_gap) as gap_schemes_count,
        coalesce(
            jsonb_object_agg(benefits.scheme_id, benefits.cycle_amount) filter (where benefits.is_gap), '{}'
        ) as gap_cycle_amounts,
        coalesce(sum(benefits.gap_12m_amount), 0) as gap_12m_amount
    from {{ ref('person_scheme_benefits') }} as benefits
    group by benefits.gr_id
),

by_category as (
    select
        gr_id,
        jsonb_object_agg(category, amount) as paid_12m_by_category
    from (
        select
            gr_id,
            category,
            sum(paid_12m_amount) as amount
        from {{ ref('person_scheme_benefits') }}
        group by gr_id, category
        having sum(paid_12m_amount) > 0
    ) as categories
    group by gr_id
)

select
    people.gr_id,
    golden_records.family_id,
    cast({{ covered_12m_days() }} as integer) as covered_12m_days,
    cast(people.payments_12m_count as integer) as payments_12m_count,
    cast(people.schemes_12m_count as integer) as schemes_12m_count,
    cast(people.paid_12m_amount as numeric(18, 2)) as paid_12m_amount,
    cast(people.paid_total_amount as numeric(18, 2)) as paid_total_amount,
    coalesce(by_category.paid_12m_by_category, '{}') as paid_12m_by_category,
    cast({{ pct('people.largest_amount', 'people.paid_12m_amount') }} as numeric(9, 2)) as top_scheme_share_pct,
    case
        when golden_records.family_id is not null
            then cast(
                {{ pct('people.paid_12m_amount', 'sum(people.paid_12m_amount) over (partition by golden_records.family_id)') }}
                as numeric(9, 2)
            )
    end as share_of_family_pct,
    cast(people.eligible_schemes_count as integer) as eligible_schemes_count,
    cast(people.unknown_schemes_count as integer) as unknown_schemes_count,
    cast(people.gap_schemes_count as integer) as gap_schemes_count,
    people.gap_cycle_amounts,
    cast(people.gap_12m_amount as numeric(18, 2)) as gap_12m_amount,
    {{ data_cutoff() }} as last_updated
from people
inner join {{ ref('gold_golden_records') }} as golden_records on people.gr_id = golden_records.gr_id
left join by_category on people.gr_id = by_category.gr_id
