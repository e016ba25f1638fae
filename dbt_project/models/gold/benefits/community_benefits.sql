with members as (
    select
        communities.cluster_id,
        golden_records.gr_id,
        golden_records.family_id
    from {{ source('ml', 'communities') }} as communities
    left join {{ ref('gr_redirects') }} as redirects on communities.gr_id = redirects.gr_id_from
    inner join {{ ref('gold_golden_records') }} as golden_records
        on coalesce(redirects.gr_id_to, communities.gr_id) = golden_records.gr_id
    where communities.as_of_date = {{ as_of_date() }} and communities.cluster_id is not null
),

paid as (
    select
        members.cluster_id,
        members.gr_id,
        -- Who belongs to no family counts as one alone.
        coalesce(members.family_id, members.gr_id) as family,
        benefits.paid_12m_amount,
        benefits.paid_total_amount,
        benefits.gap_schemes_count,
        benefits.gap_12m_amount
    from members
    left join {{ ref('person_benefits') }} as benefits on members.gr_id = benefits.gr_id
),

families as (
    select
        cluster_id,
        family,
        coalesce(sum(paid_12m_amount), 0) as paid_12m_amount,
        sum(coalesce(sum(paid_12m_amount), 0)) over (partition by cluster_id) as community_amount
    from paid
    group by cluster_id, family
),

shares as (
    select
        cluster_id,
        count(*) as families_count,
        max(paid_12m_amount / nullif(community_amount, 0)) as top_share,
        sum((paid_12m_amount / nullif(community_amount, 0)) * (paid_12m_amount / nullif(community_amount, 0)))
            as concentration
    from families
    group by cluster_id
),

totals as (
    select
        cluster_id,
        count(*) as members_count,
        count(*) filter (where paid_12m_amount > 0) as recipients_12m_count,
        coalesce(sum(paid_12m_amount), 0) as paid_12m_amount,
        coalesce(sum(paid_total_amount), 0) as paid_total_amount,
        coalesce(sum(gap_schemes_count), 0) as gap_schemes_count,
        coalesce(sum(gap_12m_amount), 0) as gap_12m_amount
    from paid
    group by cluster_id
),

by_category as (
    select
        cluster_id,
        jsonb_object_agg(category, amount) as paid_12m_by_category
    from (
        select
            members.cluster_id,
            benefits.category,
            sum(benefits.paid_12m_amount) as amount
        from {{ ref('person_scheme_benefits') }} as benefits
        inner join members on benefits.gr_id = members.gr_id
        where benefits.paid_12m_amount > 0
        group by members.cluster_id, benefits.category
    ) as categories
    group by cluster_id
)

select
    totals.cluster_id,
    cast({{ covered_12m_days() }} as integer) as covered_12m_days,
    cast(totals.members_count as integer) as members_count,
    cast(shares.families_count as integer) as families_count,
    cast(totals.recipients_12m_count as integer) as recipients_12m_count,
    cast(totals.paid_12m_amount as numeric(18, 2)) as paid_12m_amount,
    cast(
        {{ unless_small_cell('totals.members_count', 'totals.paid_12m_amount / totals.members_count') }} as numeric(18, 2)
    ) as paid_12m_per_head_amount,
    cast(totals.paid_total_amount as numeric(18, 2)) as paid_total_amount,
    coalesce(by_category.paid_12m_by_category, '{}') as paid_12m_by_category,
    cast({{ pct('totals.paid_12m_amount', 'sum(totals.paid_12m_amount) over ()') }} as numeric(9, 2)) as share_of_total_pct,
    cast({{ unless_small_cell('totals.members_count', '100 * shares.top_share') }} as numeric(9, 2)) as top_family_share_pct,
    cast({{ unless_small_cell('totals.members_count', 'shares.concentration') }} as numeric(9, 4)) as family_concentration,
    cast(totals.gap_schemes_count as integer) as gap_schemes_count,
    cast(totals.gap_12m_amount as numeric(18, 2)) as gap_12m_amount,
    {{ data_cutoff() }} as last_updated
from totals
inner join shares on totals.cluster_id = shares.cluster_id
left join by_category on totals.cluster_id = by_category.cluster_id
