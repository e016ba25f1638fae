{{
    config(
        indexes=[
            {'columns': ['customer_count']},
            {'columns': ['age_group']},
            {'columns': ['income_bracket']}
        ]
    )
}}

with customers as (
    select
        {{ or_unknown('profile_360.customer_segment') }} as cell_segment,
        {{ or_unknown('profile_360.age_group') }} as cell_age_group,
        {{ or_unknown('profile_360.income_bracket') }} as cell_income_bracket,
        profile_360.*
    from {{ ref('profile_360') }} as profile_360
    where profile_360.is_customer
),

components as (
    select
        cell_segment,
        cell_age_group,
        cell_income_bracket,
        string_agg(distinct trim(component.component_name), ', ' order by trim(component.component_name))
            as engagement_components
    from customers
    cross join lateral unnest(string_to_array(engagement_components, ',')) as component (component_name)
    where trim(component.component_name) <> ''
    group by cell_segment, cell_age_group, cell_income_bracket
),

cells as (
    select
        cell_segment,
        cell_age_group,
        cell_income_bracket,
        count(*) as customer_count,
        avg(transactions_90d_count) as avg_transactions_90d,
        sum(transaction_volume_90d_amount) / nullif(sum(transactions_90d_count), 0) as avg_transaction_size,
        avg(unique_categories_count) as avg_unique_categories,
        avg(accounts_count) as avg_accounts,
        avg(total_balance_amount) as avg_total_balance,
        avg(mobile_usage_pct) as mobile_usage_pct,
        avg(weekend_activity_pct) as weekend_activity_pct,
        avg(contacts_12m_count) as avg_service_contacts,
        avg(avg_satisfaction_score) as avg_satisfaction_score,
        avg(engagement_score) as engagement_score
    from customers
    group by cell_segment, cell_age_group, cell_income_bracket
)

select
    cells.cell_segment as customer_segment,
    cells.cell_age_group as age_group,
    cells.cell_income_bracket as income_bracket,
    cells.customer_count,
    round(cells.avg_transactions_90d, 1) as avg_transactions_90d,
    round(cells.avg_transaction_size, 2) as avg_transaction_size,
    round(cells.avg_unique_categories, 1) as avg_unique_categories,
    round(cells.avg_accounts, 1) as avg_accounts,
    round(cells.avg_total_balance, 2) as avg_total_balance,
    round(cells.mobile_usage_pct, 2) as mobile_usage_pct,
    round(cells.weekend_activity_pct, 2) as weekend_activity_pct,
    round(cells.avg_service_contacts, 1) as avg_service_contacts,
    round(cells.avg_satisfaction_score, 2) as avg_satisfaction_score,
    round(cells.engagement_score, 2) as engagement_score,
    {{ data_cutoff() }} as last_updated,
    components.engagement_components,
    cells.customer_count < {{ portfolio('min_cell_size') }} as is_small_cell,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from cells
left join components
    on
        cells.cell_segment = components.cell_segment
        and cells.cell_age_group = components.cell_age_group
        and cells.cell_income_bracket = components.cell_income_bracket
